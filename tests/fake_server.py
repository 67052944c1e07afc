"""Just enough of PostgreSQL's start-up protocol to ask for a password and refuse it."""

from __future__ import annotations

import socket
import struct
import threading
from types import TracebackType


class PasswordServer:
    """Listens on a free port of 127.0.0.1; every password is wrong."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> PasswordServer:
        self._thread.start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            with client:
                self._refuse(client)

    def _refuse(self, client: socket.socket) -> None:
        (length,) = struct.unpack("!i", _exactly(client, 4))
        _exactly(client, length - 4)
        client.sendall(b"R" + struct.pack("!ii", 8, 3))  # a password in clear text, please
        if client.recv(1) != b"p":
            return
        (length,) = struct.unpack("!i", _exactly(client, 4))
        _exactly(client, length - 4)
        fields = b'SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user "maria"\0\0'
        client.sendall(b"E" + struct.pack("!i", len(fields) + 4) + fields)


def _exactly(client: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = client.recv(count - len(data))
        if not piece:
            return data.ljust(count, b"\0")
        data += piece
    return data
