"""What a measurement depends on besides the model: the processor, its cores, and llama.cpp's build."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgspec

from sqlagent_tui.models.settings import usable_cores

GPU_BACKENDS: Final = ("cuda", "hip", "metal", "vulkan", "sycl", "musa", "opencl", "cann")


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Equal for two measurements that may be compared."""

    processor: str
    features: str
    """The processor's instruction sets, as the system spells them."""
    cores: int
    """That this process may use."""
    library: str
    """llama-cpp-python's version."""
    build: tuple[tuple[str, int, int], ...]
    """Name, bytes and time of change of its libraries: one version can be built in many ways."""


def this_machine() -> Machine:
    """Describe the machine, without importing llama.cpp."""
    processor, features = _processor()
    return Machine(
        processor=processor, features=features, cores=usable_cores(), library=library_version(), build=_build()
    )


def library_version() -> str:
    """Return llama-cpp-python's version; empty when it isn't installed."""
    try:
        return version("llama-cpp-python")
    except PackageNotFoundError:
        return ""


def gpu_backend() -> str:
    """Return which GPU interface llama.cpp was built for; empty for none. Judged by its libraries' names."""
    names = " ".join(name for name, _, _ in _build())
    return next((backend for backend in GPU_BACKENDS if f"ggml-{backend}" in names), "")


@cache
def _processor() -> tuple[str, str]:
    """The first core's name and features. (Linux; elsewhere what Python knows.)"""
    try:
        first = Path("/proc/cpuinfo").read_text("utf-8", "replace").split("\n\n", 1)[0]
    except OSError:
        return platform.processor() or platform.machine(), ""
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in first.splitlines())}
    name = facts.get("model name") or platform.processor() or platform.machine()
    return name, facts.get("flags") or facts.get("Features") or ""


def _build() -> tuple[tuple[str, int, int], ...]:
    spec = find_spec("llama_cpp")
    if spec is None or not spec.submodule_search_locations:
        return ()
    found = []
    for file in sorted((Path(spec.submodule_search_locations[0]) / "lib").glob("*")):
        status = file.stat()
        found.append((file.name, status.st_size, status.st_mtime_ns))
    return tuple(found)
