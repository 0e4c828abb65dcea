import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { type RecordedEvent, sizeOfEvents } from "./event.js";
import { FrameWriter, sizeOfVarint } from "./frame-writer.js";
import { HeldBeside } from "./held-beside.js";
import { type Instant, partsOfInstant } from "./instant.js";
import type { TenantId } from "./tenant.js";

// A frame is an event as a page on the wire holds it: field 1 of annals.v1.EventPage, an
// annals.v1.RecordedEvent behind its tag and its length. Frames that stand one after the other are a page's
// events, so that a store may keep them, and a reader be sent what the disk holds.

const frameTag = (1 << 3) | WireType.LengthDelimited;

/** What a frame tells of an event: all but its global position, which rides beside it. */
export type FramedEvent = Omit<RecordedEvent, "globalPosition">;

const writer = new FrameWriter();

/** An event's frame, as bytes of its own. */
export function encodeFrame(event: FramedEvent): Uint8Array<ArrayBuffer> {
  return new Uint8Array(viewFrame(event));
}

/**
 * An event's frame as a view of a buffer that is used again: good until the next frame is made, for who
 * copies it at once. Fields by their numbers in annals.v1.RecordedEvent; those that have their default
 * are left out.
 */
export function viewFrame(event: FramedEvent): Uint8Array {
  writer.begin(mostBytes(event));
  writer.text(1, event.tenantId);
  writer.text(2, event.eventId);
  writer.text(3, event.aggregateType);
  writer.text(4, event.aggregateId);
  writer.text(5, event.eventType);
  writer.number(6, event.aggregateVersion);
  writer.number(7, event.position);
  writeTime(8, event.occurredAt);
  writeTime(9, event.recordedAt);
  if (event.data.length > 0) writer.bytes(10, event.data);
  writer.text(11, event.contentType);
  for (const key in event.metadata) writeEntry(key, event.metadata[key] ?? "");
  writer.text(13, event.correlationId);
  writer.text(14, event.causationId);
  for (const tag of event.tags) writer.item(15, tag);
  return writer.finish(frameTag);
}

function mostBytes(event: FramedEvent): number {
  const { tenantId, eventId, aggregateType, aggregateId, eventType, contentType } = event;
  let units = tenantId.length + eventId.length + aggregateType.length + aggregateId.length;
  units += eventType.length + contentType.length;
  units += event.correlationId.length + event.causationId.length;
  for (const key in event.metadata) units += key.length + (event.metadata[key]?.length ?? 0) + 8;
  for (const tag of event.tags) units += tag.length + 2;
  return 3 * units + event.data.length + 256;
}

function writeTime(no: number, instant: Instant): void {
  const { seconds, nanos } = partsOfInstant(instant);
  writer.time(no, seconds, nanos);
}

/** An entry of a map always has both its parts. */
function writeEntry(key: string, value: string): void {
  const [keyBytes, valueBytes] = [Buffer.byteLength(key), Buffer.byteLength(value)];
  writer.message(12, 2 + sizeOfVarint(keyBytes) + keyBytes + sizeOfVarint(valueBytes) + valueBytes);
  writer.item(1, key);
  writer.item(2, value);
}

/** @throws Error for what is no frame of this server's */
export function decodeFrame(frame: Uint8Array): FramedEvent {
  const reader = new BinaryReader(frame);
  reader.tag();
  const end = reader.uint32() + reader.pos;
  const event = {
    tenantId: "" as TenantId,
    eventId: "",
    aggregateType: "",
    aggregateId: "",
    eventType: "",
    aggregateVersion: 0n,
    position: 0n,
    occurredAt: 0n,
    recordedAt: 0n,
    data: new Uint8Array(),
    contentType: "",
    metadata: {} as Record<string, string>,
    correlationId: "",
    causationId: "",
    tags: [] as string[],
  };
  while (reader.pos < end) {
    const [no, wireType] = reader.tag();
    switch (no) {
      case 1:
        event.tenantId = reader.string() as TenantId;
        break;
      case 2:
        event.eventId = reader.string();
        break;
      case 3:
        event.aggregateType = reader.string();
        break;
      case 4:
        event.aggregateId = reader.string();
        break;
      case 5:
        event.eventType = reader.string();
        break;
      case 6:
        event.aggregateVersion = BigInt(reader.uint64());
        break;
      case 7:
        event.position = BigInt(reader.uint64());
        break;
      case 8:
        event.occurredAt = readTime(reader);
        break;
      case 9:
        event.recordedAt = readTime(reader);
        break;
      case 10:
        event.data = reader.bytes() as Uint8Array<ArrayBuffer>;
        break;
      case 11:
        event.contentType = reader.string();
        break;
      case 12:
        readEntry(reader, event.metadata);
        break;
      case 13:
        event.correlationId = reader.string();
        break;
      case 14:
        event.causationId = reader.string();
        break;
      case 15:
        event.tags.push(reader.string());
        break;
      default:
        reader.skip(wireType, no);
    }
  }
  return event;
}

