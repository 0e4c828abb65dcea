"""What a failed call raises: one class tree, decoded from the status details, never from text."""

from __future__ import annotations

import grpc
from google.rpc import status_pb2

from annals.v1 import error_pb2

_DETAILS_KEY = "grpc-status-details-bin"


class AnnalsError(Exception):
    """A call that failed.

    reason: the contract's reason in lower case, for example "version_conflict"; "unspecified" when
        no server answered with one, "unknown_<number>" when this version does not know it.
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


def from_rpc_error(error: grpc.RpcError) -> AnnalsError:
    """The typed error of what grpcio raised. Without a detail, a lost call counts as unknown."""
    message, code = error.details() or "", error.code()
    for key, value in error.trailing_metadata() or ():
        if key != _DETAILS_KEY:
            continue
        for packed in status_pb2.Status.FromString(value).details:
            detail = error_pb2.ErrorDetail()
            if packed.Unpack(detail):
                conflict = detail.reason == error_pb2.ERROR_REASON_VERSION_CONFLICT
                return (VersionConflict if conflict else AnnalsError)(message, code, detail)
    return AnnalsError(message, code, error_pb2.ErrorDetail(outcome_unknown=True))


def _reason_name(reason: int) -> str:
    if reason not in error_pb2.ErrorReason.values():
        return f"unknown_{reason}"
    return error_pb2.ErrorReason.Name(reason).removeprefix("ERROR_REASON_").lower()
