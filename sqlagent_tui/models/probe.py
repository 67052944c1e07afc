"""Asks the engine, in a scrap process, whether it knows a file's architecture and vocabulary: `python -m … FILE`.

No weight is read, so this takes a moment for a file of any size; and a file that crashes the engine crashes nobody.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from sqlagent_tui.errors import ModelError
from sqlagent_tui.models.gguf import printable

SECONDS: Final = 120.0


def require_loadable(path: Path) -> None:
    """Raise `ModelError` when the engine that is installed can't read the model."""
    command = [sys.executable, "-m", "sqlagent_tui.models.probe", str(path)]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ModelError(f"{path.name} can't be tried out.", "Check memory and disk.") from error
    if done.returncode:
        reason = printable(done.stdout) or f"{path.name} crashes llama.cpp."
        raise ModelError(reason, "Choose another model, or a newer version of llama-cpp-python.")


def main() -> int:
    """Read the file's vocabulary; say on standard output why that can't be."""
    from sqlagent_tui.models.engine import Log, read_vocabulary

    try:
        read_vocabulary(Path(sys.argv[1]), Log(lambda line: None))
    except ModelError as error:
        print(error.message)  # noqa: T201 - read by `require_loadable`
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
