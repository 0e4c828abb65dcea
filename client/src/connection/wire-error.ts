import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { AppendFailure } from "@annals/proto/annals/v1/event_store";
import { type ErrorDetail, ErrorDetailSchema, ErrorReason } from "@annals/proto/annals/v1/error";
import { AnnalsError, type ErrorCode, type ErrorDetails, isAnnalsError } from "./errors.js";

/** THE TABLE, inverse to the server's: each reason on the wire is one code here. */
const codeOfReason: Readonly<
  Partial<Record<ErrorReason, ErrorCode>> &
    Record<Exclude<ErrorReason, ErrorReason.UNSPECIFIED>, ErrorCode>
> = {
  [ErrorReason.INVALID_ARGUMENT]: "invalid_argument",
  [ErrorReason.LIMIT_EXCEEDED]: "limit_exceeded",
  [ErrorReason.VERSION_CONFLICT]: "version_conflict",
  [ErrorReason.DUPLICATE_EVENT_ID]: "duplicate_event_id",
  [ErrorReason.STREAM_NOT_FOUND]: "stream_not_found",
  [ErrorReason.EVENT_NOT_FOUND]: "event_not_found",
  [ErrorReason.FOREIGN_STREAM]: "foreign_stream",
  [ErrorReason.UNAUTHENTICATED]: "unauthenticated",
  [ErrorReason.PERMISSION_DENIED]: "permission_denied",
  [ErrorReason.DEADLINE_EXCEEDED]: "deadline_exceeded",
  [ErrorReason.CANCELLED]: "cancelled",
  [ErrorReason.UNAVAILABLE]: "unavailable",
  [ErrorReason.UNIMPLEMENTED]: "unimplemented",
  [ErrorReason.INTERNAL]: "internal",
  [ErrorReason.TENANT_SUSPENDED]: "tenant_suspended",
  [ErrorReason.REVISION_CONFLICT]: "revision_conflict",
};

/** What a status means that came without our detail: from a proxy, the network or gRPC itself. */
const codeOfStatus: Readonly<Partial<Record<Code, ErrorCode>>> = {
  [Code.Canceled]: "cancelled",
  [Code.DeadlineExceeded]: "deadline_exceeded",
  [Code.InvalidArgument]: "invalid_argument",
  [Code.ResourceExhausted]: "limit_exceeded",
  [Code.PermissionDenied]: "permission_denied",
  [Code.Unauthenticated]: "unauthenticated",
  [Code.Unimplemented]: "unimplemented",
  [Code.Unavailable]: "unavailable",
};

/** Codes after which a write may have happened, when the server did not say that it has not. */
const doubtful: ReadonlySet<ErrorCode> = new Set([
  "cancelled",
  "deadline_exceeded",
  "unavailable",
  "internal",
]);

/** What the call was, that failed. */
export interface FailedCall {
  /** Whether it was to write: only then can its outcome be unknown. */
  readonly writes: boolean;
  /** The caller's. */
  readonly signal: AbortSignal | undefined;
}

/** Whatever a call failed with, as an error of this package. */
export function toAnnalsError(error: unknown, { writes, signal }: FailedCall): AnnalsError {
  if (isAnnalsError(error)) return error;
  const status = ConnectError.from(error);
  if (isAnnalsError(status.cause)) return status.cause; // thrown on this side, before the wire
  const [detail] = status.findDetails(ErrorDetailSchema);
  if (detail) return fromDetail(status, detail, writes);
  const lost = isLostStream(status) || (status.code === Code.Canceled && !signal?.aborted);
  const code = lost ? "unavailable" : codeOf(status);
  return new AnnalsError(code, status.rawMessage, detailsWithout(code, status.rawMessage), {
    cause: error,
    outcomeUnknown: writes && doubtful.has(code),
  });
}

const statusCodes: ReadonlyMap<number, Code> = new Map(
  Object.values(Code)
    .filter((value) => typeof value === "number")
    .map((code) => [code, code]),
);

/** The failure of one append of a pipelined call, as if it had been a call of its own. */
export function toAppendError({ code, message, detail }: AppendFailure): AnnalsError {
  const status = new ConnectError(message, statusCodes.get(code) ?? Code.Unknown);
  if (detail) return fromDetail(status, detail, true);
  return toAnnalsError(status, { writes: true, signal: undefined });
}

function codeOf(status: ConnectError): ErrorCode {
  return codeOfStatus[status.code] ?? "internal";
}

/**
 * HTTP/2 ended the stream without a gRPC status, or TLS or the operating system the connection (ECONNRESET
 * when the server was killed): it was lost, or is being closed. A connection that breaks may also
 * show as a cancellation that nobody asked for.
 */
function isLostStream({ cause }: ConnectError): boolean {
  if (!(cause instanceof Error) || !("code" in cause)) return false;
  return "syscall" in cause || /^(ECONNRESET$|ERR_HTTP2_|ERR_SSL_)/.test(String(cause.code));
}

function fromDetail(status: ConnectError, detail: ErrorDetail, writes: boolean): AnnalsError {
  // A newer server may have a reason that is not in our table: its status still tells something.
  const known = codeOfReason[detail.reason];
  const code = known ?? codeOf(status);
  const details = known ? particularsOf(detail) : detailsWithout(code, status.rawMessage);
  return new AnnalsError(code, status.rawMessage, details, {
    cause: status,
    outcomeUnknown: writes && detail.outcomeUnknown,
    requestId: detail.requestId,
    retryAfterMs: detail.retryAfter && durationMs(detail.retryAfter),
  });
}

function particularsOf({ detail }: ErrorDetail): ErrorDetails[ErrorCode] {
  switch (detail.case) {
    case "invalidArgument":
      return { field: detail.value.field, description: detail.value.description };
    case "limitExceeded": {
      const { limit, maximum, actual, field } = detail.value;
      return { limit, maximum, actual, field };
    }
    case "versionConflict":
      return { expected: detail.value.expected, actualVersion: detail.value.actualVersion };
    case "duplicateEventId":
      return { eventId: detail.value.eventId };
    case "revisionConflict": {
      const { expectedRevision, actualRevision } = detail.value;
      return { expectedRevision, actualRevision };
    }
    case "foreignStream": {
      const { aggregateType, aggregateId } = detail.value;
      return { aggregateType, aggregateId };
    }
    case undefined:
      return {};
    default:
      return detail satisfies never;
  }
}

function detailsWithout(code: ErrorCode, description: string): ErrorDetails[ErrorCode] {
  if (code === "invalid_argument") return { field: "", description };
  if (code === "limit_exceeded") return { limit: "", maximum: 0n, actual: 0n, field: "" };
  return {};
}
