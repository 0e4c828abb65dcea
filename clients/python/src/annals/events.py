"""Events as Python has them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from annals.v1 import event_pb2


@dataclass(frozen=True)
class StreamId:
    """Names one stream of the tenant's: an aggregate."""

    aggregate_type: str
    aggregate_id: str

    def to_proto(self) -> event_pb2.StreamId:
        return event_pb2.StreamId(
            aggregate_type=self.aggregate_type, aggregate_id=self.aggregate_id
        )


@dataclass(frozen=True)
class NewEvent:
    """An event to append.

    event_id: a UUID, made here; appending the same ids again is safe.
    occurred_at: when it happened, with a time zone; None: when the server records it.
    """

    event_type: str
    data: bytes = b""
    content_type: str = "application/json"
    metadata: Mapping[str, str] = field(default_factory=dict)
    correlation_id: str = ""
    causation_id: str = ""
    tags: Sequence[str] = ()
    occurred_at: datetime | None = None
    event_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @staticmethod
    def of_json(event_type: str, data: Any, **more: Any) -> NewEvent:
        """An event whose data is a value as JSON."""
        return NewEvent(event_type, json.dumps(data, allow_nan=False).encode(), **more)

    def to_proto(self) -> event_pb2.NewEvent:
        event = event_pb2.NewEvent(
            event_id=self.event_id,
            event_type=self.event_type,
            data=self.data,
            content_type=self.content_type,
            metadata=dict(self.metadata),
            correlation_id=self.correlation_id,
            causation_id=self.causation_id,
            tags=list(self.tags),
        )
        if self.occurred_at is not None:
            if self.occurred_at.tzinfo is None:
                raise ValueError("occurred_at has no time zone")
            event.occurred_at.FromDatetime(self.occurred_at.astimezone(timezone.utc))
        return event


@dataclass(frozen=True)
class RecordedEvent:
    """An event in the log.

    aggregate_version: 1 for the first of its stream. position: 1 for the first of its tenant.
    global_position: only when an operator reads all tenants.
    """

    tenant_id: str
    event_id: str
    stream: StreamId
    event_type: str
    aggregate_version: int
    position: int
    global_position: int | None
    occurred_at: datetime
    recorded_at: datetime
    data: bytes
    content_type: str
    metadata: Mapping[str, str]
    correlation_id: str
    causation_id: str
    tags: Sequence[str]

    def json(self) -> Any:
        """The data as a value. Raises ValueError when it is not JSON."""
        return json.loads(self.data)

    @staticmethod
    def from_proto(
        event: event_pb2.RecordedEvent, global_position: int | None = None
    ) -> RecordedEvent:
        return RecordedEvent(
            tenant_id=event.tenant_id,
            event_id=event.event_id,
            stream=StreamId(event.aggregate_type, event.aggregate_id),
            event_type=event.event_type,
            aggregate_version=event.aggregate_version,
            position=event.position,
            global_position=global_position,
            occurred_at=to_datetime(event.occurred_at),
            recorded_at=to_datetime(event.recorded_at),
            data=event.data,
            content_type=event.content_type,
            metadata=dict(event.metadata),
            correlation_id=event.correlation_id,
            causation_id=event.causation_id,
            tags=tuple(event.tags),
        )


def to_datetime(timestamp: Timestamp) -> datetime:
    """In UTC, to the microsecond."""
    return timestamp.ToDatetime(tzinfo=timezone.utc)
