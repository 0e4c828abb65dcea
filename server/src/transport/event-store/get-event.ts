import type { MessageInitShape } from "@bufbuild/protobuf";
import type { GetEventRequest, GetEventResponseSchema } from "@annals/proto/annals/v1/event_store";
import { invalidArgument } from "../../domain/error.js";
import { isUuid } from "../../domain/uuid.js";
import { type Call, tenantOf } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { getEvent } from "../../service/get-event.js";
import { toRecordedEvent } from "../codec/recorded-event.js";

/** EventStore/GetEvent. */
export function getEventRpc(
  context: ServiceContext,
): (
  request: GetEventRequest,
  call: Call,
) => Promise<MessageInitShape<typeof GetEventResponseSchema>> {
  return async (request, call) => {
    if (!isUuid(request.eventId)) throw invalidArgument("event_id", "must be a UUID");
    const event = await getEvent(context, tenantOf(call), request.eventId.toLowerCase(), call);
    return { event: toRecordedEvent(event) };
  };
}
