"""An SSH process's keeper: ends it when the app has ended, however it ended.

The app holds the other end of our standard input; the kernel closes it with the app, kill -9 included. A plain script
with the standard library only:

    python -I -S ssh_keeper.py FOLDER ssh ARGUMENT…

It exits with ssh's code, and takes FOLDER, with the sockets in it, along.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading

SECONDS_TO_STOP = 2
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Run ssh until it ends or nobody needs it any more."""
    folder, *command = sys.argv[1:]
    # Ctrl+C in the terminal cancels a statement, through this very ssh: it inherits that these are ignored.
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTSTP):
        signal.signal(number, signal.SIG_IGN)
    ssh = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, preexec_fn=_die_with_parent)

    def watch() -> None:
        while os.read(0, 1):
            pass
        ssh.terminate()
        try:
            ssh.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            ssh.kill()

    threading.Thread(target=watch, daemon=True).start()
    code = ssh.wait()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(code if code >= 0 else 128 - code)


def _die_with_parent() -> None:
    """On Linux ssh doesn't even outlive a keeper that is killed."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    main()
