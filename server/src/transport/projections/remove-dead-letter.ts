import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  RemoveDeadLetterRequest,
  RemoveDeadLetterResponseSchema,
} from "@annals/proto/annals/v1/projections";
import { parseName } from "../../domain/name.js";
import type { Call } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { deadLetterKey } from "../../service/projections/dead-letter-record.js";
import { parseEventName } from "./event-name.js";
import { ownerOf } from "./owner-of.js";

/** Projections/RemoveDeadLetter. */
export function removeDeadLetterRpc(
  context: ServiceContext,
): (
  request: RemoveDeadLetterRequest,
  call: Call,
) => Promise<MessageInitShape<typeof RemoveDeadLetterResponseSchema>> {
  return async (request, call) => {
    const owner = ownerOf(call, request.scope);
    const name = parseName(request.name, "name");
    const event = parseEventName(owner, request, "");
    await context.store.records.delete(deadLetterKey(owner, name, event));
    return {};
  };
}
