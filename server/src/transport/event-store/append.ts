import type { MessageInitShape } from "@bufbuild/protobuf";
import type { AppendRequest, AppendResponseSchema } from "@annals/proto/annals/v1/event_store";
import { AnnalsError } from "../../domain/error.js";
import { type Call, tenantOf } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { append, type AppendCommand, type Appended } from "../../service/append.js";
import { parseExpectedVersion } from "../codec/expected-version.js";
import { parseNewEvent } from "../codec/new-event.js";
import { parseStreamId } from "../codec/stream-id.js";
import { withTraceparent } from "./stored-trace.js";
import { toTimestamp } from "../codec/timestamp.js";

type Response = MessageInitShape<typeof AppendResponseSchema>;

/** EventStore/Append. */
export function appendRpc(
  context: ServiceContext,
): (request: AppendRequest, call: Call) => Promise<Response> {
  return async (request, call) => {
    const command = parseAppend(request, context, call);
    const outcome = await append(context, tenantOf(call), command, {
      signal: call,
      caller: call.peer,
    });
    if (!outcome.ok) throw new AnnalsError(outcome.failure);
    return toAppendResponse(outcome);
  };
}

/** @throws AnnalsError invalid_argument or limit_exceeded */
export function parseAppend(
  request: AppendRequest,
  { storeTraceparent }: ServiceContext,
  call: Call,
): AppendCommand {
  const command = {
    stream: parseStreamId(request.stream, "stream"),
    expected: parseExpectedVersion(request.expectedVersion, "expected_version"),
    events: request.events.map((event, i) => parseNewEvent(event, `events[${i}]`)),
  };
  return storeTraceparent ? withTraceparent(command, call) : command;
}

/** Where the events of an append are. */
export function toAppendResponse(appended: Appended): Response {
  return {
    aggregateVersion: appended.version,
    firstPosition: appended.firstPosition,
    lastPosition: appended.lastPosition,
    recordedAt: toTimestamp(appended.recordedAt),
    deduplicated: appended.deduplicated,
  };
}
