from collections.abc import Callable

import grpc
import pytest

import annals
from annals.v1 import event_store_pb2 as pb
from conftest import Failure, Scripted

LOST = Failure(grpc.StatusCode.UNAVAILABLE)


def append(scripted: Scripted, token: str | Callable[[], str] = "t") -> annals.Appended:
    with annals.connect(scripted.address, token=token) as client:
        events = [annals.NewEvent("OrderPlaced")]
        return client.append(annals.StreamId("Order", "1"), events, expected="any", timeout=2)


@pytest.mark.parametrize(
    "failure",
    [
        Failure(grpc.StatusCode.INTERNAL),
        Failure(grpc.StatusCode.CANCELLED),
        Failure(grpc.StatusCode.DEADLINE_EXCEEDED),
        Failure(grpc.StatusCode.INTERNAL, "internal", outcome_unknown=True),
        Failure(grpc.StatusCode.CANCELLED, "cancelled", outcome_unknown=True),
        Failure(grpc.StatusCode.DEADLINE_EXCEEDED, "deadline_exceeded", outcome_unknown=True),
    ],
)
def test_an_append_is_sent_again_while_its_outcome_is_unknown(
    scripted: Scripted, failure: Failure
) -> None:
    scripted.script = [failure, pb.AppendResponse(aggregate_version=1)]
    assert append(scripted).version == 1
    first, second = scripted.requests
    assert first == second


def test_an_append_that_wrote_nothing_is_not_sent_again(scripted: Scripted) -> None:
    scripted.script = [Failure(grpc.StatusCode.INTERNAL, "internal")]
    with pytest.raises(annals.AnnalsError) as raised:
        append(scripted)
    assert (raised.value.reason, raised.value.outcome_unknown) == ("internal", False)


def test_a_later_refusal_does_not_tell_what_became_of_an_earlier_attempt(scripted: Scripted) -> None:
    scripted.script = [LOST, Failure(grpc.StatusCode.UNAUTHENTICATED, "unauthenticated")]
    with pytest.raises(annals.AnnalsError) as raised:
        append(scripted)
    assert (raised.value.reason, raised.value.outcome_unknown) == ("unauthenticated", True)


def test_a_token_function_that_fails_later_does_not_tell_it_either(scripted: Scripted) -> None:
    tokens = iter(["first"])
    scripted.script = [LOST]
    with pytest.raises(annals.AnnalsError) as raised:
        append(scripted, lambda: next(tokens))
    assert (raised.value.reason, raised.value.outcome_unknown) == ("unauthenticated", True)


@pytest.mark.parametrize("reason", ["version_conflict", "duplicate_event_id", "foreign_stream"])
def test_some_refusals_tell_that_nothing_was_written(scripted: Scripted, reason: str) -> None:
    scripted.script = [LOST, Failure(grpc.StatusCode.ABORTED, reason)]
    with pytest.raises(annals.AnnalsError) as raised:
        append(scripted)
    assert (raised.value.reason, raised.value.outcome_unknown) == (reason, False)
