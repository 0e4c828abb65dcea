import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TenantLimits(_message.Message):
    __slots__ = ("append_events_per_second", "append_bytes_per_second", "events_per_day", "stored_bytes", "open_streams", "page_events")
    APPEND_EVENTS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    APPEND_BYTES_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    EVENTS_PER_DAY_FIELD_NUMBER: _ClassVar[int]
    STORED_BYTES_FIELD_NUMBER: _ClassVar[int]
    OPEN_STREAMS_FIELD_NUMBER: _ClassVar[int]
    PAGE_EVENTS_FIELD_NUMBER: _ClassVar[int]
    append_events_per_second: int
    append_bytes_per_second: int
    events_per_day: int
    stored_bytes: int
    open_streams: int
    page_events: int
    def __init__(self, append_events_per_second: _Optional[int] = ..., append_bytes_per_second: _Optional[int] = ..., events_per_day: _Optional[int] = ..., stored_bytes: _Optional[int] = ..., open_streams: _Optional[int] = ..., page_events: _Optional[int] = ...) -> None: ...

class Suspension(_message.Message):
    __slots__ = ("suspended_at", "reason")
    SUSPENDED_AT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    suspended_at: _timestamp_pb2.Timestamp
    reason: str
    def __init__(self, suspended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class Tenant(_message.Message):
    __slots__ = ("tenant_id", "display_name", "features", "suspension", "limits", "effective_limits", "event_count", "first_position", "last_position", "last_recorded_at", "stored_bytes", "revision")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    SUSPENSION_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_LIMITS_FIELD_NUMBER: _ClassVar[int]
    EVENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    FIRST_POSITION_FIELD_NUMBER: _ClassVar[int]
    LAST_POSITION_FIELD_NUMBER: _ClassVar[int]
    LAST_RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    STORED_BYTES_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    display_name: str
    features: _containers.RepeatedScalarFieldContainer[str]
    suspension: Suspension
    limits: TenantLimits
    effective_limits: TenantLimits
    event_count: int
    first_position: int
    last_position: int
    last_recorded_at: _timestamp_pb2.Timestamp
    stored_bytes: int
    revision: int
    def __init__(self, tenant_id: _Optional[str] = ..., display_name: _Optional[str] = ..., features: _Optional[_Iterable[str]] = ..., suspension: _Optional[_Union[Suspension, _Mapping]] = ..., limits: _Optional[_Union[TenantLimits, _Mapping]] = ..., effective_limits: _Optional[_Union[TenantLimits, _Mapping]] = ..., event_count: _Optional[int] = ..., first_position: _Optional[int] = ..., last_position: _Optional[int] = ..., last_recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., stored_bytes: _Optional[int] = ..., revision: _Optional[int] = ...) -> None: ...

class ListTenantsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListTenantsResponse(_message.Message):
    __slots__ = ("tenants", "next_page_token")
    TENANTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    tenants: _containers.RepeatedCompositeFieldContainer[Tenant]
    next_page_token: str
    def __init__(self, tenants: _Optional[_Iterable[_Union[Tenant, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DescribeTenantRequest(_message.Message):
    __slots__ = ("tenant_id",)
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    def __init__(self, tenant_id: _Optional[str] = ...) -> None: ...

class DescribeTenantResponse(_message.Message):
    __slots__ = ("tenant",)
    TENANT_FIELD_NUMBER: _ClassVar[int]
    tenant: Tenant
    def __init__(self, tenant: _Optional[_Union[Tenant, _Mapping]] = ...) -> None: ...

class FeatureList(_message.Message):
    __slots__ = ("features",)
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    features: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, features: _Optional[_Iterable[str]] = ...) -> None: ...

class ConfigureTenantRequest(_message.Message):
    __slots__ = ("tenant_id", "display_name", "features", "limits", "expected_revision")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_REVISION_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    display_name: str
    features: FeatureList
    limits: TenantLimits
    expected_revision: int
    def __init__(self, tenant_id: _Optional[str] = ..., display_name: _Optional[str] = ..., features: _Optional[_Union[FeatureList, _Mapping]] = ..., limits: _Optional[_Union[TenantLimits, _Mapping]] = ..., expected_revision: _Optional[int] = ...) -> None: ...

class ConfigureTenantResponse(_message.Message):
    __slots__ = ("tenant",)
    TENANT_FIELD_NUMBER: _ClassVar[int]
    tenant: Tenant
    def __init__(self, tenant: _Optional[_Union[Tenant, _Mapping]] = ...) -> None: ...

class SuspendTenantRequest(_message.Message):
    __slots__ = ("tenant_id", "reason")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    reason: str
    def __init__(self, tenant_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class SuspendTenantResponse(_message.Message):
    __slots__ = ("tenant",)
    TENANT_FIELD_NUMBER: _ClassVar[int]
    tenant: Tenant
    def __init__(self, tenant: _Optional[_Union[Tenant, _Mapping]] = ...) -> None: ...

class ResumeTenantRequest(_message.Message):
    __slots__ = ("tenant_id",)
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    def __init__(self, tenant_id: _Optional[str] = ...) -> None: ...

class ResumeTenantResponse(_message.Message):
    __slots__ = ("tenant",)
    TENANT_FIELD_NUMBER: _ClassVar[int]
    tenant: Tenant
    def __init__(self, tenant: _Optional[_Union[Tenant, _Mapping]] = ...) -> None: ...

class GetCurrentTenantRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetCurrentTenantResponse(_message.Message):
    __slots__ = ("tenant_id", "display_name", "features", "effective_limits")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_LIMITS_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    display_name: str
    features: _containers.RepeatedScalarFieldContainer[str]
    effective_limits: TenantLimits
    def __init__(self, tenant_id: _Optional[str] = ..., display_name: _Optional[str] = ..., features: _Optional[_Iterable[str]] = ..., effective_limits: _Optional[_Union[TenantLimits, _Mapping]] = ...) -> None: ...
