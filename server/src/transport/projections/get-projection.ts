import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  GetProjectionRequest,
  GetProjectionResponseSchema,
} from "@annals/proto/annals/v1/projections";
import { parseName } from "../../domain/name.js";
import type { Call } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { getProjection } from "../../service/projections/get-projection.js";
import { ownerOf } from "./owner-of.js";
import { toProjection } from "./projection.js";

/** Projections/GetProjection. */
export function getProjectionRpc(
  context: ServiceContext,
): (
  request: GetProjectionRequest,
  call: Call,
) => Promise<MessageInitShape<typeof GetProjectionResponseSchema>> {
  return async (request, call) => {
    const owner = ownerOf(call, request.scope);
    const projection = await getProjection(context, owner, parseName(request.name, "name"), call);
    return projection ? { projection: toProjection(projection) } : {};
  };
}
