import { type ExpectedVersion, formatExpectedVersion } from "./expected-version.js";
import type { StreamId } from "./stream.js";

/**
 * Why something was not done: plain data with a closed list of reasons. What each reason means on
 * the wire stands in transport/error-detail.ts; what a client should do, in proto/annals/v1/error.proto.
 */
export type Failure =
  | { readonly reason: "invalid_argument"; readonly field: string; readonly description: string }
  | {
      readonly reason: "limit_exceeded";
      /** Name of the limit, as in limits.ts. */
      readonly limit: string;
      readonly maximum: number;
      /** 0 where it is not known. */
      readonly actual: number;
      readonly field?: string;
      /** Set when the same request may succeed later. */
      readonly retryAfterMs?: number;
    }
  | {
      readonly reason: "version_conflict";
      readonly expected: ExpectedVersion;
      readonly actual: bigint;
    }
  | { readonly reason: "duplicate_event_id"; readonly eventId: string }
  | {
      readonly reason: "stream_not_found";
      readonly stream: StreamId;
      /** True when only another tenant has it, and that is hidden. For the audit; no caller is told. */
      readonly foreign?: boolean;
    }
  | { readonly reason: "event_not_found"; readonly eventId: string }
  | { readonly reason: "foreign_stream"; readonly stream: StreamId }
  | { readonly reason: "unauthenticated"; readonly description: string }
  | { readonly reason: "permission_denied"; readonly description: string }
  | { readonly reason: "tenant_suspended"; readonly description: string }
  | { readonly reason: "revision_conflict"; readonly expected: bigint; readonly actual: bigint }
  | { readonly reason: "deadline_exceeded"; readonly outcomeUnknown: boolean }
  | { readonly reason: "cancelled"; readonly outcomeUnknown: boolean }
  | {
      readonly reason: "unavailable";
      readonly description: string;
      /** True when a write may have happened all the same. */
      readonly outcomeUnknown: boolean;
      readonly retryAfterMs?: number;
    }
  | { readonly reason: "unimplemented"; readonly description: string }
  | { readonly reason: "internal"; readonly outcomeUnknown: boolean };

/**
 * Thrown where a failure cannot be answered as a value. It has no stack trace: a refusal is no defect,
 * and to make one costs more than all the rest of refusing.
 */
export class AnnalsError extends Error {
  override readonly name = "AnnalsError";

  constructor(
    readonly failure: Failure,
    options?: ErrorOptions,
  ) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(describeFailure(failure), options);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** A request that breaks a rule. `field` is its path, for example "events[2].event_type". */
export function invalidArgument(field: string, description: string): AnnalsError {
  return new AnnalsError({ reason: "invalid_argument", field, description });
}

/** A failure in words, for people: never holds a payload, a secret or another tenant's data. */
export function describeFailure(failure: Failure): string {
  switch (failure.reason) {
    case "invalid_argument":
      return `${failure.field}: ${failure.description}`;
    case "limit_exceeded": {
      const came = failure.actual > 0 ? `, got ${String(failure.actual)}` : "";
      const where = failure.field === undefined ? "" : `${failure.field}: `;
      return `${where}limit ${failure.limit} is ${String(failure.maximum)}${came}`;
    }
    case "version_conflict":
      return `expected version ${formatExpectedVersion(failure.expected)}, the stream is at ${String(failure.actual)}`;
    case "revision_conflict":
      return `expected revision ${String(failure.expected)}, it is ${String(failure.actual)}`;
    case "duplicate_event_id":
      return `event id ${failure.eventId} was used by another append`;
    case "stream_not_found":
      return `${nameOf(failure.stream)} does not exist`;
    case "event_not_found":
      return `event ${failure.eventId} does not exist`;
    case "foreign_stream":
      return `${nameOf(failure.stream)} belongs to a different tenant`;
    case "unauthenticated":
    case "permission_denied":
    case "tenant_suspended":
    case "unavailable":
    case "unimplemented":
      return failure.description;
    case "deadline_exceeded":
      return "the deadline passed";
    case "cancelled":
      return "the caller went away";
    case "internal":
      return "internal error";
    default:
      return failure satisfies never;
  }
}

function nameOf(stream: StreamId): string {
  return `${stream.aggregateType} ${stream.aggregateId}`;
}
