import type {
  AppendRequest,
  AppendRequestSchema,
  AppendResponseSchema,
  AppendStreamRequest,
  AppendStreamRequestSchema,
  AppendStreamResponseSchema,
  ExpectedVersion,
} from "@annals/proto/annals/v1/event_store";
import type { NewEvent, StreamId } from "@annals/proto/annals/v1/event";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Empty, Timestamp } from "@bufbuild/protobuf/wkt";
import { FrameWriter } from "../../domain/frame-writer.js";
import type { ByHand } from "./by-hand.js";
import { PlainReader, unusual } from "./plain-reader.js";

/** Append, as most clients send it. */
export const appendByHand: ByHand<typeof AppendRequestSchema, typeof AppendResponseSchema> = {
  decode: (bytes) => decodePlain(bytes, readAppend),
  encode: (answer) => {
    writeAppended(answer);
    return writer.copy();
  },
};

/** AppendStream, likewise; an append that failed is left to the general encoder. */
export const appendStreamByHand: ByHand<
  typeof AppendStreamRequestSchema,
  typeof AppendStreamResponseSchema
> = {
  decode: (bytes) => decodePlain(bytes, readStreamed),
  encode: ({ correlationId = 0n, outcome }) => {
    if (outcome?.case !== "appended") return undefined;
    writeAppended(outcome.value);
    const appended = writer.copy();
    writer.begin(16 + appended.length);
    if (correlationId !== 0n) writer.number(1, correlationId);
    writer.bytes(2, appended);
    return writer.copy();
  },
};

const delimited = 2;
const empty: Empty = { $typeName: "google.protobuf.Empty" };

function decodePlain<T>(bytes: Uint8Array, read: (reader: PlainReader) => T): T | undefined {
  try {
    return read(new PlainReader(bytes));
  } catch (error) {
    if (error === unusual) return undefined;
    throw error;
  }
}

function readStreamed(reader: PlainReader): AppendStreamRequest {
  let correlationId = 0n;
  let append: AppendRequest | undefined;
  while (!reader.done) {
    switch (reader.number()) {
      case 1 << 3:
        correlationId = BigInt(reader.number());
        break;
      case (2 << 3) | delimited:
        append = once(append, inside(reader, readAppend));
        break;
      default:
        throw unusual;
    }
  }
  const $typeName = "annals.v1.AppendStreamRequest";
  return append ? { $typeName, correlationId, append } : { $typeName, correlationId };
}

function readAppend(reader: PlainReader): AppendRequest {
  let stream: StreamId | undefined;
  let expectedVersion: ExpectedVersion | undefined;
  const events: NewEvent[] = [];
  while (!reader.done) {
    switch (reader.number()) {
      case (1 << 3) | delimited:
        stream = once(stream, inside(reader, readStreamId));
        break;
      case (2 << 3) | delimited:
        expectedVersion = once(expectedVersion, inside(reader, readExpectedVersion));
        break;
      case (3 << 3) | delimited:
        events.push(readEvent(reader, events.at(-1)));
        break;
      default:
        throw unusual;
    }
  }
  // One that lacks a part is refused, whoever decodes it.
  if (!stream || !expectedVersion) throw unusual;
  return { $typeName: "annals.v1.AppendRequest", stream, expectedVersion, events };
}

function readStreamId(reader: PlainReader): StreamId {
  const stream: StreamId = {
    $typeName: "annals.v1.StreamId",
    aggregateType: "",
    aggregateId: "",
  };
  while (!reader.done) {
    switch (reader.number()) {
      case (1 << 3) | delimited:
        stream.aggregateType = reader.text();
        break;
      case (2 << 3) | delimited:
        stream.aggregateId = reader.text();
        break;
      default:
        throw unusual;
    }
  }
  return stream;
}

function readExpectedVersion(reader: PlainReader): ExpectedVersion {
  const $typeName = "annals.v1.ExpectedVersion";
  let kind: ExpectedVersion["kind"] | undefined;
  while (!reader.done) {
    switch (reader.number()) {
      case 1 << 3:
        kind = once(kind, { case: "exactly", value: BigInt(reader.number()) });
        break;
      case (2 << 3) | delimited:
        kind = once(kind, { case: "noStream", value: inside(reader, readEmpty) });
        break;
      case (3 << 3) | delimited:
        kind = once(kind, { case: "streamExists", value: inside(reader, readEmpty) });
        break;
      case (4 << 3) | delimited:
        kind = once(kind, { case: "any", value: inside(reader, readEmpty) });
        break;
      default:
        throw unusual;
    }
  }
  if (!kind) throw unusual;
  return { $typeName, kind };
}

