import threading

import annals
from conftest import Server

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
