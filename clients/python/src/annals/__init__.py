"""A client of the Annals event store."""

from annals.client import Annals, Appended, Expected, Filter, StreamInfo, connect
from annals.connection import TokenProvider
from annals.errors import (
    AnnalsError,
    InvalidArgument,
    LimitExceeded,
    NotFound,
    PermissionDenied,
    VersionConflict,
)
from annals.events import NewEvent, RecordedEvent, StreamId

__all__ = [
    "Annals",
    "AnnalsError",
    "Appended",
    "Expected",
    "Filter",
    "InvalidArgument",
    "LimitExceeded",
    "NewEvent",
    "NotFound",
    "PermissionDenied",
    "RecordedEvent",
    "StreamId",
    "StreamInfo",
    "TokenProvider",
    "VersionConflict",
    "connect",
]
