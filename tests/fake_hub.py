"""A small server that speaks the hub's HTTP: the list of a repository's files, redirects, ranges; and its faults."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import unquote

COMMIT = "c0ffee" + "0" * 34


@dataclass
class Request:
    """One request for content, and how many bytes of it were sent."""

    range: str
    authorization: str
    sent: int = 0


@dataclass
class Repository:
    """Files by name. `refuse`: status and X-Error-Code of every answer instead."""

    files: dict[str, bytes]
    refuse: tuple[int, str] | None = None
    licence: str = "apache-2.0"


@dataclass
class FakeHub:
    """Listens on a free port of 127.0.0.1; the content lies on another host, `localhost`, as on a CDN."""

    repositories: dict[str, Repository] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)
    """For each coming request for content: after how many bytes its connection is closed."""
    ignores_ranges: bool = False
    wrong: bool = False
    """The content has another byte than the one that was hashed."""
    plain: bool = False
    """The files are ordinary ones of a repository: no SHA-256."""
    pause: float = 0.0
    """Seconds between 4 kB of content."""
    requests: list[Request] = field(default_factory=list)
    """For content, in order."""
    tokens: list[str] = field(default_factory=list)
    """Authorization headers of the other requests."""

    def __enter__(self) -> FakeHub:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    @property
    def sent(self) -> int:
        """Bytes of content that were sent in all."""
        return sum(request.sent for request in self.requests)


def _handler(hub: FakeHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            path = unquote(self.path.partition("?")[0])
            if match := re.fullmatch(r"/content/([^/]+/[^/]+)/(.+)", path):
                self._content(hub.repositories[match[1]].files[match[2]])
                return
            hub.tokens.append(self.headers.get("Authorization", ""))
            match = re.fullmatch(r"(?:/api/models)?/([^/]+/[^/]+)(?:/(?:resolve|revision)/[^/]+)?(?:/(.+))?", path)
            repository = hub.repositories.get(match[1]) if match else None
            if match is None or repository is None:
                self._answer(404, {"X-Error-Code": "RepoNotFound"})
            elif repository.refuse is not None:
                self._answer(repository.refuse[0], {"X-Error-Code": repository.refuse[1]})
            elif path.startswith("/api/"):
                self._answer(200, {}, json.dumps(_listing(match[1], repository)).encode())
            elif match[2] not in repository.files:
                self._answer(404, {"X-Error-Code": "EntryNotFound"})
            else:
                self._redirect(match[1], match[2], repository.files[match[2]])

        def _redirect(self, repository: str, name: str, data: bytes) -> None:
            linked = {} if hub.plain else {"X-Linked-Etag": f'"{_sha256(data)}"', "X-Linked-Size": str(len(data))}
            place = f"http://localhost:{hub.port}/content/{repository}/{name}"
            git = hashlib.sha1(data, usedforsecurity=False).hexdigest()
            self._answer(302, {"X-Repo-Commit": COMMIT, "ETag": f'"{git}"', "Location": place, **linked})

        def _answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
            self.send_response(status)
            advice = {"X-HF-Warning": "login; Log in for higher limits."}
            for name, value in {**headers, **advice, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def _content(self, data: bytes) -> None:
            asked = self.headers.get("Range", "")
            request = Request(asked, self.headers.get("Authorization", ""))
            hub.requests.append(request)
            start = int(re.findall(r"\d+", asked)[0]) if asked and not hub.ignores_ranges else 0
            if hub.wrong:
                data = data[:-1] + bytes([data[-1] ^ 1])
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(data) - start))
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
            self.end_headers()
            end = start + hub.cuts.pop(0) if hub.cuts else len(data)
            self.close_connection = end < len(data)
            try:
                for at in range(start, min(end, len(data)), 4096):
                    piece = data[at : min(at + 4096, end)]
                    self.wfile.write(piece)
                    request.sent += len(piece)
                    time.sleep(hub.pause)
            except OSError:
                self.close_connection = True  # whoever asked is gone

    return Handler


def _listing(name: str, repository: Repository) -> dict[str, Any]:
    siblings = [
        {
            "rfilename": file,
            "size": len(data),
            "blobId": "0" * 40,
            "lfs": {"sha256": _sha256(data), "size": len(data), "pointerSize": 130},
        }
        for file, data in repository.files.items()
    ]
    return {
        "id": name,
        "modelId": name,
        "sha": COMMIT,
        "private": False,
        "gated": False,
        "tags": [],
        "downloads": 0,
        "siblings": siblings,
        "cardData": {"license": repository.licence},
    }


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
