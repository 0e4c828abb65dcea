import type { ExpectedVersion } from "../../domain/expected-version.js";
import type { Failure } from "../../domain/error.js";
import type { Instant } from "../../domain/instant.js";
import type { StreamId } from "../../domain/stream.js";
import type { AppendIntent, AppendOutcome } from "../store.js";
import { metadataColumn, tagsColumn } from "./row.js";

// A batch crosses threads by structured clone, whose cost is by the object, and which copies the
// whole buffer behind each small array of bytes. So it goes as one flat list and one buffer.

/** A batch on its way to the writing thread. */
export interface PackedBatch {
  /** For each append six fields, then nine for each of its events. */
  readonly fields: readonly Field[];
  /** The data of all events, one after the other. Its buffer is its own and can be transferred. */
  readonly data: Uint8Array<ArrayBuffer>;
}

type Field = string | bigint | number | null;

/** An append as the writing thread takes it: what becomes a column is one. */
export interface UnpackedIntent {
  readonly tenantId: string;
  readonly stream: StreamId;
  readonly expected: ExpectedVersion;
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
    const version = expected.kind === "exactly" ? expected.version : null;
    fields.push(tenantId, stream.aggregateType, stream.aggregateId, expected.kind, version);
    fields.push(events.length);
    for (const event of events) {
      bytes += event.data.byteLength;
      fields.push(
        event.eventId,
        event.eventType,
        event.occurredAt ?? null,
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
  return { fields, data };
}

export function unpackBatch({ fields, data }: PackedBatch): UnpackedIntent[] {
  const batch: UnpackedIntent[] = [];
  let at = 0;
  let offset = 0;
  const next = (): never => fields[at++] as never; // the field that packBatch put there
  const nextData = (): Uint8Array => {
    const length: number = next();
    return data.subarray(offset, (offset += length));
  };
  const unpackEvent = (): UnpackedEvent => ({
    eventId: next(),
    eventType: next(),
    occurredAt: next(),
    contentType: next(),
    metadata: next(),
    correlationId: next(),
    causationId: next(),
    tags: next(),
    data: nextData(),
  });
  while (at < fields.length) {
    const tenantId: string = next();
    const stream: StreamId = { aggregateType: next(), aggregateId: next() };
    const kind: ExpectedVersion["kind"] = next();
    const version: bigint = next();
    const expected = kind === "exactly" ? { kind, version } : { kind };
    const events = Array.from({ length: next() }, unpackEvent);
    batch.push({ tenantId, stream, expected, events });
  }
  return batch;
}

/** Outcomes on their way back: five fields for each success, one for each failure. */
export type PackedOutcomes = readonly (bigint | boolean | Failure)[];

export function packOutcomes(outcomes: readonly AppendOutcome[]): PackedOutcomes {
  return outcomes.flatMap((outcome): PackedOutcomes =>
    outcome.ok
      ? [
          outcome.version,
          outcome.firstPosition,
          outcome.lastPosition,
          outcome.recordedAt,
          outcome.deduplicated,
        ]
      : [outcome.failure],
  );
}

export function unpackOutcomes(packed: PackedOutcomes): AppendOutcome[] {
  const outcomes: AppendOutcome[] = [];
  for (let at = 0; at < packed.length;) {
    const first = packed[at++];
    if (typeof first === "object") {
      outcomes.push({ ok: false, failure: first });
    } else {
      outcomes.push({
        ok: true,
        version: first as bigint,
        firstPosition: packed[at++] as bigint,
        lastPosition: packed[at++] as bigint,
        recordedAt: packed[at++] as bigint,
        deduplicated: packed[at++] as boolean,
      });
    }
  }
  return outcomes;
}
