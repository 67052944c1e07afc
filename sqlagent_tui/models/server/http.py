"""One HTTP exchange that another thread can end at any moment.

The socket is ours from the beginning: shutting it down wakes whoever reads from it, which closing alone does not.
Names are resolved and connections made in a thread of their own, because neither can be interrupted.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Final

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.models.server.address import Address

CONNECT_SECONDS: Final = 10.0


class NotConnectedError(Exception):
    """No connection came about, so the server has seen nothing. `refused`: it may be about to start."""

    def __init__(self, reason: str, remedy: str, *, refused: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy
        self.refused = refused


class ConnectionLostError(Exception):
    """The exchange broke off; how far the server had got isn't known. `silent`: it said nothing for too long."""

    def __init__(self, *, silent: bool = False) -> None:
        super().__init__("silent" if silent else "lost")
        self.silent = silent


@contextmanager
def exchange(
    address: Address,
    method: str,
    path: str,
    body: bytes | None,
    headers: Mapping[str, str],
    *,
    timeout: float,
    cancels: tuple[CancelToken, ...],
) -> Iterator[HTTPResponse]:
    """Send a request and give the response, whose body is still to be read; the connection ends with the block.

    `timeout` in seconds bounds every silence of the server. Raises NotConnectedError, ConnectionLostError, and
    `Cancelled` as soon as one of the tokens is set; while the block reads, too.
    """
    link = _Connecting(address).wait(cancels)
    connection = HTTPConnection(address.host, address.port)
    connection.default_port = 443 if address.scheme == "https" else 80
    connection.sock = link
    try:
        with ExitStack() as stack:
            for token in cancels:
                stack.enter_context(token.on_cancel(lambda: _hang_up(link)))
            link.settimeout(timeout)
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            try:
                yield response
            finally:
                response.close()
    except (OSError, HTTPException) as error:
        _raise_if_any(cancels)
        raise ConnectionLostError(silent=isinstance(error, TimeoutError)) from None
    finally:
        connection.close()
        link.close()


class _Connecting:
    """A connection being made."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._abandoned = False
        self._link: socket.socket | None = None
        self._failure: NotConnectedError | None = None
        threading.Thread(target=self._run, daemon=True, name="model-server-connect").start()

    def wait(self, cancels: tuple[CancelToken, ...]) -> socket.socket:
        """Return the connected socket. Raises NotConnectedError and `Cancelled`."""
        try:
            with ExitStack() as stack:
                for token in cancels:
                    stack.enter_context(token.on_cancel(self._done.set))
                self._done.wait()
            _raise_if_any(cancels)
        except BaseException:
            self._abandon()
            raise
        if self._link is None:
            raise self._failure or NotConnectedError("the connection failed", "")
        return self._link

    def _abandon(self) -> None:
        with self._lock:
            self._abandoned = True
            if self._link is not None:
                self._link.close()

    def _run(self) -> None:
        link: socket.socket | None = None
        try:
            link = _connect(self._address)
        except NotConnectedError as failure:
            self._failure = failure
        with self._lock:
            if self._abandoned and link is not None:
                link.close()
            self._link = link
        self._done.set()


def _connect(address: Address) -> socket.socket:
    where = address.origin
    plain: socket.socket | None = None
    try:
        plain = socket.create_connection((address.host, address.port), CONNECT_SECONDS)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if address.scheme == "http":
            return plain
        return ssl.create_default_context().wrap_socket(plain, server_hostname=address.host)
    except BaseException as error:
        if plain is not None:
            plain.close()
        if isinstance(error, OSError | ValueError):  # ValueError: a name that can't be one
            raise _not_connected(where, error) from None
        raise


def _not_connected(where: str, error: Exception) -> NotConnectedError:
    if isinstance(error, ConnectionRefusedError):
        return NotConnectedError(
            f"Nobody listens at {where}.", "Start the model server, or correct the address.", refused=True
        )
    if isinstance(error, socket.gaierror | UnicodeError):
        return NotConnectedError(f"The name in {where} is unknown.", "Correct the address.")
    if isinstance(error, ssl.SSLCertVerificationError):
        return NotConnectedError(
            f"The certificate of {where} isn't trusted: {error.verify_message}.",
            "Have its authority among the system's, or name its file in SSL_CERT_FILE.",
        )
    if isinstance(error, ssl.SSLError):
        return NotConnectedError(f"{where} doesn't speak TLS.", "Write http:// if that is what it speaks.")
    if isinstance(error, TimeoutError):
        return NotConnectedError(f"{where} doesn't answer.", "Check the address, the network and its firewall.")
    reason = error.strerror if isinstance(error, OSError) and error.strerror else "the connection failed"
    return NotConnectedError(f"There is no way to {where}: {reason}.", "Check the address and the network.")


def _hang_up(link: socket.socket) -> None:
    with suppress(OSError):
        # Not the TLS socket's own method, which would pull the session away from under the reader.
        socket.socket.shutdown(link, socket.SHUT_RDWR)


def _raise_if_any(cancels: tuple[CancelToken, ...]) -> None:
    if any(token.cancelled for token in cancels):
        raise Cancelled
