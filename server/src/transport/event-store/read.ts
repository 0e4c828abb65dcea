import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  ReadRequest,
  ReadResponseSchema,
  StreamInfoSchema,
} from "@annals/proto/annals/v1/event_store";
import { invalidArgument } from "../../domain/error.js";
import type { StreamId, StreamInfo } from "../../domain/stream.js";
import type { TenantId } from "../../domain/tenant.js";
import { type Call, tenantOf } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { readStream } from "../../service/read-stream.js";
import { followStream } from "../../service/follow-stream.js";
import { toCheckpoint } from "../codec/checkpoint.js";
import { parseDirection } from "../codec/direction.js";
import { clampPosition } from "../codec/position.js";
import { toRecordedEvent } from "../codec/recorded-event.js";
import { parseStreamId } from "../codec/stream-id.js";
import { toTimestamp } from "../codec/timestamp.js";

type Response = MessageInitShape<typeof ReadResponseSchema>;

/** EventStore/Read. */
export function readRpc(
  context: ServiceContext,
): (request: ReadRequest, call: Call) => AsyncIterable<Response> {
  return async function* (request, call) {
    const tenantId = tenantOf(call);
    const stream = parseStreamId(request.stream, "stream");
    if (request.follow) {
      yield* followStreamRpc(context, tenantId, stream, request, call);
      return;
    }
    const range = {
      fromVersion: request.fromVersion === 0n ? 1n : clampPosition(request.fromVersion),
      toVersion: clampPosition(request.toVersion === 0n ? 2n ** 64n : request.toVersion),
      direction: parseDirection(request.direction, "direction"),
      limit: request.limit === 0n ? undefined : request.limit,
    };
    const reading = await readStream(context, tenantId, stream, range, call.signal);
    yield { stream: toStreamInfo(stream, reading.info) };
    for await (const events of reading.pages) {
      yield { answer: { case: "page", value: { events: events.map(toRecordedEvent) } } };
    }
  };
}

async function* followStreamRpc(
  context: ServiceContext,
  tenantId: TenantId,
  stream: StreamId,
  request: ReadRequest,
  call: Call,
): AsyncIterable<Response> {
  if (parseDirection(request.direction, "direction") === "backwards") {
    throw invalidArgument("follow", "reads forwards; direction is backwards");
  }
  if (request.toVersion !== 0n) throw invalidArgument("to_version", "has no meaning with follow");
  const range = {
    fromVersion: request.fromVersion === 0n ? 1n : clampPosition(request.fromVersion),
    limit: request.limit === 0n ? undefined : request.limit,
  };
  const options = { signal: call.signal, onHiddenForeign: () => call.noteForeignStream?.() };
  for await (const step of followStream(context, tenantId, stream, range, options)) {
    switch (step.kind) {
      case "stream":
        yield { stream: step.info ? toStreamInfo(stream, step.info) : { stream: { ...stream } } };
        break;
      case "page":
        yield { answer: { case: "page", value: { events: step.events.map(toRecordedEvent) } } };
        break;
      case "caught_up":
        yield { answer: { case: "caughtUp", value: markOf(step.scannedTo) } };
        break;
      case "fell_behind":
        yield { answer: { case: "fellBehind", value: markOf(step.scannedTo) } };
        break;
      case "checkpoint": // a stream's place is its version: every event tells it
        break;
      default:
        step satisfies never;
    }
  }
}

function markOf(position: bigint): { checkpoint: ReturnType<typeof toCheckpoint> } {
  return { checkpoint: toCheckpoint({ position }) };
}

/** What is known of a stream, as the wire has it. */
export function toStreamInfo(
  stream: StreamId,
  info: StreamInfo,
): MessageInitShape<typeof StreamInfoSchema> {
  return {
    stream: { aggregateType: stream.aggregateType, aggregateId: stream.aggregateId },
    aggregateVersion: info.version,
    createdAt: toTimestamp(info.createdAt),
    updatedAt: toTimestamp(info.updatedAt),
  };
}
