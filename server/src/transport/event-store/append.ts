import type { MessageInitShape } from "@bufbuild/protobuf";
import type { AppendRequest, AppendResponseSchema } from "@annals/proto/annals/v1/event_store";
import { AnnalsError } from "../../domain/error.js";
import type { TenantId } from "../../domain/tenant.js";
import { type Call, tenantOf } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { append, type AppendCommand, type Appended } from "../../service/append.js";
import { parseExpectedVersion } from "../codec/expected-version.js";
import { parseNewEvent } from "../codec/new-event.js";
import { parseStreamId } from "../codec/stream-id.js";
import { withTraceparent } from "./stored-trace.js";
import { toTimestamp } from "../codec/timestamp.js";

type Response = MessageInitShape<typeof AppendResponseSchema>;
type Outcome = Awaited<ReturnType<typeof append>>;

/** EventStore/Append. */
export function appendRpc(
  context: ServiceContext,
): (request: AppendRequest, call: Call) => Promise<Response> {
  return async (request, call) => {
    const outcome = await appendFor(context, tenantOf(call), request, call, call);
    if (!outcome.ok) throw new AnnalsError(outcome.failure);
    return toAppendResponse(outcome);
  };
}

/**
 * An append, unary or pipelined: what it is refused for is an outcome, too.
 *
 * @param signal aborted before its batch is taken, it is not written
 */
export async function appendFor(
  context: ServiceContext,
  tenantId: TenantId,
  request: AppendRequest,
  call: Call,
  signal?: Call,
): Promise<Outcome> {
  let outcome: Outcome;
  try {
    const command = parseAppend(request, context, call);
    const options = { caller: call.peer, ...(signal && { signal }) };
    outcome = await append(context, tenantId, command, options);
  } catch (error) {
    if (!(error instanceof AnnalsError)) throw error;
    outcome = { ok: false, failure: error.failure };
  }
  context.observer?.appendEnded(outcome);
  return outcome;
}

/** @throws AnnalsError invalid_argument or limit_exceeded */
function parseAppend(
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
