"""What memory there is, by what the kernel tells: the machine's, and the least of the limits set upon this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_NO_LIMIT = 1 << 60
"""Bytes; cgroup v1 spells "no limit" as a huge number."""


class Memory(NamedTuple):
    """Bytes."""

    total: int
    available: int
    """Free, or taken by what can be dropped: cached files above all."""
    limited: bool = False
    """Whether a control group (a container, a service) allows less than the machine has."""


def memory(root: Path = Path("/")) -> Memory | None:
    """Return what this process may use; None where the system doesn't tell. `root`: where /proc and /sys are."""
    try:
        facts = _table(root / "proc/meminfo", ":")
        machine = Memory(facts["MemTotal"] * 1024, facts["MemAvailable"] * 1024)
    except (OSError, KeyError, ValueError):
        return None
    least = machine
    for limit, used, droppable in _limits(root):
        if limit < least.total:
            least = least._replace(total=limit, limited=True)
        available = max(0, limit - used + droppable)
        if available < least.available:
            least = least._replace(available=available, limited=True)
    return least


def _limits(root: Path) -> Iterator[tuple[int, int, int]]:
    """Of each control group that we are in: its limit, what it uses, and how much of that are files' pages."""
    try:
        lines = (root / "proc/self/cgroup").read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return
    for line in lines:
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            folder, names = root / "sys/fs/cgroup", ("memory.max", "memory.current", "")
        elif "memory" in controllers.split(","):
            folder = root / "sys/fs/cgroup/memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_")
        else:
            continue
        parts = [part for part in path.split("/") if part and part != ".."]
        # A container sees its own group as the root, whatever its path is called outside.
        for depth in range(len(parts), -1, -1):
            group = folder.joinpath(*parts[:depth])
            try:
                limit = int((group / names[0]).read_text("ascii"))
                used = int((group / names[1]).read_text("ascii"))
                facts = _table(group / "memory.stat", " ")
            except (OSError, ValueError):  # not there, or "max"
                continue
            if limit < _NO_LIMIT:
                droppable = facts.get(f"{names[2]}inactive_file", 0) + facts.get(f"{names[2]}active_file", 0)
                yield limit, used, droppable


def _table(path: Path, separator: str) -> dict[str, int]:
    """Read lines of a name and a number."""
    table = {}
    for line in path.read_text("ascii", "replace").splitlines():
        name, _, rest = line.partition(separator)
        if rest.split():
            table[name] = int(rest.split()[0])
    return table
