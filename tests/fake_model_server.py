"""A scripted HTTP server: answers each path as a model server would on the wire, and keeps what it was sent."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any


class Exchange(BaseHTTPRequestHandler):
    """One request, and the ways to answer it."""

    protocol_version = "HTTP/1.1"
    server: _Server
    body: Any

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def json(self, value: Any, status: int = 200, headers: Mapping[str, str] = {}) -> None:
        """Answer with a JSON value."""
        self.text(json.dumps(value), "application/json; charset=utf-8", status, headers)

    def text(self, text: str, kind: str = "text/html", status: int = 200, headers: Mapping[str, str] = {}) -> None:
        """Answer with a text."""
        data = text.encode()
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def begin_events(self) -> None:
        """Begin a chunked stream of events."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def chunk(self, text: str) -> None:
        """Send a chunk at once."""
        data = text.encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def events(self, *values: Any, done: bool = True) -> None:
        """Stream values as events, to a proper end."""
        self.begin_events()
        for value in values:
            self.chunk(f"data: {value if isinstance(value, str) else json.dumps(value)}\n\n")
        if done:
            self.chunk("data: [DONE]\n\n")
        self.chunk("")

    def hang_up(self) -> None:
        """End the connection without a word."""
        self.close_connection = True

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.body = json.loads(self.rfile.read(length)) if length else None
        self.server.owner.requests.append((self.path, self.body, dict(self.headers)))
        route = self.server.owner.routes.get(self.path)
        try:
            if callable(route):
                route(self)
            elif route is not None:
                self.json(route)
            else:
                self.json({"error": {"message": "Not Found", "type": "not_found_error", "code": 404}}, 404)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True


Route = Callable[[Exchange], None] | dict[str, Any]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    owner: FakeModelServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error."""


class FakeModelServer:
    """Listens on a free port of 127.0.0.1. `routes`: a JSON object to answer with, or a function that answers."""

    def __init__(self, routes: Mapping[str, Route], certificate: Path | None = None) -> None:
        self.routes = dict(routes)
        self.requests: list[tuple[str, Any, dict[str, str]]] = []
        self._server = _Server(("127.0.0.1", 0), Exchange)
        self._server.owner = self
        scheme, host = "http", "127.0.0.1"
        if certificate is not None:
            scheme, host = "https", "localhost"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{scheme}://{host}:{self._server.server_address[1]}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def bodies(self, path: str) -> list[Any]:
        """What was sent to `path`, in order."""
        return [body for asked, body, _headers in self.requests if asked == path]

    def __enter__(self) -> FakeModelServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
