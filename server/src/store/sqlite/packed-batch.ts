import { sizeOfEvents } from "../../domain/event.js";
import type { ExpectedVersion } from "../../domain/expected-version.js";
import type { Failure } from "../../domain/error.js";
import type { Instant } from "../../domain/instant.js";
import type { StreamId } from "../../domain/stream.js";
import type { TenantId } from "../../domain/tenant.js";
import type { AppendIntent, AppendOutcome } from "../store.js";
import { metadataColumn, tagsColumn } from "./row.js";

// A batch crosses threads by structured clone, whose cost is by the value, and which copies the whole
// buffer behind each small array of bytes. So it goes as one text and one buffer, and comes back as
// one buffer.

/** A batch on its way to the writing thread. */
export interface PackedBatch {
  /** JSON: for each append seven fields, then nine for each of its events. Bigints are decimal text. */
  readonly fields: string;
  /** The data of all events, one after the other. Its buffer is its own and can be transferred. */
  readonly data: Uint8Array<ArrayBuffer>;
}

type Field = string | number | null;

/** An append as the writing thread takes it: what becomes a column is one. */
export interface UnpackedIntent {
  readonly tenantId: TenantId;
  readonly stream: StreamId;
  readonly expected: ExpectedVersion;
  /** Of its events, counted by sizeOfEvent. */
  readonly bytes: number;
  readonly events: readonly UnpackedEvent[];
}

export interface UnpackedEvent {
  readonly eventId: string;
  readonly eventType: string;
  readonly occurredAt: Instant | null;
  readonly contentType: string;
  readonly metadata: string | null;
  readonly correlationId: string;
  readonly causationId: string;
  readonly tags: string | null;
  readonly data: Uint8Array;
}

export function packBatch(batch: readonly AppendIntent[]): PackedBatch {
  const fields: Field[] = [];
  let bytes = 0;
  for (const { tenantId, stream, expected, events } of batch) {
    const version = expected.kind === "exactly" ? String(expected.version) : null;
    fields.push(tenantId, stream.aggregateType, stream.aggregateId, expected.kind, version);
    fields.push(sizeOfEvents(events), events.length);
    for (const event of events) {
      bytes += event.data.byteLength;
      fields.push(
        event.eventId,
        event.eventType,
        event.occurredAt === undefined ? null : String(event.occurredAt),
        event.contentType,
        metadataColumn(event),
        event.correlationId,
        event.causationId,
        tagsColumn(event),
        event.data.byteLength,
      );
    }
  }
  const data = new Uint8Array(bytes);
  let offset = 0;
  for (const { events } of batch) {
    for (const event of events) {
      data.set(event.data, offset);
      offset += event.data.byteLength;
    }
  }
  return { fields: JSON.stringify(fields), data };
}

export function unpackBatch(packed: PackedBatch): UnpackedIntent[] {
  const fields = JSON.parse(packed.fields) as readonly Field[];
  const { data } = packed;
  const batch: UnpackedIntent[] = [];
  let at = 0;
  let offset = 0;
  const next = (): never => fields[at++] as never; // the field that packBatch put there
  const nextData = (): Uint8Array => {
    const length: number = next();
    return data.subarray(offset, (offset += length));
  };
  const nextInstant = (): Instant | null => {
    const text: string | null = next();
    return text === null ? null : BigInt(text);
  };
  const unpackEvent = (): UnpackedEvent => ({
    eventId: next(),
    eventType: next(),
    occurredAt: nextInstant(),
    contentType: next(),
    metadata: next(),
    correlationId: next(),
    causationId: next(),
    tags: next(),
    data: nextData(),
  });
  while (at < fields.length) {
    const tenantId: TenantId = next();
    const stream: StreamId = { aggregateType: next(), aggregateId: next() };
    const kind: ExpectedVersion["kind"] = next();
    const version: string = next();
    const expected = kind === "exactly" ? { kind, version: BigInt(version) } : { kind };
    const bytes: number = next();
    const events = Array.from({ length: next() }, unpackEvent);
    batch.push({ tenantId, stream, expected, bytes, events });
  }
  return batch;
}

/** Outcomes on their way back. */
export interface PackedOutcomes {
  /** Five numbers for each outcome, all 0 for a failure. Their buffer can be transferred. */
  readonly numbers: BigInt64Array<ArrayBuffer>;
  /** By the outcome's place in the batch. */
  readonly failures: ReadonlyMap<number, Failure>;
  /** How long the commit took, in milliseconds. */
  readonly commitMs: number;
}

export function packOutcomes(outcomes: readonly AppendOutcome[], commitMs: number): PackedOutcomes {
  const numbers = new BigInt64Array(5 * outcomes.length);
  const failures = new Map<number, Failure>();
  outcomes.forEach((outcome, i) => {
    if (outcome.ok) {
      const at = 5 * i;
      numbers[at] = outcome.version;
      numbers[at + 1] = outcome.firstPosition;
      numbers[at + 2] = outcome.lastPosition;
      numbers[at + 3] = outcome.recordedAt;
      numbers[at + 4] = outcome.deduplicated ? 1n : 0n;
    } else {
      failures.set(i, outcome.failure);
    }
  });
  return { numbers, failures, commitMs };
}

export function unpackOutcomes({ numbers, failures }: PackedOutcomes): AppendOutcome[] {
  return Array.from({ length: numbers.length / 5 }, (_, i): AppendOutcome => {
    const failure = failures.get(i);
    if (failure) return { ok: false, failure };
    const [version = 0n, firstPosition = 0n, lastPosition = 0n, recordedAt = 0n, deduplicated] =
      numbers.subarray(5 * i, 5 * i + 5);
    return {
      ok: true,
      version,
      firstPosition,
      lastPosition,
      recordedAt,
      deduplicated: deduplicated === 1n,
    };
  });
}
