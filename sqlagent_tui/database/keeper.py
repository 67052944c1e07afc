"""The embedded server's keeper: a small process that stops the server when its last client has gone.

Every client holds a shared lock on `clients.lock`; the kernel drops it however the client ends, kill -9 included. The
keeper asks for the exclusive lock and gets it when nobody is left. It runs as a plain script with the standard library
only, apart from any terminal, and costs a few MB.

    python -I -S keeper.py '{"clients": PATH, "log": PATH, "argv": [...], "uid": N, "gid": N, "adopt": PID}'

(uid, gid and adopt may be null.)

It inherits the descriptor that holds `keeper.lock` and keeps it open as long as it lives.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

SECONDS_TO_STOP = 30


def main() -> None:
    """Start (or adopt) the server, wait for the last client to go, stop the server."""
    if os.fork():
        return  # the keeper belongs to no client: none has to wait for its end
    task = json.loads(sys.argv[1])
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if task["adopt"] is not None:
        pid = int(task["adopt"])

        def gone() -> bool:
            try:
                os.kill(pid, 0)
            except OSError:
                return True
            return False

    else:
        account = {} if task["uid"] is None else {"user": task["uid"], "group": task["gid"], "extra_groups": []}
        with open(task["log"], "w", encoding="utf-8") as log:
            os.chmod(task["log"], 0o600)
            server = subprocess.Popen(
                task["argv"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", restore_signals=True, **account
            )
        pid = server.pid

        def gone() -> bool:
            return server.poll() is not None

    def watch() -> None:
        while not gone():
            time.sleep(0.2)
        os._exit(1)  # the server ended by itself: the next client starts another

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    signal.signal(signal.SIGTERM, lambda *_: stop(pid, gone))
    clients = os.open(task["clients"], os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(clients, fcntl.LOCK_EX)
    stop(pid, gone)


def stop(pid: int, gone: Callable[[], bool]) -> None:
    """Fast shutdown; the immediate kind when that takes too long. Ends this process, which frees its locks."""
    for number, seconds in ((signal.SIGINT, SECONDS_TO_STOP), (signal.SIGQUIT, 5)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if gone():
                os._exit(0)
            time.sleep(0.01)
    os._exit(1)


if __name__ == "__main__":
    main()
