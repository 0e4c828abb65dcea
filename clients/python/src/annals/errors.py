"""What a failed call raises: one class tree, decoded from the status details, never from text."""

from __future__ import annotations

import grpc
from google.rpc import status_pb2

from annals.v1 import error_pb2

_DETAILS_KEY = "grpc-status-details-bin"


class AnnalsError(Exception):
    """A call that failed.

    reason: the contract's reason in lower case, for example "version_conflict"; "unspecified" when
        no server answered with one, "unknown_<number>" when this version does not know it. A call
        for which there was no token is "unauthenticated", one of a closed client "cancelled".
    code: the call's gRPC code.
    request_id: the server's id of the call, empty if it never got one.
    retry_after: seconds to wait before the same request may succeed, or None.
    outcome_unknown: True when a write may have happened; send it again with the same event ids.
    """

    def __init__(self, message: str, code: grpc.StatusCode, detail: error_pb2.ErrorDetail) -> None:
        super().__init__(message)
        self.code = code
        self.reason = _reason_name(detail.reason)
        self.request_id = detail.request_id
        self.retry_after: float | None = (
            detail.retry_after.ToTimedelta().total_seconds()
            if detail.HasField("retry_after")
            else None
        )
        self.outcome_unknown = detail.outcome_unknown
        self.detail = detail


class VersionConflict(AnnalsError):
    """The stream is not at the expected version. Load again and decide again.

    expected: "no_stream", "stream_exists" or a version in decimal. actual: the stream's version,
    0 when it has no events.
    """

    def __init__(self, message: str, code: grpc.StatusCode, detail: error_pb2.ErrorDetail) -> None:
        super().__init__(message, code, detail)
        self.expected = detail.version_conflict.expected
        self.actual = detail.version_conflict.actual_version


class NotFound(AnnalsError):
    """There is no such stream or event."""


class PermissionDenied(AnnalsError):
    """The credential does not allow it, the stream is another tenant's, or the tenant is suspended."""


class InvalidArgument(AnnalsError):
    """The request breaks a rule. field: its path, such as "events[2].event_type"."""

    def __init__(self, message: str, code: grpc.StatusCode, detail: error_pb2.ErrorDetail) -> None:
        super().__init__(message, code, detail)
        self.field = detail.invalid_argument.field


class LimitExceeded(AnnalsError):
    """A limit is passed. limit: its name; maximum: its value; actual: what came, 0 where not known."""

    def __init__(self, message: str, code: grpc.StatusCode, detail: error_pb2.ErrorDetail) -> None:
        super().__init__(message, code, detail)
        self.limit = detail.limit_exceeded.limit
        self.maximum = detail.limit_exceeded.maximum
        self.actual = detail.limit_exceeded.actual


class NotSent(AnnalsError):
    """The call was not made: there was no token for it, or the client is closed."""

    def __init__(self, message: str, code: grpc.StatusCode) -> None:
        reason = error_pb2.ErrorReason.Value(f"ERROR_REASON_{code.name}")
        super().__init__(message, code, error_pb2.ErrorDetail(reason=reason))


_classes: dict[int, type[AnnalsError]] = {
    error_pb2.ERROR_REASON_VERSION_CONFLICT: VersionConflict,
    error_pb2.ERROR_REASON_STREAM_NOT_FOUND: NotFound,
    error_pb2.ERROR_REASON_EVENT_NOT_FOUND: NotFound,
    error_pb2.ERROR_REASON_FOREIGN_STREAM: PermissionDenied,
    error_pb2.ERROR_REASON_PERMISSION_DENIED: PermissionDenied,
    error_pb2.ERROR_REASON_TENANT_SUSPENDED: PermissionDenied,
    error_pb2.ERROR_REASON_INVALID_ARGUMENT: InvalidArgument,
    error_pb2.ERROR_REASON_LIMIT_EXCEEDED: LimitExceeded,
}


def from_rpc_error(error: grpc.RpcError, *, writes: bool) -> AnnalsError:
    """The typed error of what grpcio raised.

    writes: whether the call could change something; then a call that was lost without a detail
        has an outcome that nobody knows.
    """
    message, code = error.details() or "", error.code()
    for key, value in error.trailing_metadata() or ():
        if key != _DETAILS_KEY:
            continue
        for packed in status_pb2.Status.FromString(value).details:
            detail = error_pb2.ErrorDetail()
            if packed.Unpack(detail):
                return _classes.get(detail.reason, AnnalsError)(message, code, detail)
    return AnnalsError(message, code, error_pb2.ErrorDetail(outcome_unknown=writes))


def _reason_name(reason: int) -> str:
    if reason not in error_pb2.ErrorReason.values():
        return f"unknown_{reason}"
    return error_pb2.ErrorReason.Name(reason).removeprefix("ERROR_REASON_").lower()
