import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  ReadRequest,
  ReadResponseSchema,
  StreamInfoSchema,
} from "@annals/proto/annals/v1/event_store";
import type { StreamId, StreamInfo } from "../../domain/stream.js";
import { type Call, tenantOf } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { readStream } from "../../service/read-stream.js";
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
