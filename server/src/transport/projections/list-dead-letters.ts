import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  ListDeadLettersRequest,
  ListDeadLettersResponseSchema,
} from "@annals/proto/annals/v1/projections";
import { limits } from "../../domain/limits.js";
import { parseName } from "../../domain/name.js";
import type { Call } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { listDeadLetters } from "../../service/projections/list-dead-letters.js";
import { assertCount } from "../codec/new-event.js";
import { ownerOf } from "./owner-of.js";
import { parseRecordPageToken, toRecordPageToken } from "./page-token.js";

/** Projections/ListDeadLetters. */
export function listDeadLettersRpc(
  context: ServiceContext,
): (
  request: ListDeadLettersRequest,
  call: Call,
) => Promise<MessageInitShape<typeof ListDeadLettersResponseSchema>> {
  return async (request, call) => {
    assertCount(request.pageSize, "page_dead_letters", limits.pageDeadLetters, "page_size");
    const size = request.pageSize || limits.pageDeadLetters;
    const owner = ownerOf(call, request.scope);
    const projection = { owner, name: parseName(request.name, "name") };
    const after = parseRecordPageToken(request.pageToken);
    const { items, next } = await listDeadLetters(context, projection, after, size, call);
    return {
      deadLetters: [...items],
      nextPageToken: next === undefined ? "" : toRecordPageToken(next),
    };
  };
}
