import type { StoredEvent } from "../events/registry.js";
import { WireReader } from "./wire-reader.js";

/** An event as the server tells it, but for its data's meaning. */
export interface WireEvent extends StoredEvent {
  readonly aggregateId: string;
  readonly aggregateVersion: bigint;
  readonly occurredAt: Date;
  readonly recordedAt: Date;
  readonly metadata: Readonly<Record<string, string>>;
  /** Empty when there is none. */
  readonly correlationId: string;
  /** Empty when there is none. */
  readonly causationId: string;
  readonly tags: readonly string[];
}

type Known = ReturnType<WireReader["textLike"]> | undefined;

const noMetadata: Readonly<Record<string, string>> = Object.freeze({});
const noTags: readonly string[] = Object.freeze([]);

/** Decodes events that stand together: names that they have in common are made once. */
export class EventDecoder {
  #tenantId: Known;
  #aggregateType: Known;
  #eventType: Known;
  #contentType: Known;

  /** @param bytes an annals.v1.RecordedEvent @throws AnnalsError internal for what is none */
  decode(bytes: Uint8Array): WireEvent {
    const event = {
      tenantId: "",
      eventId: "",
      aggregateType: "",
      aggregateId: "",
      eventType: "",
      aggregateVersion: 0n,
      position: 0n,
      occurredAt: noDate,
      recordedAt: noDate,
      data: noData,
      contentType: "",
      metadata: noMetadata,
      correlationId: "",
      causationId: "",
      tags: noTags,
    };
    const reader = new WireReader(bytes);
    let metadata: Record<string, string> | undefined;
    let tags: string[] | undefined;
    while (!reader.done) {
      const tag = reader.varint();
      switch (tag) {
        case delimited(1):
          event.tenantId = (this.#tenantId = reader.textLike(this.#tenantId)).text;
          break;
        case delimited(2):
          event.eventId = reader.text();
          break;
        case delimited(3):
          event.aggregateType = (this.#aggregateType = reader.textLike(this.#aggregateType)).text;
          break;
        case delimited(4):
          event.aggregateId = reader.text();
          break;
        case delimited(5):
          event.eventType = (this.#eventType = reader.textLike(this.#eventType)).text;
          break;
        case varint(6):
          event.aggregateVersion = reader.uint64();
          break;
        case varint(7):
          event.position = reader.uint64();
          break;
        case delimited(8):
          event.occurredAt = readTime(reader.message());
          break;
        case delimited(9):
          event.recordedAt = readTime(reader.message());
          break;
        case delimited(10):
          event.data = reader.blob();
          break;
        case delimited(11):
          event.contentType = (this.#contentType = reader.textLike(this.#contentType)).text;
          break;
        case delimited(12):
          readEntry(reader.message(), (metadata ??= {}));
          break;
        case delimited(13):
          event.correlationId = reader.text();
          break;
        case delimited(14):
          event.causationId = reader.text();
          break;
        case delimited(15):
          (tags ??= []).push(reader.text());
          break;
        default: // of a newer server
          reader.skip(tag);
      }
    }
    if (metadata) event.metadata = Object.freeze(metadata);
    if (tags) event.tags = Object.freeze(tags);
    return event;
  }
}

const noDate = new Date(Number.NaN);
const noData: Uint8Array = new Uint8Array();

/** The tag of a field whose value has a length. */
function delimited(no: number): number {
  return (no << 3) | 2;
}

function varint(no: number): number {
  return no << 3;
}

/** A google.protobuf.Timestamp, to the millisecond. */
function readTime(reader: WireReader): Date {
  let seconds = 0;
  let nanos = 0;
  while (!reader.done) {
    const tag = reader.varint();
    if (tag === varint(1)) seconds = reader.int64();
    else if (tag === varint(2)) nanos = reader.int64();
    else reader.skip(tag);
  }
  return new Date(seconds * 1_000 + Math.floor(nanos / 1_000_000));
}

function readEntry(reader: WireReader, metadata: Record<string, string>): void {
  let [key, value] = ["", ""];
  while (!reader.done) {
    const tag = reader.varint();
    if (tag === delimited(1)) key = reader.text();
    else if (tag === delimited(2)) value = reader.text();
    else reader.skip(tag);
  }
  // A key may be "__proto__", as a name like any other; and it may come again: the last one counts.
  const property = { value, enumerable: true, configurable: true, writable: true };
  Object.defineProperty(metadata, key, property);
}
