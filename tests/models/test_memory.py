"""Trees of files as Linux has them under /proc and /sys; the texts are copies of real ones, shortened."""

from pathlib import Path

import pytest

from sqlagent_tui.models.memory import Memory, memory

GB = 1 << 30


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path, "proc/meminfo", f"MemTotal:       {16 * GB // 1024} kB\nMemAvailable:   {10 * GB // 1024} kB\n")
    write(tmp_path, "proc/self/cgroup", "0::/\n")
    return tmp_path


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def test_this_machine_tells() -> None:
    here = memory()
    assert here is not None
    assert 0 < here.available <= here.total


def test_without_limits_the_machine_counts(root: Path) -> None:
    assert memory(root) == Memory(16 * GB, 10 * GB, limited=False)


def test_where_nothing_is_told_nothing_is_known(tmp_path: Path) -> None:
    assert memory(tmp_path) is None
    write(tmp_path, "proc/meminfo", "MemTotal:  kB\n")
    assert memory(tmp_path) is None


def test_the_least_of_the_groups_counts(root: Path) -> None:
    write(root, "proc/self/cgroup", "0::/user.slice/app.scope\n")
    group = "sys/fs/cgroup/user.slice"
    write(root, f"{group}/memory.max", f"{4 * GB}\n")
    write(root, f"{group}/memory.current", f"{3 * GB}\n")
    write(root, f"{group}/memory.stat", f"anon {GB}\ninactive_file {GB}\nactive_file {GB // 2}\n")
    inner = f"{group}/app.scope"
    write(root, f"{inner}/memory.max", "max\n")
    write(root, f"{inner}/memory.current", f"{GB}\n")
    write(root, f"{inner}/memory.stat", "")
    assert memory(root) == Memory(4 * GB, 2 * GB + GB // 2, limited=True)


def test_a_container_sees_its_group_as_the_root(root: Path) -> None:
    write(root, "proc/self/cgroup", "0::/kubepods/pod1/container1\n")
    write(root, "sys/fs/cgroup/memory.max", f"{2 * GB}")
    write(root, "sys/fs/cgroup/memory.current", f"{GB}")
    write(root, "sys/fs/cgroup/memory.stat", "inactive_file 0\n")
    assert memory(root) == Memory(2 * GB, GB, limited=True)


def test_the_older_groups_count_too(root: Path) -> None:
    write(root, "proc/self/cgroup", "5:devices:/\n4:memory:/jobs/a\n0::/\n")
    group = "sys/fs/cgroup/memory/jobs/a"
    write(root, f"{group}/memory.limit_in_bytes", f"{3 * GB}\n")
    write(root, f"{group}/memory.usage_in_bytes", f"{GB}\n")
    write(root, f"{group}/memory.stat", f"inactive_file 5\ntotal_inactive_file {GB // 4}\ntotal_active_file 0\n")
    top = "sys/fs/cgroup/memory"
    write(root, f"{top}/memory.limit_in_bytes", "9223372036854771712\n")
    write(root, f"{top}/memory.usage_in_bytes", f"{9 * GB}\n")
    write(root, f"{top}/memory.stat", "")
    assert memory(root) == Memory(3 * GB, 2 * GB + GB // 4, limited=True)


def test_a_limit_above_the_machine_is_none(root: Path) -> None:
    write(root, "sys/fs/cgroup/memory.max", f"{64 * GB}")
    write(root, "sys/fs/cgroup/memory.current", f"{GB}")
    write(root, "sys/fs/cgroup/memory.stat", "inactive_file 0\n")
    assert memory(root) == Memory(16 * GB, 10 * GB, limited=False)
