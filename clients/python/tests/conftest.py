"""Real servers: `npm run build` at the root first. ANNALS_TEST_STORE: a store instead of SQLite files."""

import json
import os
import socket
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

import annals

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