function readTime(reader: BinaryReader): Instant {
  const end = reader.uint32() + reader.pos;
  let [seconds, nanos] = [0n, 0];
  while (reader.pos < end) {
    const [no] = reader.tag();
    if (no === 1) seconds = BigInt(reader.int64());
    else nanos = reader.int32();
  }
  return seconds * 1_000_000n + BigInt(nanos / 1000);
}

function readEntry(reader: BinaryReader, metadata: Record<string, string>): void {
  const end = reader.uint32() + reader.pos;
  let [key, value] = ["", ""];
  while (reader.pos < end) {
    const [no] = reader.tag();
    if (no === 1) key = reader.string();
    else value = reader.string();
  }
  // A name like any other, but not to be assigned; to define each would take twice as long.
  if (key !== "__proto__") metadata[key] = value;
  else Object.defineProperty(metadata, key, { value, enumerable: true, writable: true });
}

/** Frames one after the other, and where each event stands in the whole log. */
export interface Frames {
  readonly bytes: Uint8Array;
  readonly globalPositions: ArrayLike<bigint>;
}

const framesOfEvents = new HeldBeside<readonly RecordedEvent[], readonly Uint8Array[]>();

/** The frames that events were made of, where they were, in pieces. */
export function framesOf(events: readonly RecordedEvent[]): readonly Uint8Array[] | undefined {
  return framesOfEvents.get(events);
}

/** How many bytes events take: as frames, where they were made of them, else counted by sizeOfEvent. */
export function sizeOfPage(events: readonly RecordedEvent[]): number {
  const frames = framesOf(events);
  return frames ? frames.reduce((sum, { length }) => sum + length, 0) : sizeOfEvents(events);
}

/**
 * The events of frames. Each is decoded when something of it is asked for, and not before.
 *
 * @param pieces of a page, in its order
 * @param maxBytes the event that reaches so many is the last. Default: all of them
 */
export function toEvents(pieces: readonly Frames[], maxBytes?: number): readonly RecordedEvent[] {
  const events: RecordedEvent[] = [];
  const frames: Uint8Array[] = [];
  let left = maxBytes ?? Infinity;
  for (const { bytes, globalPositions } of pieces) {
    let start = 0;
    for (let i = 0; start < bytes.length && start < left; i++) {
      const end = endOfFrame(bytes, start);
      events.push(new LazyEvent(bytes, start, end, globalPositions[i] ?? 0n));
      start = end;
    }
    if (start > 0) frames.push(bytes.subarray(0, start));
    left -= start;
  }
  framesOfEvents.set(events, frames);
  return events;
}

/** @throws Error when no frame begins there */
function endOfFrame(bytes: Uint8Array, start: number): number {
  if (bytes[start] !== frameTag) throw new Error("these are no frames of events");
  let length = 0;
  let at = start + 1;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++] ?? 0;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) return at + length;
  }
}

/** The same event in memory of its own: who keeps it does not keep the page that it came in. */
export function detachEvent(event: RecordedEvent): RecordedEvent {
  return event instanceof LazyEvent ? event.detached() : event;
}

class LazyEvent implements RecordedEvent {
  #decoded: FramedEvent | undefined;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly start: number,
    private readonly end: number,
    readonly globalPosition: bigint,
  ) {}

  detached(): LazyEvent {
    const bytes = Uint8Array.from(this.bytes.subarray(this.start, this.end)); // a Buffer's slice is no copy
    return new LazyEvent(bytes, 0, bytes.length, this.globalPosition);
  }

  get #event(): FramedEvent {
    return (this.#decoded ??= decodeFrame(this.bytes.subarray(this.start, this.end)));
  }

  get tenantId(): TenantId {
    return this.#event.tenantId;
  }
  get eventId(): string {
    return this.#event.eventId;
  }
  get aggregateType(): string {
    return this.#event.aggregateType;
  }
  get aggregateId(): string {
    return this.#event.aggregateId;
  }
  get eventType(): string {
    return this.#event.eventType;
  }
  get aggregateVersion(): bigint {
    return this.#event.aggregateVersion;
  }
  get position(): bigint {
    return this.#event.position;
  }
  get occurredAt(): Instant {
    return this.#event.occurredAt;
  }
  get recordedAt(): Instant {
    return this.#event.recordedAt;
  }
  get data(): Uint8Array {
    return this.#event.data;
  }
  get contentType(): string {
    return this.#event.contentType;
  }
  get metadata(): Readonly<Record<string, string>> {
    return this.#event.metadata;
  }
  get correlationId(): string {
    return this.#event.correlationId;
  }
  get causationId(): string {
    return this.#event.causationId;
  }
  get tags(): readonly string[] {
    return this.#event.tags;
  }
}
