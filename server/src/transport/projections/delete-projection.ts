import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  DeleteProjectionRequest,
  DeleteProjectionResponseSchema,
} from "@annals/proto/annals/v1/projections";
import { parseName } from "../../domain/name.js";
import type { Call } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { deleteProjection } from "../../service/projections/delete-projection.js";
import { ownerOf } from "./owner-of.js";

/** Projections/DeleteProjection. */
export function deleteProjectionRpc(
  context: ServiceContext,
): (
  request: DeleteProjectionRequest,
  call: Call,
) => Promise<MessageInitShape<typeof DeleteProjectionResponseSchema>> {
  return async (request, call) => {
    const owner = ownerOf(call, request.scope);
    await deleteProjection(context, owner, parseName(request.name, "name"), call);
    return {};
  };
}
