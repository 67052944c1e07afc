"""Measures by turns, each measurement in a process of its own, and prints the figures with their ratios.

    python -m tests.benchmarks.engine --shape 0.6b
    python -m tests.benchmarks.engine --shape 4b --llama-bench BUILD/bin/llama-bench

llama-bench is built from the library's own source distribution, so that it is the same llama.cpp. There:

    cmake -S vendor/llama.cpp -B BUILD -DLLAMA_BUILD_COMMON=ON -DLLAMA_CURL=OFF
    cmake --build BUILD --target llama-bench
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import gguf
import msgspec

from sqlagent_tui.models.settings import EngineSettings, Pins

PARTS = ("speed", "steps", "ties", "first", "samples", "abort", "lateness")
_ROUNDS = 3


def main() -> None:
    """Parse the command line, measure, print."""
    sys.stdout.reconfigure(line_buffering=True)
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.engine", description=__doc__)
    parser.add_argument("--shape", choices=["4b", "1.7b", "0.6b"], default="4b")
    parser.add_argument("--kind", choices=["Q8_0", "F16"], default="Q8_0")
    parser.add_argument("--model", type=Path, help="A GGUF file instead of random weights.")
    parser.add_argument("--threads", type=int, help="Default: what the program takes.")
    parser.add_argument("--llama-bench", type=Path, help="The program, where it was built.")
    parser.add_argument("--only", default=",".join(PARTS), help=f"Of {', '.join(PARTS)}.")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    pins = Pins(threads=options.threads)
    if options.one:
        print(json.dumps(_one(options.one, options.model, pins, options.llama_bench)))
        return
    with tempfile.TemporaryDirectory() as folder:
        model = options.model or _random_model(Path(folder), options.shape, options.kind)
        settings = pins.over(EngineSettings())
        print(f"{_machine()}; {model.stem}, {model.stat().st_size / 1e9:.2f} GB; {msgspec.to_builtins(settings)}")
        _measure(model, options, Path(folder) / "home")


def _random_model(folder: Path, shape: str, kind: str) -> Path:
    from tests.benchmarks.engine.shapes import SHAPES, make

    path = folder / f"random-qwen3-{shape}-{kind}.gguf"
    return make(path, SHAPES[shape], gguf.GGMLQuantizationType[kind])


def _one(part: str, model: Path, pins: Pins, program: Path | None) -> Any:
    from tests.benchmarks.engine import client, recorded, speed, ties

    settings = pins.over(EngineSettings())
    match part:
        case "ours":
            return speed.ours(model, settings)
        case "Llama":
            return speed.llama(model, settings)
        case "llama-bench":
            assert program is not None
            return speed.llama_bench(program, model, settings)
        case "steps":
            return recorded.steps(model, settings)
        case "ties":
            return ties.ties(model, settings)
        case "first":
            return client.first_tokens(model, pins)
        case "samples":
            return client.samples(model, pins)
        case "abort":
            return client.aborts(model, pins)
        case "lateness":
            return client.lateness(model, pins)
    raise ValueError(part)


def _measure(model: Path, options: argparse.Namespace, home: Path) -> None:
    wanted = options.only.split(",")

    def run(part: str) -> Any:
        command = [sys.executable, "-m", "tests.benchmarks.engine", "--one", part, "--model", str(model)]
        if options.threads:
            command += ["--threads", str(options.threads)]
        if options.llama_bench:
            command += ["--llama-bench", str(options.llama_bench)]
        environment = {**os.environ, "OMP_WAIT_POLICY": "passive", "SQLAGENT_TUI_HOME": str(home)}
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        if done.returncode:
            print(f"{part}: ended with {done.returncode}: {done.stderr.strip().splitlines()[-1:]}")
            return None
        return json.loads(done.stdout.splitlines()[-1])

    if "speed" in wanted:
        _print_speed(run, bool(options.llama_bench))
    if "steps" in wanted and (steps := run("steps")):
        _print_steps(steps)
    if "first" in wanted and (figures := run("first")):
        _print_first(figures)
    if "samples" in wanted and (figures := run("samples")):
        _print_samples(figures)
    for part, title in (
        ("ties", "Logits of tokens computed one by one and sixteen at once"),
        ("abort", "Cancel within a prefill, ms"),
        ("lateness", "The app's event loop late by, ms"),
    ):
        if part in wanted and (figures := run(part)):
            print(f"\n{title}")
            for name, value in figures.items():
                print(f"  {name:<52}{value:>9.2f}")


def _print_speed(run, with_llama_bench: bool) -> None:
    rivals = ["ours", "Llama", *(["llama-bench"] if with_llama_bench else [])]
    best: dict[str, dict[str, float]] = {}
    for _ in range(_ROUNDS):
        for rival in rivals:
            for name, value in (run(rival) or {}).items():
                best.setdefault(name, {})[rival] = max(value, best.get(name, {}).get(rival, 0))
    print(f"\nTokens a second, the best of {_ROUNDS} rounds by turns")
    for name, speeds in best.items():
        line = "".join(f"{rival} {speed:8.2f}   " for rival, speed in speeds.items())
        ratios = ", ".join(f"{speeds['ours'] / speeds[rival]:.3f} of {rival}" for rival in speeds if rival != "ours")
        print(f"  {name:<9}{line}{ratios}")


def _print_steps(steps: list[dict[str, Any]]) -> None:
    print(
        "\nA recorded trajectory         prompt  evaluated    new    call: tokens  plain s  drafts s   ratio  guessed"
    )
    for step in steps:
        guessed = f"{step['accepted']}/{step['drafted']}"
        print(
            f"  {step['call']:<26}{step['prompt_tokens']:>8}{step['evaluated']:>11}{step['new']:>7}"
            f"{step['call_tokens']:>16}{step['plain_seconds']:>9.2f}{step['drafting_seconds']:>10.2f}"
            f"{step['plain_seconds'] / step['drafting_seconds']:>8.2f}{guessed:>9}"
        )


def _print_first(figures: dict[str, float]) -> None:
    print("\nFirst token of an answer, seconds")
    for name, value in figures.items():
        print(f"  {name:<52}{value:>9.2f}   {value / figures['warm']:.2f} of warm")


def _print_samples(figures: dict[str, float]) -> None:
    print("\nSamples of one question, seconds")
    for name, value in figures.items():
        print(f"  {name:<52}{value:>9.2f}   {value / figures['one']:.2f} of one")


def _machine() -> str:
    cpu = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        cpu = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{cpu}, {os.cpu_count()} cores"


if __name__ == "__main__":
    main()
