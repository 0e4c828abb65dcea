import socket
import uuid
from datetime import datetime, timezone

import pytest

import annals
from conftest import Server

ORDER = annals.StreamId("Order", "order-1")


def test_what_is_appended_is_read_as_it_was(client: annals.Annals) -> None:
    at = datetime(2024, 2, 29, 12, 34, 56, 123456, tzinfo=timezone.utc)
    event = annals.NewEvent.of_json(
        "OrderPlaced",
        {"total": "600.00", "customer": "Zo\u00eb \U0001f600"},
        metadata={"user": "u-1"},
        correlation_id="c-1",
        causation_id="c-0",
        tags=["red"],
        occurred_at=at,
    )
    appended = client.append(ORDER, [event], expected="no_stream")
    assert (appended.version, appended.first_position, appended.deduplicated) == (1, 1, False)
    [read] = client.read(ORDER)
    assert read.json() == {"total": "600.00", "customer": "Zo\u00eb \U0001f600"}
    assert (read.event_id, read.stream, read.occurred_at) == (event.event_id, ORDER, at)
    assert (read.metadata, read.correlation_id, read.tags) == ({"user": "u-1"}, "c-1", ("red",))
    assert client.get_event(event.event_id) == read
    info = client.get_stream(ORDER)
    assert (info.version, info.created_at) == (1, read.recorded_at)


def test_the_same_append_again_changes_nothing(client: annals.Annals) -> None:
    events = [annals.NewEvent("OrderPlaced")]
    first = client.append(ORDER, events, expected=0)
    again = client.append(ORDER, events, expected=0)
    assert again.deduplicated and again.first_position == first.first_position
    assert client.get_head() == 1


def test_reads_forwards_backwards_and_in_part(client: annals.Annals) -> None:
    client.append(ORDER, [annals.NewEvent(f"E{i}") for i in range(5)], expected="any")
    types = [event.event_type for event in client.read(ORDER, from_version=2, to_version=3)]
    assert types == ["E1", "E2"]
    types = [event.event_type for event in client.read(ORDER, backwards=True, limit=2)]
    assert types == ["E4", "E3"]
    picked = client.read_all(after=1, filter=annals.Filter(event_types=["E0", "E3"]))
    assert [event.position for event in picked] == [4]
    by_type = client.get_events_by_type("Order", page_size=2)
    assert [event.position for event in by_type] == [1, 2, 3, 4, 5]


def test_tenants_do_not_see_each_other(server: Server, client: annals.Annals) -> None:
    client.append(ORDER, [annals.NewEvent("OrderPlaced")], expected="any")
    with annals.connect(server.address, tenant=str(uuid.uuid4())) as other:
        assert list(other.read_all()) == []
        with pytest.raises(annals.PermissionDenied) as raised:
            list(other.read(ORDER))
        assert raised.value.reason == "foreign_stream"


def test_an_append_outlives_a_server_that_is_gone_for_a_while(
    server: Server, client: annals.Annals
) -> None:
    client.append(ORDER, [annals.NewEvent("before")], expected="any")
    server.kill()
    with pytest.raises(annals.AnnalsError) as raised:
        client.append(ORDER, [annals.NewEvent("lost")], expected="any", timeout=0.5)
    assert raised.value.outcome_unknown
    server.start()
    client.append(ORDER, [annals.NewEvent("after")], expected="any")
    assert "after" in [event.event_type for event in client.read(ORDER)]


def test_a_token_is_not_sent_in_the_clear() -> None:
    with pytest.raises(ValueError, match="in the clear"):
        annals.connect("annals.example:50051", token="secret")
    annals.connect("127.0.0.1:50051", token=lambda: "secret").close()
    annals.connect("annals.example:1", token="x", allow_plaintext_credentials=True).close()


def test_no_proxy_gets_what_is_sent_in_the_clear_to_this_machine(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.getsockname()[1]}")
        for name in ("no_proxy", "no_grpc_proxy", "grpc_proxy", "https_proxy"):
            monkeypatch.delenv(name, raising=False)
        with annals.connect(server.address, tenant=str(uuid.uuid4()), timeout=5) as client:
            assert client.get_head() == 0


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        annals.NewEvent("E", occurred_at=datetime(2024, 1, 1)).to_proto()
