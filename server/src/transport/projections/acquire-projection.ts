import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  AcquireProjectionRequest,
  AcquireProjectionResponseSchema,
} from "@annals/proto/annals/v1/projections";
import { parseName } from "../../domain/name.js";
import type { Call } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { acquireProjection } from "../../service/projections/acquire-projection.js";
import { parseLeaseMs } from "./lease.js";
import { ownerOf } from "./owner-of.js";
import { toClaimed } from "./projection.js";

/** Projections/AcquireProjection. */
export function acquireProjectionRpc(
  context: ServiceContext,
): (
  request: AcquireProjectionRequest,
  call: Call,
) => Promise<MessageInitShape<typeof AcquireProjectionResponseSchema>> {
  return async (request, call) => {
    const owner = ownerOf(call, request.scope);
    const name = parseName(request.name, "name");
    const leaseMs = parseLeaseMs(request.leaseMs, 0);
    const { acquired, projection } = await acquireProjection(context, owner, name, leaseMs, call);
    return { acquired, projection: toClaimed(name, projection) };
  };
}
