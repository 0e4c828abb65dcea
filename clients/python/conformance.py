"""The runner of test/conformance for Python: conformance.py <address> <folder of scenarios>."""

from __future__ import annotations

import json
import queue
import re
import sys
import threading
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import descriptor_pool, json_format, message_factory
from google.rpc import status_pb2

from annals.v1 import (  # noqa: F401  # their descriptors
    error_pb2,
    event_store_pb2,
    projections_pb2,
    server_info_pb2,
    snapshots_pb2,
    tenants_pb2,
)

PATIENCE = 10
DEFAULTS: list[Any] = [0, "0", "", False, [], {}]


class Open:
    """A call whose answers are taken one by one."""

    def __init__(self, call: Any, output: type) -> None:
        self.call = call
        self.answers: queue.Queue[Any] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            for answer in self.call:
                self.answers.put(to_json(answer))
            self.answers.put(None)
        except grpc.RpcError as error:
            self.answers.put(error)

    def next(self) -> Any:
        answer = self.answers.get(timeout=PATIENCE)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Run:
    """One scenario."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.channel = channel
        self.values: dict[str, str] = {}
        self.open: dict[str, Open] = {}

    def end(self) -> None:
        for opened in self.open.values():
            opened.call.cancel()

    def step(self, given: Any) -> None:
        step = self.fill(given)
        if "close" in step:
            self.open.pop(step["close"]).call.cancel()
        elif "from" in step:
            self.take(step)
        elif "open" in step:
            self.open[step["open"]] = Open(*self.call(step))
        else:
            self.make(step)

    def make(self, step: Any) -> None:
        answers: list[Any] = []
        error: grpc.RpcError | None = None
        try:
            call, _ = self.call(step)
            for answer in call:
                answers.append(to_json(answer))
        except grpc.RpcError as raised:
            error = raised
        if "error" in step:
            assert_error(step["error"], error)
        elif error is not None:
            raise error
        if "expect" in step:
            assert_match(step["expect"], answers[0])
        if "events" in step:
            assert_match(step["events"], [e for answer in answers for e in events_of(answer)], "events")
        for wanted, expected in step.get("answersById", {}).items():
            [found] = [a for a in answers if a.get("correlationId", "0") == wanted]
            assert_match(expected, found, wanted)
        for name, path in step.get("save", {}).items():
            value = answers[0]
            for field in path.split("."):
                value = value[field]
            self.values[name] = value

    def take(self, step: Any) -> None:
        opened = self.open[step["from"]]
        events: list[Any] = []
        marked = "until" not in step
        while not marked or len(events) < len(step["events"]):
            answer = opened.next()
            if answer is None:
                raise AssertionError(f"ended after {events}")
            events += events_of(answer)
            marked = marked or step["until"] in answer
        assert_match(step["events"], events, "events")
        if step.get("ended") and opened.next() is not None:
            raise AssertionError("goes on")

    def call(self, step: Any) -> tuple[Any, type]:
        service, _, name = step["call"].rpartition("/")
        pool = descriptor_pool.Default()
        method = pool.FindServiceByName(service or "annals.v1.EventStore").methods_by_name[name]
        make = message_factory.GetMessageClass(method.input_type)
        output = message_factory.GetMessageClass(method.output_type)
        given = step.get("requests", [step.get("request", {})])
        requests = [json_format.ParseDict(request, make()) for request in given]
        path = f"/{method.containing_service.full_name}/{name}"
        coders = {"request_serializer": make.SerializeToString, "response_deserializer": output.FromString}
        metadata = list(step.get("metadata", self.credential(step.get("as", "a"))).items())
        if method.client_streaming:
            streamed = self.channel.stream_stream(path, **coders)
            return streamed(iter(requests), metadata=metadata), output
        if method.server_streaming:
            streaming = self.channel.unary_stream(path, **coders)
            return streaming(requests[0], metadata=metadata), output
        unary = self.channel.unary_unary(path, **coders)
        return iter([unary(requests[0], metadata=metadata)]), output

    def credential(self, name: str) -> dict[str, str]:
        if name == "none":
            return {}
        return {"x-tenant-id": "*" if name == "operator" else self.value(f"tenant {name}")}

    def fill(self, step: Any) -> Any:
        if isinstance(step, str):
            return re.sub(r"\$\{([^}]+)\}", lambda found: self.value(found[1]), step)
        if isinstance(step, list):
            return [self.fill(item) for item in step]
        if isinstance(step, dict):
            return {self.fill(key): self.fill(value) for key, value in step.items()}
        return step

    def value(self, name: str) -> str:
        if name not in self.values and name.split(" ")[0] in ("uuid", "tenant"):
            self.values[name] = str(uuid.uuid4())
        return self.values[name]


def to_json(message: Any) -> Any:
    return json_format.MessageToDict(message)


def events_of(answer: Any) -> list[Any]:
    events: list[Any] = answer.get("page", {}).get("events", [])
    return events


def assert_error(expected: Any, error: Any) -> None:
    if error is None:
        raise AssertionError(f"expected {expected['code']}, but it went well")
    assert_match(expected["code"], error.code().name, "code")
    if "detail" not in expected:
        return
    trailers = dict(error.trailing_metadata() or ())
    detail = error_pb2.ErrorDetail()
    for packed in status_pb2.Status.FromString(trailers["grpc-status-details-bin"]).details:
        packed.Unpack(detail)
    assert_match(expected["detail"], to_json(detail), "detail")


def assert_match(expected: Any, actual: Any, path: str = "answer") -> None:
    fault = AssertionError(f"{path}: expected {expected!r}, got {actual!r}")
    if expected == "<absent>" or actual is None:
        if actual is None and (expected == "<absent>" or is_default(expected)):
            return
        raise fault
    if expected == "<any>":
        return
    if expected == "<time>":
        datetime.fromisoformat(actual.replace("Z", "+00:00")[:19])
    elif isinstance(expected, list):
        if not isinstance(actual, list) or len(actual) != len(expected):
            raise fault
        for i, item in enumerate(expected):
            assert_match(item, actual[i], f"{path}[{i}]")
    elif isinstance(expected, dict):
        if not isinstance(actual, dict):
            raise fault
        for name, value in expected.items():
            assert_match(value, actual.get(name), f"{path}.{name}")
    elif type(expected) is not type(actual) or expected != actual:
        raise fault


def is_default(value: Any) -> bool:
    return any(type(value) is type(default) and value == default for default in DEFAULTS)


def scenarios(folder: str) -> Iterator[Any]:
    for file in sorted(Path(folder).glob("*.json")):
        yield from json.loads(file.read_text())


def main(address: str, folder: str) -> int:
    failed = 0
    with grpc.insecure_channel(address, options=[("grpc.max_receive_message_length", -1)]) as channel:
        for scenario in scenarios(folder):
            run, fault, at = Run(channel), "", 0
            try:
                for at, step in enumerate(scenario["steps"], 1):
                    run.step(step)
            except Exception as error:  # every fault is a line of the report
                fault = f"step {at}: {type(error).__name__}: {error}"
                failed += 1
            run.end()
            line = {"name": scenario["name"], "ok": fault == ""}
            print(json.dumps(line if fault == "" else {**line, "error": fault}), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
