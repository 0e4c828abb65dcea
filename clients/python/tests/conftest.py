"""Real servers: `npm run build` at the root first. ANNALS_TEST_STORE: a store instead of SQLite files."""

import json
import os
import socket
import subprocess
import uuid
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import any_pb2
from google.rpc import status_pb2

import annals
from annals.v1 import error_pb2, event_store_pb2_grpc

ROOT = Path(__file__).parents[3]


class Server:
    """A server process on one port, which can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.store = os.environ.get("ANNALS_TEST_STORE", f"sqlite:{folder}/annals.db")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = ["node", "server/dist/main.js", "serve", "--grpc-address", self.address]
        command += ["--http-address", "off"]
        settings = {"ANNALS_STORE": self.store, "ANNALS_AUDIT_LOG": "off"}
        if self.store.startswith("postgres"):
            settings["ANNALS_MIGRATE"] = "true"
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, **settings}
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if json.loads(line).get("msg") == "listening":
                return
        raise AssertionError("the server ended before it listened")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()


class Failure:
    """What a scripted call fails with; without a reason there is no detail, as from a proxy."""

    def __init__(self, code: grpc.StatusCode, reason: str | None = None, **detail: Any) -> None:
        self.code = code
        self.trailers: list[tuple[str, bytes]] = []
        if reason is not None:
            number = error_pb2.ErrorReason.Value(f"ERROR_REASON_{reason.upper()}")
            packed = any_pb2.Any()
            packed.Pack(error_pb2.ErrorDetail(reason=number, **detail))
            status = status_pb2.Status(code=code.value[0], details=[packed])
            self.trailers.append(("grpc-status-details-bin", status.SerializeToString()))


class Scripted(event_store_pb2_grpc.EventStoreServicer):
    """A server that answers each call with what comes next in its script; a list is a stream."""

    def __init__(self) -> None:
        self.script: list[Any] = []
        self.requests: list[Any] = []
        self.tokens: list[Any] = []
        self.address = ""

    def Append(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._answer(self._take(request, context), context)

    def ReadAll(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        for answer in self._take(request, context):
            yield self._answer(answer, context)

    def _take(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.requests.append(request)
        self.tokens.append(dict(context.invocation_metadata()).get("authorization"))
        return self.script.pop(0)

    def _answer(self, answer: Any, context: grpc.ServicerContext) -> Any:
        if isinstance(answer, Failure):
            context.set_trailing_metadata(answer.trailers)
            context.abort(answer.code, "as scripted")
        return answer


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    scripted = Scripted()
    running = grpc.server(futures.ThreadPoolExecutor(4))
    event_store_pb2_grpc.add_EventStoreServicer_to_server(scripted, running)
    scripted.address = f"127.0.0.1:{running.add_insecure_port('127.0.0.1:0')}"
    running.start()
    yield scripted
    running.stop(0).wait()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path)
    running.start()
    yield running
    running.kill()


@pytest.fixture
def client(server: Server) -> Iterator[annals.Annals]:
    with annals.connect(server.address, tenant=str(uuid.uuid4()), timeout=20) as opened:
        yield opened
