import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  ListProjectionsRequest,
  ListProjectionsResponseSchema,
} from "@annals/proto/annals/v1/projections";
import { limits } from "../../domain/limits.js";
import type { Call } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { listProjections } from "../../service/projections/list-projections.js";
import { assertCount } from "../codec/new-event.js";
import { ownerOf } from "./owner-of.js";
import { parseRecordPageToken, toRecordPageToken } from "./page-token.js";
import { toProjection } from "./projection.js";

/** Projections/ListProjections. */
export function listProjectionsRpc(
  context: ServiceContext,
): (
  request: ListProjectionsRequest,
  call: Call,
) => Promise<MessageInitShape<typeof ListProjectionsResponseSchema>> {
  return async (request, call) => {
    assertCount(request.pageSize, "page_projections", limits.pageProjections, "page_size");
    const size = request.pageSize || limits.pageProjections;
    const owner = ownerOf(call, request.scope);
    const after = parseRecordPageToken(request.pageToken);
    const { items, next } = await listProjections(context, owner, after, size, call);
    return {
      projections: items.map(toProjection),
      nextPageToken: next === undefined ? "" : toRecordPageToken(next),
    };
  };
}
