import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { type ErrorDetail, ErrorDetailSchema, ErrorReason } from "@annals/proto/annals/v1/error";
import type { Failure } from "../domain/error.js";
import { formatExpectedVersion } from "../domain/expected-version.js";

/** The gRPC status codes in use. https://grpc.io/docs/guides/status-codes/ */
const grpcCode = {
  cancelled: 1,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  aborted: 10,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** THE TABLE: each reason has one gRPC code and one reason on the wire. Its inverse is the SDK's. */
const table: Record<Failure["reason"], readonly [code: number, reason: ErrorReason]> = {
  invalid_argument: [grpcCode.invalidArgument, ErrorReason.INVALID_ARGUMENT],
  limit_exceeded: [grpcCode.resourceExhausted, ErrorReason.LIMIT_EXCEEDED],
  version_conflict: [grpcCode.aborted, ErrorReason.VERSION_CONFLICT],
  duplicate_event_id: [grpcCode.alreadyExists, ErrorReason.DUPLICATE_EVENT_ID],
  stream_not_found: [grpcCode.notFound, ErrorReason.STREAM_NOT_FOUND],
  event_not_found: [grpcCode.notFound, ErrorReason.EVENT_NOT_FOUND],
  foreign_stream: [grpcCode.permissionDenied, ErrorReason.FOREIGN_STREAM],
  unauthenticated: [grpcCode.unauthenticated, ErrorReason.UNAUTHENTICATED],
  permission_denied: [grpcCode.permissionDenied, ErrorReason.PERMISSION_DENIED],
  deadline_exceeded: [grpcCode.deadlineExceeded, ErrorReason.DEADLINE_EXCEEDED],
  cancelled: [grpcCode.cancelled, ErrorReason.CANCELLED],
  unavailable: [grpcCode.unavailable, ErrorReason.UNAVAILABLE],
  unimplemented: [grpcCode.unimplemented, ErrorReason.UNIMPLEMENTED],
  internal: [grpcCode.internal, ErrorReason.INTERNAL],
  tenant_suspended: [grpcCode.permissionDenied, ErrorReason.TENANT_SUSPENDED],
  revision_conflict: [grpcCode.aborted, ErrorReason.REVISION_CONFLICT],
};

/** The gRPC status code of a failure. */
export function codeOf(failure: Failure): number {
  return table[failure.reason][0];
}

/**
 * The typed detail of a failure.
 *
 * @param inDoubt the call wrote before it failed, and not all was answered
 */
export function toErrorDetail(failure: Failure, requestId: string, inDoubt = false): ErrorDetail {
  return create(ErrorDetailSchema, {
    reason: table[failure.reason][1],
    requestId,
    outcomeUnknown: inDoubt || ("outcomeUnknown" in failure && failure.outcomeUnknown),
    detail: particularsOf(failure),
    ...("retryAfterMs" in failure && failure.retryAfterMs !== undefined
      ? { retryAfter: durationFromMs(failure.retryAfterMs) }
      : {}),
  });
}

type Particulars = NonNullable<Parameters<typeof create<typeof ErrorDetailSchema>>[1]>["detail"];

function particularsOf(failure: Failure): NonNullable<Particulars> {
  switch (failure.reason) {
    case "invalid_argument": {
      const { field, description } = failure;
      return { case: "invalidArgument", value: { field, description } };
    }
    case "limit_exceeded": {
      const { limit, maximum, actual, field = "" } = failure;
      return {
        case: "limitExceeded",
        value: { limit, maximum: BigInt(maximum), actual: BigInt(actual), field },
      };
    }
    case "version_conflict":
      return {
        case: "versionConflict",
        value: {
          expected: formatExpectedVersion(failure.expected),
          actualVersion: failure.actual,
        },
      };
    case "duplicate_event_id":
      return { case: "duplicateEventId", value: { eventId: failure.eventId } };
    case "revision_conflict": {
      const { expected, actual } = failure;
      return {
        case: "revisionConflict",
        value: { expectedRevision: expected, actualRevision: actual },
      };
    }
    case "foreign_stream": {
      const { aggregateType, aggregateId } = failure.stream;
      return { case: "foreignStream", value: { aggregateType, aggregateId } };
    }
    default:
      return { case: undefined };
  }
}
