"""Requests to a model server: key, patience, and what may be asked again.

Only what the server has not begun is repeated: a connection that nobody accepted, and an answer of 429 or 503. A
request that was sent and then lost is not, since the server may still be at work on it.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from email.utils import parsedate_to_datetime
from http.client import HTTPResponse
from typing import Any, Final, NamedTuple

from sqlagent_tui import __version__
from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.models.server import http
from sqlagent_tui.models.server.address import Address
from sqlagent_tui.models.server.key import ApiKey, from_keyring

MAX_BODY: Final = 8 << 20
"""Bytes of an answer that isn't streamed."""
_REFUSED_PAUSES: Final = (0.2, 0.5, 1.0)
_BUSY_PAUSES: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
_MAX_WAIT: Final = 60.0
"""Seconds of pauses in one request, whatever Retry-After says."""
_BUSY: Final = (429, 503)


class Reply(NamedTuple):
    """A whole answer."""

    status: int
    kind: str
    """Its media type, without parameters."""
    body: bytes

    def json(self) -> Any:
        """Return the body's value; None when it isn't JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class Client:
    """Speaks to one server. From any thread."""

    def __init__(self, address: Address, key: ApiKey | None, timeout: float) -> None:
        """`timeout`: seconds that the server may be silent."""
        self.address = address
        self.key = key
        self.timeout = timeout
        self._asked_keyring = key is not None
        self._closing = CancelToken()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closing.cancelled

    def close(self) -> None:
        """End what is under way; it raises `Cancelled`."""
        self._closing.cancel()

    def get(self, path: str, cancel: CancelToken, timeout: float | None = None) -> Reply:
        """Fetch `path`. Raises as `http.exchange`."""
        return self._whole("GET", path, None, cancel, timeout)

    def post(self, path: str, value: Mapping[str, Any], cancel: CancelToken, timeout: float | None = None) -> Reply:
        """Send a JSON object and return the whole answer. Raises as `http.exchange`."""
        return self._whole("POST", path, value, cancel, timeout)

    @contextmanager
    def open(
        self,
        method: str,
        path: str,
        value: Mapping[str, Any] | None,
        cancel: CancelToken,
        timeout: float | None = None,
    ) -> Iterator[HTTPResponse]:
        """Give the response to a request, its body still to be read. Raises as `http.exchange`."""
        body = None if value is None else json.dumps(value).encode()
        pauses = _Pauses()
        while True:
            with ExitStack() as stack:
                try:
                    response = stack.enter_context(
                        http.exchange(
                            self.address,
                            method,
                            path,
                            body,
                            self._headers(),
                            timeout=timeout or self.timeout,
                            cancels=(cancel, self._closing),
                        )
                    )
                except http.NotConnectedError as failure:
                    pause = pauses.after_refusal() if failure.refused else None
                    if pause is None:
                        raise
                else:
                    if response.status == 401 and self._look_into_keyring():
                        continue
                    pause = pauses.when_busy(response) if response.status in _BUSY else None
                    if pause is None:
                        yield response
                        return
            self._sleep(pause, cancel)

    def _whole(
        self, method: str, path: str, value: Mapping[str, Any] | None, cancel: CancelToken, timeout: float | None
    ) -> Reply:
        with self.open(method, path, value, cancel, timeout) as response:
            return read(response)

    def _headers(self) -> dict[str, str]:
        headers = {
            "Accept": "text/event-stream, application/json",
            "Content-Type": "application/json",
            "Connection": "close",
            "User-Agent": f"sqlagent-tui/{__version__}",
        }
        if self.key is not None:
            headers["Authorization"] = self.key.header()
        return headers

    def _look_into_keyring(self) -> bool:
        """Whether there is a key now. Asked only when the server wants one: a keyring may have to be unlocked."""
        if self._asked_keyring:
            return False
        self._asked_keyring = True
        self.key = from_keyring(self.address.origin)
        return self.key is not None

    def _sleep(self, seconds: float, cancel: CancelToken) -> None:
        awake = threading.Event()
        with cancel.on_cancel(awake.set), self._closing.on_cancel(awake.set):
            awake.wait(seconds)
        cancel.raise_if_cancelled()
        self._closing.raise_if_cancelled()


def read(response: HTTPResponse) -> Reply:
    """Read a response to its end, or to `MAX_BODY`."""
    kind = response.headers.get_content_type() if "Content-Type" in response.headers else ""
    return Reply(response.status, kind, response.read(MAX_BODY))


class _Pauses:
    """How long to wait before asking again; None: no more."""

    def __init__(self) -> None:
        self._refusals = iter(_REFUSED_PAUSES)
        self._busy = iter(_BUSY_PAUSES)
        self._left = _MAX_WAIT

    def after_refusal(self) -> float | None:
        return next(self._refusals, None)

    def when_busy(self, response: HTTPResponse) -> float | None:
        usual = next(self._busy, None)
        if usual is None:
            return None
        pause = max(_retry_after(response.headers.get("Retry-After", "")), usual)
        self._left -= pause
        return pause if self._left >= 0 else None


def _retry_after(text: str) -> float:
    """Seconds that a Retry-After asks for, as a number or a date (RFC 9110, 10.2.3); 0 when it can't be read."""
    if text.strip().isascii() and text.strip().isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 0.0
