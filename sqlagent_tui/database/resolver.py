"""Looking up a server's addresses without stopping anybody.

libpq looks names up itself, but inside a call that holds Python's lock: a resolver that doesn't answer would freeze the
whole program for as long. Python's own look-up doesn't, and in a thread of its own it can be given up.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.database.connection_errors import ConnectionRefused
from sqlagent_tui.database.conninfo import Endpoint

_POLL_SECONDS = 0.02
_FOUND_NONE = "could not translate host name"
"""libpq's own words, which `explain` knows."""


def addresses(server: Endpoint, timeout: float | None, cancel: CancelToken) -> list[Endpoint]:
    """Return `server` once for each of its addresses, in the resolver's order; as it is when nothing must be looked up.

    `timeout` is in seconds. Raises `ConnectionRefused` and `Cancelled`.
    """
    if server.hostaddr or not server.host or server.host[0] in "/@" or _is_address(server.host):
        return [server]
    deadline = time.monotonic() + timeout if timeout is not None else None
    found: list[str] = []
    done = threading.Event()

    def look_up() -> None:
        try:
            answers = socket.getaddrinfo(server.host, None, type=socket.SOCK_STREAM)
            found.extend(socket.getnameinfo(address, socket.NI_NUMERICHOST)[0] for *_, address in answers)
        except (OSError, UnicodeError):
            pass  # nothing was found
        finally:
            done.set()

    threading.Thread(target=look_up, name="sqlagent-resolver", daemon=True).start()
    while not done.wait(_POLL_SECONDS):
        cancel.raise_if_cancelled()
        if deadline is not None and time.monotonic() > deadline:
            break
    if not found:
        raise ConnectionRefused(_FOUND_NONE)
    return [Endpoint(server.host, address, server.port) for address in dict.fromkeys(found)]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
