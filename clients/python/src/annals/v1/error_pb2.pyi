import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ErrorReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ERROR_REASON_UNSPECIFIED: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_ARGUMENT: _ClassVar[ErrorReason]
    ERROR_REASON_LIMIT_EXCEEDED: _ClassVar[ErrorReason]
    ERROR_REASON_VERSION_CONFLICT: _ClassVar[ErrorReason]
    ERROR_REASON_DUPLICATE_EVENT_ID: _ClassVar[ErrorReason]
    ERROR_REASON_STREAM_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_EVENT_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_FOREIGN_STREAM: _ClassVar[ErrorReason]
    ERROR_REASON_UNAUTHENTICATED: _ClassVar[ErrorReason]
    ERROR_REASON_PERMISSION_DENIED: _ClassVar[ErrorReason]
    ERROR_REASON_DEADLINE_EXCEEDED: _ClassVar[ErrorReason]
    ERROR_REASON_CANCELLED: _ClassVar[ErrorReason]
    ERROR_REASON_UNAVAILABLE: _ClassVar[ErrorReason]
    ERROR_REASON_UNIMPLEMENTED: _ClassVar[ErrorReason]
    ERROR_REASON_INTERNAL: _ClassVar[ErrorReason]
    ERROR_REASON_TENANT_SUSPENDED: _ClassVar[ErrorReason]
    ERROR_REASON_REVISION_CONFLICT: _ClassVar[ErrorReason]
ERROR_REASON_UNSPECIFIED: ErrorReason
ERROR_REASON_INVALID_ARGUMENT: ErrorReason
ERROR_REASON_LIMIT_EXCEEDED: ErrorReason
ERROR_REASON_VERSION_CONFLICT: ErrorReason
ERROR_REASON_DUPLICATE_EVENT_ID: ErrorReason
ERROR_REASON_STREAM_NOT_FOUND: ErrorReason
ERROR_REASON_EVENT_NOT_FOUND: ErrorReason
ERROR_REASON_FOREIGN_STREAM: ErrorReason
ERROR_REASON_UNAUTHENTICATED: ErrorReason
ERROR_REASON_PERMISSION_DENIED: ErrorReason
ERROR_REASON_DEADLINE_EXCEEDED: ErrorReason
ERROR_REASON_CANCELLED: ErrorReason
ERROR_REASON_UNAVAILABLE: ErrorReason
ERROR_REASON_UNIMPLEMENTED: ErrorReason
ERROR_REASON_INTERNAL: ErrorReason
ERROR_REASON_TENANT_SUSPENDED: ErrorReason
ERROR_REASON_REVISION_CONFLICT: ErrorReason

class ErrorDetail(_message.Message):
    __slots__ = ("reason", "request_id", "retry_after", "outcome_unknown", "invalid_argument", "limit_exceeded", "version_conflict", "duplicate_event_id", "foreign_stream", "revision_conflict")
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    INVALID_ARGUMENT_FIELD_NUMBER: _ClassVar[int]
    LIMIT_EXCEEDED_FIELD_NUMBER: _ClassVar[int]
    VERSION_CONFLICT_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    FOREIGN_STREAM_FIELD_NUMBER: _ClassVar[int]
    REVISION_CONFLICT_FIELD_NUMBER: _ClassVar[int]
    reason: ErrorReason
    request_id: str
    retry_after: _duration_pb2.Duration
    outcome_unknown: bool
    invalid_argument: InvalidArgument
    limit_exceeded: LimitExceeded
    version_conflict: VersionConflict
    duplicate_event_id: DuplicateEventId
    foreign_stream: ForeignStream
    revision_conflict: RevisionConflict
    def __init__(self, reason: _Optional[_Union[ErrorReason, str]] = ..., request_id: _Optional[str] = ..., retry_after: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., outcome_unknown: bool = ..., invalid_argument: _Optional[_Union[InvalidArgument, _Mapping]] = ..., limit_exceeded: _Optional[_Union[LimitExceeded, _Mapping]] = ..., version_conflict: _Optional[_Union[VersionConflict, _Mapping]] = ..., duplicate_event_id: _Optional[_Union[DuplicateEventId, _Mapping]] = ..., foreign_stream: _Optional[_Union[ForeignStream, _Mapping]] = ..., revision_conflict: _Optional[_Union[RevisionConflict, _Mapping]] = ...) -> None: ...

class InvalidArgument(_message.Message):
    __slots__ = ("field", "description")
    FIELD_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    field: str
    description: str
    def __init__(self, field: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...

class LimitExceeded(_message.Message):
    __slots__ = ("limit", "maximum", "actual", "field")
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    MAXIMUM_FIELD_NUMBER: _ClassVar[int]
    ACTUAL_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    limit: str
    maximum: int
    actual: int
    field: str
    def __init__(self, limit: _Optional[str] = ..., maximum: _Optional[int] = ..., actual: _Optional[int] = ..., field: _Optional[str] = ...) -> None: ...

class VersionConflict(_message.Message):
    __slots__ = ("expected", "actual_version")
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    ACTUAL_VERSION_FIELD_NUMBER: _ClassVar[int]
    expected: str
    actual_version: int
    def __init__(self, expected: _Optional[str] = ..., actual_version: _Optional[int] = ...) -> None: ...

class DuplicateEventId(_message.Message):
    __slots__ = ("event_id",)
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    def __init__(self, event_id: _Optional[str] = ...) -> None: ...

class ForeignStream(_message.Message):
    __slots__ = ("aggregate_type", "aggregate_id")
    AGGREGATE_TYPE_FIELD_NUMBER: _ClassVar[int]
    AGGREGATE_ID_FIELD_NUMBER: _ClassVar[int]
    aggregate_type: str
    aggregate_id: str
    def __init__(self, aggregate_type: _Optional[str] = ..., aggregate_id: _Optional[str] = ...) -> None: ...

class RevisionConflict(_message.Message):
    __slots__ = ("expected_revision", "actual_revision")
    EXPECTED_REVISION_FIELD_NUMBER: _ClassVar[int]
    ACTUAL_REVISION_FIELD_NUMBER: _ClassVar[int]
    expected_revision: int
    actual_revision: int
    def __init__(self, expected_revision: _Optional[int] = ..., actual_revision: _Optional[int] = ...) -> None: ...
