import threading

import grpc
import pytest

import annals
from annals.v1 import error_pb2, event_pb2
from annals.v1 import event_store_pb2 as pb
from conftest import Failure, Scripted, Server

ORDER = annals.StreamId("Order", "order-1")


def append(client: annals.Annals, count: int) -> None:
    for _ in range(count):
        client.append(ORDER, [annals.NewEvent("OrderPlaced")], expected="any")


def test_a_follower_is_caught_up_and_then_gets_what_comes(client: annals.Annals) -> None:
    append(client, 3)
    live = threading.Event()
    positions = []

    def write_when_live() -> None:
        assert live.wait(20)
        append(client, 3)

    writer = threading.Thread(target=write_when_live)
    writer.start()
    for event in client.follow(after=1, on_caught_up=live.set):
        positions.append(event.position)
        if event.position == 6:
            break
    writer.join()
    assert positions == [2, 3, 4, 5, 6]


def test_a_follower_goes_on_where_it_was_when_the_server_comes_back(
    server: Server, client: annals.Annals
) -> None:
    append(client, 5)
    live = threading.Event()
    positions = []

    def restart_when_live() -> None:
        assert live.wait(20)
        server.kill()
        server.start()
        append(client, 5)

    restarter = threading.Thread(target=restart_when_live)
    restarter.start()
    for event in client.follow(on_caught_up=live.set):
        positions.append(event.position)
        if event.position == 10:
            break
    restarter.join()
    assert positions == list(range(1, 11))


def test_what_on_caught_up_raises_ends_a_follower(client: annals.Annals) -> None:
    detail = error_pb2.ErrorDetail(reason=error_pb2.ERROR_REASON_UNAVAILABLE)
    failure = annals.AnnalsError("mine", grpc.StatusCode.UNAVAILABLE, detail)

    def fail() -> None:
        raise failure

    with pytest.raises(annals.AnnalsError) as raised:
        next(client.follow(on_caught_up=fail))
    assert raised.value is failure


EXPIRED = Failure(grpc.StatusCode.UNAUTHENTICATED, "unauthenticated")


def page(position: int) -> pb.ReadAllResponse:
    return pb.ReadAllResponse(
        page=event_pb2.EventPage(events=[event_pb2.RecordedEvent(position=position)])
    )


def test_a_follower_takes_a_new_token_when_the_old_one_expires(scripted: Scripted) -> None:
    scripted.script = [[page(1), EXPIRED], [page(2)]]
    tokens: list[str | None] = ["first", None, "second"]

    def token() -> str:
        given = tokens.pop(0)
        if given is None:
            raise OSError("the identity provider does not answer")
        return given

    with annals.connect(scripted.address, token=token) as client:
        following = client.follow()
        assert [next(following).position, next(following).position] == [1, 2]
        following.close()
    assert scripted.tokens == ["Bearer first", "Bearer second"]
    assert [request.after_position for request in scripted.requests] == [0, 1]


def test_a_token_that_is_refused_at_once_ends_a_follower(scripted: Scripted) -> None:
    scripted.script = [[page(1), EXPIRED], [EXPIRED]]
    positions = []
    with annals.connect(scripted.address, token="old") as client:
        with pytest.raises(annals.AnnalsError) as raised:
            for event in client.follow():
                positions.append(event.position)
    assert (raised.value.reason, positions, len(scripted.requests)) == ("unauthenticated", [1], 2)


def test_a_follower_ends_when_its_client_is_closed(scripted: Scripted) -> None:
    scripted.script = [[page(1), EXPIRED]]
    tokens = ["first"]

    def token() -> str:
        if not tokens:
            client.close()
            raise OSError("the identity provider does not answer")
        return tokens.pop()

    client = annals.connect(scripted.address, token=token)
    following = client.follow()
    assert next(following).position == 1
    with pytest.raises(annals.AnnalsError) as raised:
        next(following)
    assert raised.value.reason == "cancelled"
