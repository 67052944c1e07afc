"""What is told of a bug holds neither an exception's text nor a local variable."""

import subprocess
import sys

import pytest

from sqlagent_tui.crash import account, place

SECRET = "s3cr" + "3t"


def fail() -> None:
    hidden = SECRET
    raise ValueError(f"connect postgresql://ana:{hidden}@db/x failed on the row {hidden} \x1b[2J")


def test_an_account_is_a_type_and_places() -> None:
    with pytest.raises(ValueError, match=SECRET) as caught:
        fail()
    lines = account(caught.value).splitlines()
    assert place(caught.value) == f"ValueError, {lines[-1].strip()}"
    assert lines[0] == "ValueError"
    assert [line.rpartition(" in ")[2] for line in lines[1:]] == ["test_an_account_is_a_type_and_places", "fail"]
    assert SECRET not in "".join(lines)


def test_exceptions_that_nobody_catches_lose_their_texts() -> None:
    code = f"""
import sys, threading
sys.path[:0] = {sys.path!r}
from sqlagent_tui.crash import hide_texts
hide_texts()
class Thing:
    def __del__(self):
        raise KeyError("s3cr" + "3t")
def run():
    raise OSError("s3cr" + "3t")
thread = threading.Thread(target=run)
thread.start()
thread.join()
Thing()
hidden = "s3cr" + "3t"
raise ValueError(hidden)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    for name in ("OSError", "KeyError", "ValueError"):
        assert name in done.stderr
    assert SECRET not in done.stdout + done.stderr