function readEmpty(reader: PlainReader): Empty {
  if (!reader.done) throw unusual;
  return empty;
}

/** @param before the event before it: many have types in common */
function readEvent(reader: PlainReader, before: NewEvent | undefined): NewEvent {
  const outer = reader.enter();
  let eventId = "";
  let eventType = "";
  let contentType = "";
  let correlationId = "";
  let causationId = "";
  let occurredAt: Timestamp | undefined;
  let data: Uint8Array = noData;
  const metadata: Record<string, string> = {};
  const tags: string[] = [];
  while (!reader.done) {
    switch (reader.number()) {
      case (1 << 3) | delimited:
        eventId = reader.text();
        break;
      case (2 << 3) | delimited:
        eventType = reader.text(before?.eventType);
        break;
      case (3 << 3) | delimited:
        occurredAt = once(occurredAt, inside(reader, readTime));
        break;
      case (4 << 3) | delimited:
        data = reader.blob();
        break;
      case (5 << 3) | delimited:
        contentType = reader.text(before?.contentType);
        break;
      case (6 << 3) | delimited:
        readEntry(reader, metadata);
        break;
      case (7 << 3) | delimited:
        correlationId = reader.text();
        break;
      case (8 << 3) | delimited:
        causationId = reader.text();
        break;
      case (9 << 3) | delimited:
        tags.push(reader.text());
        break;
      default:
        throw unusual;
    }
  }
  reader.leave(outer);
  const $typeName = "annals.v1.NewEvent";
  const event: NewEvent = {
    $typeName,
    eventId,
    eventType,
    data,
    contentType,
    metadata,
    correlationId,
    causationId,
    tags,
  };
  if (occurredAt) event.occurredAt = occurredAt;
  return event;
}

const noData = new Uint8Array();

function readTime(reader: PlainReader): Timestamp {
  let seconds = 0n;
  let nanos = 0;
  while (!reader.done) {
    switch (reader.number()) {
      case 1 << 3:
        seconds = BigInt(reader.number());
        break;
      case 2 << 3:
        nanos = int32(reader.number());
        break;
      default:
        throw unusual;
    }
  }
  return { $typeName: "google.protobuf.Timestamp", seconds, nanos };
}

/** Kept as an integer: see partsOfInstant. */
function int32(value: number): number {
  if (value > 0x7fff_ffff) throw unusual;
  return value | 0;
}

function readEntry(reader: PlainReader, metadata: Record<string, string>): void {
  const outer = reader.enter();
  let [key, value] = ["", ""];
  while (!reader.done) {
    switch (reader.number()) {
      case (1 << 3) | delimited:
        key = reader.text();
        break;
      case (2 << 3) | delimited:
        value = reader.text();
        break;
      default:
        throw unusual;
    }
  }
  reader.leave(outer);
  if (key === "__proto__") throw unusual;
  metadata[key] = value;
}

/** A message inside another one. */
function inside<T>(reader: PlainReader, read: (reader: PlainReader) => T): T {
  const outer = reader.enter();
  const message = read(reader);
  reader.leave(outer);
  return message;
}

/** The parts of a message that is there twice would have to be merged. */
function once<T>(before: T | undefined, now: T): T {
  if (before !== undefined) throw unusual;
  return now;
}

/** Used again and again: what it holds is copied at once. */
const writer = new FrameWriter();

/** An annals.v1.AppendResponse. */
function writeAppended(answer: MessageInitShape<typeof AppendResponseSchema>): void {
  const { aggregateVersion = 0n, firstPosition = 0n, lastPosition = 0n, recordedAt } = answer;
  writer.begin(96);
  if (aggregateVersion !== 0n) writer.number(1, aggregateVersion);
  if (firstPosition !== 0n) writer.number(2, firstPosition);
  if (lastPosition !== 0n) writer.number(3, lastPosition);
  if (recordedAt) writer.time(4, recordedAt.seconds ?? 0n, recordedAt.nanos ?? 0);
  if (answer.deduplicated === true) writer.number(5, 1);
}
