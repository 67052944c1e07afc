"""What ssh says on its standard error, as one sentence with a remedy."""

from __future__ import annotations

import re

import msgspec

from sqlagent_tui.database.connection_errors import UnreachableError
from sqlagent_tui.errors import DatabaseError

_LONGEST_LINE = 200


class _Known(msgspec.Struct, frozen=True):
    pattern: str
    message: str
    remedy: str
    passing: bool = False


_KNOWN = (
    _Known(r"Could not resolve hostname", "The name of the SSH host {host} can't be resolved",
           "Check the name, ~/.ssh/config and the network.", passing=True),
    _Known(r"Host key verification failed|REMOTE HOST IDENTIFICATION|No \S+ host key is known",
           "The key of the SSH host {host} is unknown, or not the one that is known",
           "Log in once with ssh {host} and compare its fingerprint."),
    _Known(r"Permission denied|Too many authentication failures|Authentication failed",
           "The SSH host {host} refused the login", "Load a key with ssh-add, and check that ssh {host} works."),
    _Known(r"Could not request local forwarding|cannot listen|Address already in use",
           "The SSH connection to {host} could not open its end on this machine", "Try again."),
    _Known(r"Connection refused|timed out|No route to host|Network is unreachable|Connection reset|Connection closed"
           r"|Timeout, server|kex_exchange|Broken pipe|closed by remote host",
           "The SSH host {host} does not answer, or not any more", "Check that ssh {host} works.", passing=True),
    _Known(r"Bad configuration|terminating, \d+ bad|Bad owner or permissions",
           "The configuration of ssh can't be used", "Check ~/.ssh/config."),
)  # fmt: skip


def ended(host: str, lines: list[str]) -> DatabaseError:
    """Return the error for an ssh to `host` that has ended, saying `lines`."""
    last = scrubbed(lines[-1]) if lines else ""
    own_words = f" ({last})" if last else ""
    for known in _KNOWN:
        if any(re.search(known.pattern, line) for line in lines):
            kind = UnreachableError if known.passing else DatabaseError
            return kind(f"{known.message.format(host=host)}{own_words}.", known.remedy.format(host=host))
    return UnreachableError(f"The SSH connection to {host} ended{own_words}.", f"Check that ssh {host} works.")


def refused_channel(host: str, targets: str, lines: list[str]) -> str | None:
    """Return one sentence when `lines` say that `host` did not pass a connection on to `targets`."""
    for line in reversed(lines):
        found = re.search(r"open failed: ([\w ]+)(: .*)?$", line)
        if found and found.group(1) == "administratively prohibited":
            return f"The SSH host {host} does not allow forwarding to {targets}."
        if found:
            reason = scrubbed((found.group(2) or "").removeprefix(": ")) or found.group(1)
            return f"From the SSH host {host} no server answers at {targets} ({reason})."
    return None


def scrubbed(line: str) -> str:
    """Return a line of somebody else's without control characters, its end and whatever is too long."""
    plain = "".join(char if char.isprintable() else " " for char in line).strip().rstrip(".")
    return plain if len(plain) <= _LONGEST_LINE else plain[: _LONGEST_LINE - 1] + "…"
