"""The client of an event store."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Literal

import grpc

from annals.connection import Connection, TokenProvider, is_passing, pauses
from annals.errors import AnnalsError, NotSent
from annals.events import NewEvent, RecordedEvent, StreamId, to_datetime
from annals.v1 import event_store_pb2 as pb
from annals.v1.event_store_pb2_grpc import EventStoreStub

#: What a stream must be for an append to happen: at a version (0: without events), or one of these.
Expected = int | Literal["any", "no_stream", "stream_exists"]


@dataclass(frozen=True)
class Appended:
    """Where the events of an append are."""

    version: int
    first_position: int
    last_position: int
    recorded_at: datetime
    deduplicated: bool


@dataclass(frozen=True)
class StreamInfo:
    """What is known of a stream without reading it."""

    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Filter:
    """Picks events: those that meet every part that is set; within a part any of its values, but all tags."""

    aggregate_types: Sequence[str] = ()
    aggregate_ids: Sequence[str] = ()
    event_types: Sequence[str] = ()
    event_type_prefixes: Sequence[str] = ()
    tags: Sequence[str] = field(default=())

    def to_proto(self) -> pb.Filter:
        return pb.Filter(
            aggregate_types=list(self.aggregate_types),
            aggregate_ids=list(self.aggregate_ids),
            event_types=list(self.event_types),
            event_type_prefixes=list(self.event_type_prefixes),
            tags=list(self.tags),
        )


def connect(
    address: str,
    *,
    tenant: str | None = None,
    token: str | TokenProvider | None = None,
    tls: grpc.ChannelCredentials | None = None,
    allow_plaintext_credentials: bool = False,
    timeout: float = 30.0,
) -> Annals:
    """A client. Nothing is sent until it is used.

    address: "host:port" of the gRPC port.
    tenant: a UUID. In development mode it is the credential; else it picks one of the token's tenants.
    token: a bearer token, or what gives one for each call.
    tls: grpc.ssl_channel_credentials(...); None: plaintext, with which a token is refused off loopback.
    timeout: seconds for a call that is not a stream, retries of an append included.
    """
    return Annals(
        Connection(
            address,
            tenant=tenant,
            token=token,
            tls=tls,
            allow_plaintext_credentials=allow_plaintext_credentials,
            timeout=timeout,
        )
    )


class Annals:
    """A client that acts for the tenant of its credential. Every method raises AnnalsError."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._store = EventStoreStub(connection.channel)

    def __enter__(self) -> Annals:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends every call and the connection."""
        self._connection.close()

    def append(
        self,
        stream: StreamId,
        events: Sequence[NewEvent],
        *,
        expected: Expected,
        timeout: float | None = None,
    ) -> Appended:
        """Writes events to one stream: all or none, on disk when it returns.

        While the outcome is not known, or the server asks to wait, it is sent again with the same
        event ids until the time is up. Raises VersionConflict, InvalidArgument, LimitExceeded.
        """
        request = pb.AppendRequest(
            stream=stream.to_proto(),
            expected_version=_expected(expected),
            events=[event.to_proto() for event in events],
        )
        answer = self._connection.write(self._store.Append, request, timeout)
        return Appended(
            version=answer.aggregate_version,
            first_position=answer.first_position,
            last_position=answer.last_position,
            recorded_at=to_datetime(answer.recorded_at),
            deduplicated=answer.deduplicated,
        )

    def read(
        self,
        stream: StreamId,
        *,
        from_version: int = 1,
        to_version: int | None = None,
        backwards: bool = False,
        limit: int | None = None,
    ) -> Iterator[RecordedEvent]:
        """One stream's events. Raises NotFound when there is none."""
        request = pb.ReadRequest(
            stream=stream.to_proto(),
            from_version=from_version,
            to_version=to_version or 0,
            direction=pb.DIRECTION_BACKWARDS if backwards else pb.DIRECTION_FORWARDS,
            limit=limit or 0,
        )
        for answer in self._connection.stream(self._store.Read, request):
            yield from map(RecordedEvent.from_proto, answer.page.events)

    def read_all(
        self, *, after: int = 0, filter: Filter | None = None, limit: int | None = None
    ) -> Iterator[RecordedEvent]:
        """The tenant's log after a position, up to where it ends now."""
        request = _read_all(after, filter, limit, follow=False)
        for answer in self._connection.stream(self._store.ReadAll, request):
            yield from map(RecordedEvent.from_proto, answer.page.events)

    def follow(
        self,
        *,
        after: int = 0,
        filter: Filter | None = None,
        on_caught_up: Callable[[], None] | None = None,
    ) -> Iterator[RecordedEvent]:
        """The tenant's log after a position, and what comes, for as long as the loop is not left.

        A lost connection is taken up again behind the last event: none is missed, none comes twice. So is
        a call whose token expires, with a new one.
        on_caught_up is called whenever everything up to now has come. Keep the position of what you have
        handled, and pass it as `after` next time.
        """
        place = after
        attempts = pauses()
        ever_connected = False
        telling = False  # what on_caught_up raises is not the call's
        while True:
            connected = False
            request = _read_all(place, filter, None, follow=True)
            try:
                for answer in self._connection.stream(self._store.ReadAll, request):
                    attempts = pauses()
                    connected = ever_connected = True
                    for event in answer.page.events:
                        place = event.position
                        yield RecordedEvent.from_proto(event)
                    kind = answer.WhichOneof("answer")
                    if kind == "checkpoint":
                        place = max(place, answer.checkpoint.position)
                    elif kind == "caught_up":
                        place = max(place, answer.caught_up.checkpoint.position)
                        if on_caught_up is not None:
                            telling = True
                            on_caught_up()
                            telling = False
                time.sleep(next(attempts))  # it ended as if it had a limit
            except AnnalsError as error:
                had_token = ever_connected if isinstance(error, NotSent) else connected
                expired = had_token and error.code == grpc.StatusCode.UNAUTHENTICATED
                if telling or not (is_passing(error) or expired):
                    raise
                time.sleep(max(next(attempts), error.retry_after or 0))

    def get_events_by_type(
        self, aggregate_type: str, *, event_types: Sequence[str] = (), page_size: int = 0
    ) -> Iterator[RecordedEvent]:
        """The events of one type of aggregate, in order."""
        request = pb.GetEventsByTypeRequest(
            aggregate_type=aggregate_type, event_types=list(event_types), page_size=page_size
        )
        while True:
            answer = self._connection.unary(self._store.GetEventsByType, request)
            yield from map(RecordedEvent.from_proto, answer.events)
            if answer.next_page_token == "":
                return
            request.page_token = answer.next_page_token

    def get_event(self, event_id: str) -> RecordedEvent:
        """One event. Raises NotFound."""
        request = pb.GetEventRequest(event_id=event_id)
        return RecordedEvent.from_proto(
            self._connection.unary(self._store.GetEvent, request).event
        )

    def get_stream(self, stream: StreamId) -> StreamInfo:
        """What is known of a stream. Raises NotFound."""
        request = pb.GetStreamRequest(stream=stream.to_proto())
        info = self._connection.unary(self._store.GetStream, request).stream
        return StreamInfo(
            version=info.aggregate_version,
            created_at=to_datetime(info.created_at),
            updated_at=to_datetime(info.updated_at),
        )

    def get_head(self) -> int:
        """The position of the log's last event; 0 when it is empty."""
        answer = self._connection.unary(self._store.GetHead, pb.GetHeadRequest())
        position: int = answer.head.position
        return position


def _read_all(
    after: int, filter: Filter | None, limit: int | None, *, follow: bool
) -> pb.ReadAllRequest:
    return pb.ReadAllRequest(
        after_position=after,
        filter=None if filter is None else filter.to_proto(),
        limit=limit or 0,
        follow=follow,
    )


def _expected(expected: Expected) -> pb.ExpectedVersion:
    version = pb.ExpectedVersion()
    if isinstance(expected, int):
        version.exactly = expected
    else:
        getattr(version, expected).SetInParent()
    return version
