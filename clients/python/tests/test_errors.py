import uuid
from collections.abc import Callable

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


CALLS: dict[str, Callable[[annals.Annals], object]] = {
    "append": lambda client: client.append(ORDER, [annals.NewEvent("E")], expected="any"),
    "get_head": lambda client: client.get_head(),
    "read_all": lambda client: list(client.read_all()),
    "follow": lambda client: next(client.follow()),
}
each_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())


@each_call
def test_a_token_function_that_fails_is_an_error_of_the_call(
    call: Callable[[annals.Annals], object],
) -> None:
    def token() -> str:
        raise OSError("the identity provider does not answer")

    with annals.connect("127.0.0.1:1", token=token) as client:
        with pytest.raises(annals.AnnalsError, match="does not answer") as raised:
            call(client)
    assert (raised.value.reason, raised.value.outcome_unknown) == ("unauthenticated", False)
    assert isinstance(raised.value.__cause__, OSError)


@each_call
def test_a_token_that_no_header_can_have_is_not_sent(call: Callable[[annals.Annals], object]) -> None:
    with annals.connect("127.0.0.1:1", token="secret\n") as client:
        with pytest.raises(annals.AnnalsError) as raised:
            call(client)
    assert (raised.value.reason, raised.value.outcome_unknown) == ("unauthenticated", False)
    assert "secret" not in str(raised.value)


@each_call
def test_a_closed_client_is_an_error_of_the_call(call: Callable[[annals.Annals], object]) -> None:
    client = annals.connect("127.0.0.1:1")
    client.close()
    with pytest.raises(annals.AnnalsError) as raised:
        call(client)
    assert (raised.value.reason, raised.value.outcome_unknown) == ("cancelled", False)


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
