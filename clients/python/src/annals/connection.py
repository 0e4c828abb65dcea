"""One channel to a server, and how calls are made over it."""

from __future__ import annotations

import ipaddress
import random
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import grpc

from annals.errors import AnnalsError, from_rpc_error

T = TypeVar("T")

#: Gives the token of a call, for a credential that is renewed.
TokenProvider = Callable[[], str]

_OPTIONS = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 5_000),
]

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 5.0


class Connection:
    """Makes calls with a credential and a deadline, and raises typed errors."""

    def __init__(
        self,
        address: str,
        *,
        tenant: str | None,
        token: str | TokenProvider | None,
        tls: grpc.ChannelCredentials | None,
        allow_plaintext_credentials: bool,
        timeout: float,
    ) -> None:
        exposed = tls is None and not _is_loopback(address)
        if token is not None and exposed and not allow_plaintext_credentials:
            raise ValueError(
                "a token would go in the clear: use tls, or allow_plaintext_credentials"
            )
        self._tenant = tenant
        self._token = token
        self.timeout = timeout
        self.channel = (
            grpc.secure_channel(address, tls, options=_OPTIONS)
            if tls is not None
            else grpc.insecure_channel(address, options=_OPTIONS)
        )

    def close(self) -> None:
        """Ends the calls that are open, and the connection."""
        self.channel.close()

    def metadata(self) -> list[tuple[str, str]]:
        metadata = [] if self._tenant is None else [("x-tenant-id", self._tenant)]
        if self._token is not None:
            token = self._token() if callable(self._token) else self._token
            metadata.append(("authorization", f"Bearer {token}"))
        return metadata

    def unary(self, method: Any, request: Any, timeout: float | None = None) -> Any:
        """One call that reads."""
        try:
            return method(request, timeout=timeout or self.timeout, metadata=self.metadata())
        except grpc.RpcError as error:
            raise from_rpc_error(error, writes=False) from None

    def write(self, method: Any, request: Any, timeout: float | None = None) -> Any:
        """One call that writes what may be written twice: it is sent again while its outcome is unknown."""
        deadline = time.monotonic() + (timeout or self.timeout)
        for pause in pauses():
            left = deadline - time.monotonic()
            try:
                return method(request, timeout=max(left, 0.001), metadata=self.metadata())
            except grpc.RpcError as rpc_error:
                error = from_rpc_error(rpc_error, writes=True)
            wait = max(pause, error.retry_after or 0)
            if not is_passing(error) or deadline - time.monotonic() <= wait:
                raise error
            time.sleep(wait)
        raise AssertionError("pauses never end")

    def stream(self, method: Any, request: Any, timeout: float | None = None) -> Iterator[Any]:
        """The answers of a call that streams them. Leaving the loop cancels the call."""
        call = method(request, timeout=timeout, metadata=self.metadata())
        try:
            yield from call
        except grpc.RpcError as error:
            raise from_rpc_error(error, writes=False) from None
        finally:
            call.cancel()


def is_passing(error: AnnalsError) -> bool:
    """Whether the same call may go well later."""
    if error.reason in ("unavailable", "limit_exceeded"):
        return error.reason == "unavailable" or error.retry_after is not None
    return error.reason == "unspecified" and error.code in (
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.UNKNOWN,
    )


def pauses() -> Iterator[float]:
    """Seconds between attempts: each twice as long as the last, up to five, with some chance in it."""
    longest = _FIRST_PAUSE
    while True:
        yield longest * random.uniform(0.5, 1)
        longest = min(2 * longest, _LONGEST_PAUSE)


def _is_loopback(address: str) -> bool:
    host = address.rsplit(":", 1)[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
