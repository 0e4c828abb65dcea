import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  ReleaseProjectionRequest,
  ReleaseProjectionResponseSchema,
} from "@annals/proto/annals/v1/projections";
import type { Call } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { releaseProjection } from "../../service/projections/release-projection.js";
import { parseClaim } from "./claim.js";

/** Projections/ReleaseProjection. */
export function releaseProjectionRpc(
  context: ServiceContext,
): (
  request: ReleaseProjectionRequest,
  call: Call,
) => Promise<MessageInitShape<typeof ReleaseProjectionResponseSchema>> {
  return async (request, call) => {
    await releaseProjection(context, parseClaim(call, request), call);
    return {};
  };
}
