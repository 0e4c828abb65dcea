import datetime

from annals.v1 import error_pb2 as _error_pb2
from annals.v1 import event_pb2 as _event_pb2
from google.protobuf import empty_pb2 as _empty_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Direction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DIRECTION_UNSPECIFIED: _ClassVar[Direction]
    DIRECTION_FORWARDS: _ClassVar[Direction]
    DIRECTION_BACKWARDS: _ClassVar[Direction]

class Scope(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCOPE_UNSPECIFIED: _ClassVar[Scope]
    SCOPE_TENANT: _ClassVar[Scope]
    SCOPE_ALL_TENANTS: _ClassVar[Scope]
DIRECTION_UNSPECIFIED: Direction
DIRECTION_FORWARDS: Direction
DIRECTION_BACKWARDS: Direction
SCOPE_UNSPECIFIED: Scope
SCOPE_TENANT: Scope
SCOPE_ALL_TENANTS: Scope

class ExpectedVersion(_message.Message):
    __slots__ = ("exactly", "no_stream", "stream_exists", "any")
    EXACTLY_FIELD_NUMBER: _ClassVar[int]
    NO_STREAM_FIELD_NUMBER: _ClassVar[int]
    STREAM_EXISTS_FIELD_NUMBER: _ClassVar[int]
    ANY_FIELD_NUMBER: _ClassVar[int]
    exactly: int
    no_stream: _empty_pb2.Empty
    stream_exists: _empty_pb2.Empty
    any: _empty_pb2.Empty
    def __init__(self, exactly: _Optional[int] = ..., no_stream: _Optional[_Union[_empty_pb2.Empty, _Mapping]] = ..., stream_exists: _Optional[_Union[_empty_pb2.Empty, _Mapping]] = ..., any: _Optional[_Union[_empty_pb2.Empty, _Mapping]] = ...) -> None: ...

class AppendRequest(_message.Message):
    __slots__ = ("stream", "expected_version", "events")
    STREAM_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    stream: _event_pb2.StreamId
    expected_version: ExpectedVersion
    events: _containers.RepeatedCompositeFieldContainer[_event_pb2.NewEvent]
    def __init__(self, stream: _Optional[_Union[_event_pb2.StreamId, _Mapping]] = ..., expected_version: _Optional[_Union[ExpectedVersion, _Mapping]] = ..., events: _Optional[_Iterable[_Union[_event_pb2.NewEvent, _Mapping]]] = ...) -> None: ...

class AppendResponse(_message.Message):
    __slots__ = ("aggregate_version", "first_position", "last_position", "recorded_at", "deduplicated")
    AGGREGATE_VERSION_FIELD_NUMBER: _ClassVar[int]
    FIRST_POSITION_FIELD_NUMBER: _ClassVar[int]
    LAST_POSITION_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    DEDUPLICATED_FIELD_NUMBER: _ClassVar[int]
    aggregate_version: int
    first_position: int
    last_position: int
    recorded_at: _timestamp_pb2.Timestamp
    deduplicated: bool
    def __init__(self, aggregate_version: _Optional[int] = ..., first_position: _Optional[int] = ..., last_position: _Optional[int] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., deduplicated: bool = ...) -> None: ...

class AppendStreamRequest(_message.Message):
    __slots__ = ("correlation_id", "append")
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    APPEND_FIELD_NUMBER: _ClassVar[int]
    correlation_id: int
    append: AppendRequest
    def __init__(self, correlation_id: _Optional[int] = ..., append: _Optional[_Union[AppendRequest, _Mapping]] = ...) -> None: ...

class AppendStreamResponse(_message.Message):
    __slots__ = ("correlation_id", "appended", "failed")
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    APPENDED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    correlation_id: int
    appended: AppendResponse
    failed: AppendFailure
    def __init__(self, correlation_id: _Optional[int] = ..., appended: _Optional[_Union[AppendResponse, _Mapping]] = ..., failed: _Optional[_Union[AppendFailure, _Mapping]] = ...) -> None: ...

class AppendFailure(_message.Message):
    __slots__ = ("code", "message", "detail")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    code: int
    message: str
    detail: _error_pb2.ErrorDetail
    def __init__(self, code: _Optional[int] = ..., message: _Optional[str] = ..., detail: _Optional[_Union[_error_pb2.ErrorDetail, _Mapping]] = ...) -> None: ...

class ReadRequest(_message.Message):
    __slots__ = ("stream", "from_version", "to_version", "direction", "limit", "follow")
    STREAM_FIELD_NUMBER: _ClassVar[int]
    FROM_VERSION_FIELD_NUMBER: _ClassVar[int]
    TO_VERSION_FIELD_NUMBER: _ClassVar[int]
    DIRECTION_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_FIELD_NUMBER: _ClassVar[int]
    stream: _event_pb2.StreamId
    from_version: int
    to_version: int
    direction: Direction
    limit: int
    follow: bool
    def __init__(self, stream: _Optional[_Union[_event_pb2.StreamId, _Mapping]] = ..., from_version: _Optional[int] = ..., to_version: _Optional[int] = ..., direction: _Optional[_Union[Direction, str]] = ..., limit: _Optional[int] = ..., follow: bool = ...) -> None: ...

class ReadResponse(_message.Message):
    __slots__ = ("stream", "page", "caught_up", "fell_behind")
    STREAM_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    CAUGHT_UP_FIELD_NUMBER: _ClassVar[int]
    FELL_BEHIND_FIELD_NUMBER: _ClassVar[int]
    stream: StreamInfo
    page: _event_pb2.EventPage
    caught_up: CaughtUp
    fell_behind: FellBehind
    def __init__(self, stream: _Optional[_Union[StreamInfo, _Mapping]] = ..., page: _Optional[_Union[_event_pb2.EventPage, _Mapping]] = ..., caught_up: _Optional[_Union[CaughtUp, _Mapping]] = ..., fell_behind: _Optional[_Union[FellBehind, _Mapping]] = ...) -> None: ...

class ReadAllRequest(_message.Message):
    __slots__ = ("scope", "after_position", "before_position", "after_cursor", "before_cursor", "filter", "limit", "follow")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    AFTER_POSITION_FIELD_NUMBER: _ClassVar[int]
    BEFORE_POSITION_FIELD_NUMBER: _ClassVar[int]
    AFTER_CURSOR_FIELD_NUMBER: _ClassVar[int]
    BEFORE_CURSOR_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_FIELD_NUMBER: _ClassVar[int]
    scope: Scope
    after_position: int
    before_position: int
    after_cursor: str
    before_cursor: str
    filter: Filter
    limit: int
    follow: bool
    def __init__(self, scope: _Optional[_Union[Scope, str]] = ..., after_position: _Optional[int] = ..., before_position: _Optional[int] = ..., after_cursor: _Optional[str] = ..., before_cursor: _Optional[str] = ..., filter: _Optional[_Union[Filter, _Mapping]] = ..., limit: _Optional[int] = ..., follow: bool = ...) -> None: ...

class ReadAllResponse(_message.Message):
    __slots__ = ("head", "page", "checkpoint", "caught_up", "fell_behind")
    HEAD_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    CAUGHT_UP_FIELD_NUMBER: _ClassVar[int]
    FELL_BEHIND_FIELD_NUMBER: _ClassVar[int]
    head: LogHead
    page: _event_pb2.EventPage
    checkpoint: Checkpoint
    caught_up: CaughtUp
    fell_behind: FellBehind
    def __init__(self, head: _Optional[_Union[LogHead, _Mapping]] = ..., page: _Optional[_Union[_event_pb2.EventPage, _Mapping]] = ..., checkpoint: _Optional[_Union[Checkpoint, _Mapping]] = ..., caught_up: _Optional[_Union[CaughtUp, _Mapping]] = ..., fell_behind: _Optional[_Union[FellBehind, _Mapping]] = ...) -> None: ...

class Checkpoint(_message.Message):
    __slots__ = ("position", "cursor", "time")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    position: int
    cursor: str
    time: _timestamp_pb2.Timestamp
    def __init__(self, position: _Optional[int] = ..., cursor: _Optional[str] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CaughtUp(_message.Message):
    __slots__ = ("checkpoint",)
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    checkpoint: Checkpoint
    def __init__(self, checkpoint: _Optional[_Union[Checkpoint, _Mapping]] = ...) -> None: ...

class FellBehind(_message.Message):
    __slots__ = ("checkpoint",)
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    checkpoint: Checkpoint
    def __init__(self, checkpoint: _Optional[_Union[Checkpoint, _Mapping]] = ...) -> None: ...

class Filter(_message.Message):
    __slots__ = ("aggregate_types", "aggregate_ids", "event_types", "event_type_prefixes", "tags", "recorded_from", "recorded_before", "tenant_ids")
    AGGREGATE_TYPES_FIELD_NUMBER: _ClassVar[int]
    AGGREGATE_IDS_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPES_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPE_PREFIXES_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    RECORDED_FROM_FIELD_NUMBER: _ClassVar[int]
    RECORDED_BEFORE_FIELD_NUMBER: _ClassVar[int]
    TENANT_IDS_FIELD_NUMBER: _ClassVar[int]
    aggregate_types: _containers.RepeatedScalarFieldContainer[str]
    aggregate_ids: _containers.RepeatedScalarFieldContainer[str]
    event_types: _containers.RepeatedScalarFieldContainer[str]
    event_type_prefixes: _containers.RepeatedScalarFieldContainer[str]
    tags: _containers.RepeatedScalarFieldContainer[str]
    recorded_from: _timestamp_pb2.Timestamp
    recorded_before: _timestamp_pb2.Timestamp
    tenant_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, aggregate_types: _Optional[_Iterable[str]] = ..., aggregate_ids: _Optional[_Iterable[str]] = ..., event_types: _Optional[_Iterable[str]] = ..., event_type_prefixes: _Optional[_Iterable[str]] = ..., tags: _Optional[_Iterable[str]] = ..., recorded_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., recorded_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., tenant_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class LogHead(_message.Message):
    __slots__ = ("position", "cursor", "global_position", "recorded_at")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    GLOBAL_POSITION_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    position: int
    cursor: str
    global_position: int
    recorded_at: _timestamp_pb2.Timestamp
    def __init__(self, position: _Optional[int] = ..., cursor: _Optional[str] = ..., global_position: _Optional[int] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetEventsByTypeRequest(_message.Message):
    __slots__ = ("aggregate_type", "event_types", "recorded_from", "recorded_before", "page_size", "page_token")
    AGGREGATE_TYPE_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPES_FIELD_NUMBER: _ClassVar[int]
    RECORDED_FROM_FIELD_NUMBER: _ClassVar[int]
    RECORDED_BEFORE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    aggregate_type: str
    event_types: _containers.RepeatedScalarFieldContainer[str]
    recorded_from: _timestamp_pb2.Timestamp
    recorded_before: _timestamp_pb2.Timestamp
    page_size: int
    page_token: str
    def __init__(self, aggregate_type: _Optional[str] = ..., event_types: _Optional[_Iterable[str]] = ..., recorded_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., recorded_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class GetEventsByTypeResponse(_message.Message):
    __slots__ = ("events", "next_page_token")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_event_pb2.RecordedEvent]
    next_page_token: str
    def __init__(self, events: _Optional[_Iterable[_Union[_event_pb2.RecordedEvent, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetEventRequest(_message.Message):
    __slots__ = ("event_id",)
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    def __init__(self, event_id: _Optional[str] = ...) -> None: ...

class GetEventResponse(_message.Message):
    __slots__ = ("event",)
    EVENT_FIELD_NUMBER: _ClassVar[int]
    event: _event_pb2.RecordedEvent
    def __init__(self, event: _Optional[_Union[_event_pb2.RecordedEvent, _Mapping]] = ...) -> None: ...

class GetStreamRequest(_message.Message):
    __slots__ = ("stream",)
    STREAM_FIELD_NUMBER: _ClassVar[int]
    stream: _event_pb2.StreamId
    def __init__(self, stream: _Optional[_Union[_event_pb2.StreamId, _Mapping]] = ...) -> None: ...

class GetStreamResponse(_message.Message):
    __slots__ = ("stream",)
    STREAM_FIELD_NUMBER: _ClassVar[int]
    stream: StreamInfo
    def __init__(self, stream: _Optional[_Union[StreamInfo, _Mapping]] = ...) -> None: ...

class StreamInfo(_message.Message):
    __slots__ = ("stream", "aggregate_version", "created_at", "updated_at")
    STREAM_FIELD_NUMBER: _ClassVar[int]
    AGGREGATE_VERSION_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    stream: _event_pb2.StreamId
    aggregate_version: int
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    def __init__(self, stream: _Optional[_Union[_event_pb2.StreamId, _Mapping]] = ..., aggregate_version: _Optional[int] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetHeadRequest(_message.Message):
    __slots__ = ("scope",)
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    scope: Scope
    def __init__(self, scope: _Optional[_Union[Scope, str]] = ...) -> None: ...

class GetHeadResponse(_message.Message):
    __slots__ = ("head",)
    HEAD_FIELD_NUMBER: _ClassVar[int]
    head: LogHead
    def __init__(self, head: _Optional[_Union[LogHead, _Mapping]] = ...) -> None: ...
