import { create, toBinary } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import { AppendRequestSchema } from "@annals/proto/annals/v1/event_store";
import type { RequestTemplate } from "../load/load-job.js";

/** What the appends are like. */
export interface AppendShape {
  /** Events in each append. */
  readonly events: number;
  /** Bytes of JSON in each event's data. At least 64. */
  readonly dataBytes: number;
  /** Streams that appends are spread over, evenly at random; the same names in each tenant. */
  readonly streams: number;
  /** UUIDs; appends take turns with them. */
  readonly tenants: readonly string[];
}

/** Stands for the number of the stream; no other text of the request holds it. */
export const streamMark = "5713ea00";

/**
 * An annals.v1 Append of one OrderPlaced event or more, whatever the stream's version is, with the
 * fields that the SDK sets: event id, type, time, content type and data.
 */
export function createAppendRequest(shape: AppendShape): RequestTemplate {
  const ids = Array.from({ length: shape.events }, (_, i) => markOf(i));
  const message = toBinary(
    AppendRequestSchema,
    create(AppendRequestSchema, {
      stream: { aggregateType: "Order", aggregateId: `order-${streamMark}` },
      expectedVersion: { kind: { case: "any", value: create(EmptySchema) } },
      events: ids.map((eventId) => ({
        eventId,
        eventType: "OrderPlaced",
        occurredAt: { seconds: 1_750_000_000n, nanos: 123_456_000 },
        contentType: "application/json",
        data: jsonOf(shape.dataBytes),
      })),
    }),
  );
  return {
    path: "/annals.v1.EventStore/Append",
    metadata: shape.tenants.map((tenantId) => [["x-tenant-id", tenantId]]),
    message,
    uuidOffsets: ids.map((id) => offsetOf(message, id)),
    picks: [{ offset: offsetOf(message, streamMark), among: shape.streams }],
  };
}

/** Stands for the id of an event: a text of a UUID's length that stands nowhere else in the request. */
export function markOf(event: number): string {
  return `event-${String(event)}-`.padEnd(36, "?");
}

/** What an event says. @param bytes how long it is, at least 64 */
export function jsonOf(bytes: number): Uint8Array {
  const head = '{"customer":"c-4711","total":"100.00","note":"';
  return Buffer.from(`${head}${"x".repeat(bytes - head.length - 2)}"}`);
}

function offsetOf(message: Uint8Array, mark: string): number {
  const [offset, ...more] = offsetsOf(message, mark);
  if (offset === undefined || more.length > 0) {
    throw new Error(`the request holds ${mark} not once`);
  }
  return offset;
}

/** Where a mark stands in a message. */
export function offsetsOf(message: Uint8Array, mark: string): number[] {
  const bytes = Buffer.from(message);
  const offsets: number[] = [];
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + 1)) offsets.push(at);
  return offsets;
}
