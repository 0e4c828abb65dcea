import type { CallOptions, Connection } from "../connection/connection.js";
import type { NewEvent } from "../events/domain-event.js";
import { assertFits, mostBytes } from "./append-size.js";
import type { AppendPipelines } from "./append-pipelines.js";
import { type ExpectedVersion, toDate, toProtoEvent, toProtoExpected } from "./codec.js";
import { toProtoStream } from "./wire-values.js";

/** The name of an aggregate's stream inside its tenant. */
export interface StreamId {
  /** 1 to 255 bytes of UTF-8. */
  readonly aggregateType: string;
  /** 1 to 255 bytes of UTF-8. */
  readonly aggregateId: string;
}

/** What to append where. */
export interface AppendRequest {
  readonly stream: StreamId;
  readonly expected: ExpectedVersion;
  /** 1 to 1,000 events, at most 4 MiB in all. */
  readonly events: readonly NewEvent[];
}

/** Where the events of an append are. */
export interface AppendResult {
  /** The stream's version: that of the last event. */
  readonly version: bigint;
  readonly firstPosition: bigint;
  readonly lastPosition: bigint;
  readonly recordedAt: Date;
  /** True when this very append had been written before. */
  readonly deduplicated: boolean;
}

export async function append(
  connection: Connection,
  { stream, expected, events }: AppendRequest,
  options?: CallOptions,
  pipelines?: AppendPipelines,
): Promise<AppendResult> {
  const request = {
    stream: toProtoStream(stream),
    expectedVersion: toProtoExpected(expected),
    events: events.map(toProtoEvent),
  };
  const bytes = mostBytes(stream, events);
  assertFits(request, bytes);
  const answer = pipelines
    ? await pipelines.append(request, bytes, options)
    : await connection.write((client, call) => client.append(request, call), options);
  return {
    version: answer.aggregateVersion,
    firstPosition: answer.firstPosition,
    lastPosition: answer.lastPosition,
    recordedAt: toDate(answer.recordedAt),
    deduplicated: answer.deduplicated,
  };
}
