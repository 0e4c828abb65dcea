"""One channel to a server, and how calls are made over it."""

from __future__ import annotations

import ipaddress
import random
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import grpc

from annals.errors import AnnalsError, NotSent, from_rpc_error

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

# Else http_proxy would get what is meant for this machine alone.
_NO_PROXY = [("grpc.enable_http_proxy", 0)]

# The server looks for the events' ids before it refuses so: none was written.
_TELLS_OUTCOME = ("version_conflict", "duplicate_event_id", "foreign_stream")

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
        loopback = _is_loopback(address)
        exposed = tls is None and not loopback
        if token is not None and exposed and not allow_plaintext_credentials:
            raise ValueError(
                "a token would go in the clear: use tls, or allow_plaintext_credentials"
            )
        self._tenant = tenant
        self._token = token
        self._closed = False
        self.timeout = timeout
        self.channel = (
            grpc.secure_channel(address, tls, options=_OPTIONS)
            if tls is not None
            else grpc.insecure_channel(address, options=_OPTIONS + (_NO_PROXY if loopback else []))
        )

    def close(self) -> None:
        """Ends the calls that are open, and the connection."""
        self._closed = True
        self.channel.close()

    def metadata(self) -> list[tuple[str, str]]:
        metadata = [] if self._tenant is None else [("x-tenant-id", self._tenant)]
        if self._token is not None:
            metadata.append(("authorization", f"Bearer {self._get_token()}"))
        if not all(value.isascii() and value.isprintable() for _, value in metadata):
            message = "the tenant or the token has characters that a header cannot have"
            raise NotSent(message, grpc.StatusCode.UNAUTHENTICATED)
        return metadata

    def _get_token(self) -> str | None:
        if not callable(self._token):
            return self._token
        try:
            return self._token()
        except Exception as error:
            message = f"the token function failed: {error}"
            raise NotSent(message, grpc.StatusCode.UNAUTHENTICATED) from error

    def unary(self, method: Any, request: Any, timeout: float | None = None) -> Any:
        """One call that reads."""
        return self._call(method, request, timeout or self.timeout, writes=False)

    def write(self, method: Any, request: Any, timeout: float | None = None) -> Any:
        """One call that writes what may be written twice: it is sent again while its outcome is unknown."""
        deadline = time.monotonic() + (timeout or self.timeout)
        doubt = False
        for pause in pauses():
            left = deadline - time.monotonic()
            try:
                return self._call(method, request, max(left, 0.001), writes=True)
            except AnnalsError as failed:
                error = failed
            doubt = (doubt or error.outcome_unknown) and error.reason not in _TELLS_OUTCOME
            error.outcome_unknown = doubt
            again = is_passing(error) or (doubt and _may_tell_later(error))
            wait = max(pause, error.retry_after or 0)
            if not again or deadline - time.monotonic() <= wait:
                raise error
            time.sleep(wait)
        raise AssertionError("pauses never end")

    def stream(self, method: Any, request: Any, timeout: float | None = None) -> Iterator[Any]:
        """The answers of a call that streams them. Leaving the loop cancels the call."""
        call = self._call(method, request, timeout, writes=False)
        try:
            yield from call
        except grpc.RpcError as error:
            raise from_rpc_error(error, writes=False) from None
        finally:
            call.cancel()

    def _call(self, method: Any, request: Any, timeout: float | None, *, writes: bool) -> Any:
        closed = NotSent("the client is closed", grpc.StatusCode.CANCELLED)
        if self._closed:
            raise closed
        metadata = self.metadata()
        try:
            return method(request, timeout=timeout, metadata=metadata)
        except grpc.RpcError as error:
            raise from_rpc_error(error, writes=writes) from None
        except ValueError:
            if self._closed:
                raise closed from None
            raise


def is_passing(error: AnnalsError) -> bool:
    """Whether the same call may go well later."""
    if error.reason in ("unavailable", "limit_exceeded"):
        return error.reason == "unavailable" or error.retry_after is not None
    return error.reason == "unspecified" and error.code in (
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.UNKNOWN,
    )


def _may_tell_later(error: AnnalsError) -> bool:
    """Whether a write whose outcome is unknown may get an answer when it is sent again."""
    if error.reason in ("internal", "deadline_exceeded", "cancelled"):
        return not isinstance(error, NotSent)
    return error.reason == "unspecified" and error.code in (
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
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
