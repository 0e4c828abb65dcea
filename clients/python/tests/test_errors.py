import uuid

import grpc
import pytest

import annals
from annals.errors import from_rpc_error

ORDER = annals.StreamId("Order", "order-1")


def test_a_lost_race_says_where_the_stream_is(client: annals.Annals) -> None:
    client.append(ORDER, [annals.NewEvent("OrderPlaced")], expected="no_stream")
    with pytest.raises(annals.VersionConflict) as raised:
        client.append(ORDER, [annals.NewEvent("OrderPlaced")], expected="no_stream")
    conflict = raised.value
    assert (conflict.reason, conflict.expected, conflict.actual) == ("version_conflict", "no_stream", 1)
    assert not conflict.outcome_unknown


def test_a_broken_request_names_its_field(client: annals.Annals) -> None:
    with pytest.raises(annals.InvalidArgument) as raised:
        client.append(ORDER, [annals.NewEvent("")], expected="any")
    assert raised.value.field == "events[0].event_type"
    assert raised.value.code == grpc.StatusCode.INVALID_ARGUMENT


def test_a_limit_has_its_name_and_its_value(client: annals.Annals) -> None:
    with pytest.raises(annals.LimitExceeded) as raised:
        client.append(ORDER, [annals.NewEvent("x" * 256)], expected="any")
    assert (raised.value.limit, raised.value.maximum, raised.value.actual) == ("name_bytes", 255, 256)


def test_what_is_absent_is_not_found(client: annals.Annals) -> None:
    with pytest.raises(annals.NotFound):
        list(client.read(annals.StreamId("Order", str(uuid.uuid4()))))
    with pytest.raises(annals.NotFound):
        client.get_event("0f6e2d4c-8b1a-4c3d-9e5f-6a7b8c9d0e1f")


class Lost(grpc.RpcError):
    """A call that no server answered."""

    def details(self) -> str:
        return "connection reset"

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNAVAILABLE

    def trailing_metadata(self) -> None:
        return None


def test_only_a_lost_write_has_an_outcome_that_nobody_knows() -> None:
    assert from_rpc_error(Lost(), writes=True).outcome_unknown
    assert not from_rpc_error(Lost(), writes=False).outcome_unknown
