"""What start-up must not cost: heavy modules are imported by the work that needs them."""

import subprocess
import sys

import pytest

HEAVY = {"psycopg", "llama_cpp", "numpy", "pyarrow", "jinja2", "sqlglot", "torch", "snowballstemmer", "rapidfuzz"}


def imported_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint('\\n'.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in run.stdout.split()}


@pytest.mark.parametrize(
    ("statement", "more"),
    [
        ("import sqlagent_tui.cli; sqlagent_tui.cli.group.get_command(None, 'ask')", {"textual"}),
        ("import sqlagent_tui.cli; sqlagent_tui.cli.group.get_command(None, 'sql')", {"textual"}),
        ("import sqlagent_tui.agent.loop, sqlagent_tui.sessions.journal", {"textual", "click", "rich"}),
        ("import sqlagent_tui.ui.app", {"textual_fastdatatable"}),
        ("import sqlagent_tui.ui.inspect.run", {"textual_fastdatatable", "pygments"}),
    ],
)
def test_nothing_heavy_is_imported_before_it_is_needed(statement: str, more: set[str]) -> None:
    assert not imported_by(statement) & (HEAVY | more)
