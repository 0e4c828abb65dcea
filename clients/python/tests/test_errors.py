"""Runs against a real server: `npm run build` at the root first."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from annals.errors import AnnalsError, VersionConflict, from_rpc_error
from annals.v1 import event_pb2, event_store_pb2, event_store_pb2_grpc

ROOT = Path(__file__).parents[3]
TENANT = (("x-tenant-id", "2f1d9c3e-6a54-4c59-9a43-0f6f5b7c8d10"),)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[event_store_pb2_grpc.EventStoreStub]:
    command = ["node", "server/dist/main.js", "serve", "--grpc-address", "127.0.0.1:0"]
    command += ["--http-address", "off", "--store", f"sqlite:{tmp_path}/annals.db"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            entry = next(e for e in map(json.loads, server.stdout) if e.get("msg") == "listening")
            with grpc.insecure_channel(entry["grpcAddress"]) as channel:
                yield event_store_pb2_grpc.EventStoreStub(channel)
        finally:
            server.terminate()


def first_append(event_type: str) -> event_store_pb2.AppendRequest:
    request = event_store_pb2.AppendRequest(
        stream=event_pb2.StreamId(aggregate_type="Order", aggregate_id="order-1"),
        events=[event_pb2.NewEvent(event_type=event_type, data=b"{}")],
    )
    request.expected_version.no_stream.SetInParent()
    return request


def failure(store: event_store_pb2_grpc.EventStoreStub, event_type: str) -> AnnalsError:
    with pytest.raises(grpc.RpcError) as raised:
        store.Append(first_append(event_type), metadata=TENANT, timeout=10)
    return from_rpc_error(raised.value)


def test_a_lost_race_says_where_the_stream_is(store: event_store_pb2_grpc.EventStoreStub) -> None:
    store.Append(first_append("OrderPlaced"), metadata=TENANT, timeout=10)
    conflict = failure(store, "OrderPlaced")
    assert isinstance(conflict, VersionConflict)
    assert (conflict.reason, conflict.expected, conflict.actual) == ("version_conflict", "no_stream", 1)
    assert not conflict.outcome_unknown


def test_a_broken_request_has_its_reason(store: event_store_pb2_grpc.EventStoreStub) -> None:
    broken = failure(store, "")
    assert not isinstance(broken, VersionConflict)
    assert (broken.reason, broken.code) == ("invalid_argument", grpc.StatusCode.INVALID_ARGUMENT)
