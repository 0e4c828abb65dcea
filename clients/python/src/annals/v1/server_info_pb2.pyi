from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetServerInfoRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetServerInfoResponse(_message.Message):
    __slots__ = ("server_version", "contract", "store", "limits", "features")
    SERVER_VERSION_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    STORE_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    server_version: str
    contract: str
    store: str
    limits: _containers.RepeatedCompositeFieldContainer[NamedLimit]
    features: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, server_version: _Optional[str] = ..., contract: _Optional[str] = ..., store: _Optional[str] = ..., limits: _Optional[_Iterable[_Union[NamedLimit, _Mapping]]] = ..., features: _Optional[_Iterable[str]] = ...) -> None: ...

class NamedLimit(_message.Message):
    __slots__ = ("name", "maximum")
    NAME_FIELD_NUMBER: _ClassVar[int]
    MAXIMUM_FIELD_NUMBER: _ClassVar[int]
    name: str
    maximum: int
    def __init__(self, name: _Optional[str] = ..., maximum: _Optional[int] = ...) -> None: ...
