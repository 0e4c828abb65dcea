import datetime

from annals.v1 import event_store_pb2 as _event_store_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Projection(_message.Message):
    __slots__ = ("name", "fence", "place", "leased_until", "updated_at")
    NAME_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    LEASED_UNTIL_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    name: str
    fence: int
    place: str
    leased_until: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., fence: _Optional[int] = ..., place: _Optional[str] = ..., leased_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class DeadLetter(_message.Message):
    __slots__ = ("tenant_id", "event_id", "position", "attempts", "error")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    event_id: str
    position: int
    attempts: int
    error: str
    def __init__(self, tenant_id: _Optional[str] = ..., event_id: _Optional[str] = ..., position: _Optional[int] = ..., attempts: _Optional[int] = ..., error: _Optional[str] = ...) -> None: ...

class AcquireProjectionRequest(_message.Message):
    __slots__ = ("scope", "name", "lease_ms")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    LEASE_MS_FIELD_NUMBER: _ClassVar[int]
    scope: _event_store_pb2.Scope
    name: str
    lease_ms: int
    def __init__(self, scope: _Optional[_Union[_event_store_pb2.Scope, str]] = ..., name: _Optional[str] = ..., lease_ms: _Optional[int] = ...) -> None: ...

class AcquireProjectionResponse(_message.Message):
    __slots__ = ("acquired", "projection")
    ACQUIRED_FIELD_NUMBER: _ClassVar[int]
    PROJECTION_FIELD_NUMBER: _ClassVar[int]
    acquired: bool
    projection: Projection
    def __init__(self, acquired: bool = ..., projection: _Optional[_Union[Projection, _Mapping]] = ...) -> None: ...

class RenewProjectionRequest(_message.Message):
    __slots__ = ("scope", "name", "fence", "lease_ms")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    LEASE_MS_FIELD_NUMBER: _ClassVar[int]
    scope: _event_store_pb2.Scope
    name: str
    fence: int
    lease_ms: int
    def __init__(self, scope: _Optional[_Union[_event_store_pb2.Scope, str]] = ..., name: _Optional[str] = ..., fence: _Optional[int] = ..., lease_ms: _Optional[int] = ...) -> None: ...

class RenewProjectionResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ReleaseProjectionRequest(_message.Message):
    __slots__ = ("scope", "name", "fence")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    scope: _event_store_pb2.Scope
    name: str
    fence: int
    def __init__(self, scope: _Optional[_Union[_event_store_pb2.Scope, str]] = ..., name: _Optional[str] = ..., fence: _Optional[int] = ...) -> None: ...

class ReleaseProjectionResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SaveProgressRequest(_message.Message):
    __slots__ = ("scope", "name", "fence", "place", "dead_letter")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    DEAD_LETTER_FIELD_NUMBER: _ClassVar[int]
    scope: _event_store_pb2.Scope
    name: str
    fence: int
    place: str
    dead_letter: DeadLetter
    def __init__(self, scope: _Optional[_Union[_event_store_pb2.Scope, str]] = ..., name: _Optional[str] = ..., fence: _Optional[int] = ..., place: _Optional[str] = ..., dead_letter: _Optional[_Union[DeadLetter, _Mapping]] = ...) -> None: ...

class SaveProgressResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetProjectionRequest(_message.Message):
    __slots__ = ("scope", "name")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    scope: _event_store_pb2.Scope
    name: str
    def __init__(self, scope: _Optional[_Union[_event_store_pb2.Scope, str]] = ..., name: _Optional[str] = ...) -> None: ...

class GetProjectionResponse(_message.Message):
    __slots__ = ("projection",)
    PROJECTION_FIELD_NUMBER: _ClassVar[int]
    projection: Projection
    def __init__(self, projection: _Optional[_Union[Projection, _Mapping]] = ...) -> None: ...

class ListProjectionsRequest(_message.Message):
    __slots__ = ("scope", "page_size", "page_token")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    scope: _event_store_pb2.Scope
    page_size: int
    page_token: str
    def __init__(self, scope: _Optional[_Union[_event_store_pb2.Scope, str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListProjectionsResponse(_message.Message):
    __slots__ = ("projections", "next_page_token")
    PROJECTIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    projections: _containers.RepeatedCompositeFieldContainer[Projection]
    next_page_token: str
    def __init__(self, projections: _Optional[_Iterable[_Union[Projection, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteProjectionRequest(_message.Message):
    __slots__ = ("scope", "name")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    scope: _event_store_pb2.Scope
    name: str
    def __init__(self, scope: _Optional[_Union[_event_store_pb2.Scope, str]] = ..., name: _Optional[str] = ...) -> None: ...

class DeleteProjectionResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListDeadLettersRequest(_message.Message):
    __slots__ = ("scope", "name", "page_size", "page_token")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    scope: _event_store_pb2.Scope
    name: str
    page_size: int
    page_token: str
    def __init__(self, scope: _Optional[_Union[_event_store_pb2.Scope, str]] = ..., name: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListDeadLettersResponse(_message.Message):
    __slots__ = ("dead_letters", "next_page_token")
    DEAD_LETTERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    dead_letters: _containers.RepeatedCompositeFieldContainer[DeadLetter]
    next_page_token: str
    def __init__(self, dead_letters: _Optional[_Iterable[_Union[DeadLetter, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RemoveDeadLetterRequest(_message.Message):
    __slots__ = ("scope", "name", "tenant_id", "event_id")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    scope: _event_store_pb2.Scope
    name: str
    tenant_id: str
    event_id: str
    def __init__(self, scope: _Optional[_Union[_event_store_pb2.Scope, str]] = ..., name: _Optional[str] = ..., tenant_id: _Optional[str] = ..., event_id: _Optional[str] = ...) -> None: ...

class RemoveDeadLetterResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
