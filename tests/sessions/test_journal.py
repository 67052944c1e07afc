"""The journal: a line an event, private, and never more than one line lost."""

import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from sqlagent_tui.agent.events import AnswerReady, DecisionMade, StatementFinished, TextDelta
from sqlagent_tui.agent.results import Column, QueryResult, StatementError
from sqlagent_tui.sessions.journal import ROWS_KEPT, Journal, JournalError, read_events, read_journal


def test_events_come_back_as_they_were(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    events = [
        TextDelta(step=1, kind="thinking", text='aspas " e quebra\n'),
        DecisionMade(decision="sql", message="ok", sql="SELECT 1"),
        StatementFinished(
            statement_id=1,
            origin="agent",
            backend_pid=7,
            elapsed_ms=1.5,
            error=StatementError(kind="database", message="não", sqlstate="42703", position=3),
        ),
        AnswerReady(sql="SELECT 1", result=QueryResult(columns=(Column("n", "int"),), rows=(("1",), (None,)))),
    ]
    for event in events:
        journal.append(event)
    journal.close()
    assert list(read_events(journal.path)) == events
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600


def test_rows_are_cut_and_say_so(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    rows = tuple((str(i),) for i in range(ROWS_KEPT + 1))
    journal.append(AnswerReady(sql="s", result=QueryResult(columns=(Column("n", "int"),), rows=rows)))
    [event] = read_events(journal.path)
    assert isinstance(event, AnswerReady)
    assert event.result.row_count == ROWS_KEPT
    assert event.result.truncated


def test_a_killed_writer_loses_at_most_the_line_being_written(tmp_path: Path) -> None:
    script = f"""
        import itertools, pathlib
        from sqlagent_tui.agent.events import TextDelta
        from sqlagent_tui.sessions.journal import Journal
        journal = Journal(pathlib.Path({str(tmp_path)!r}), "s")
        for n in itertools.count():
            journal.append(TextDelta(step=n, kind="text", text="x" * 200))
            print(n, flush=True)
    """
    writer = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    for line in writer.stdout:
        if int(line) >= 50:
            break
    writer.kill()
    acknowledged = [int(line), *(int(rest) for rest in writer.stdout)][-1]
    writer.wait()
    writer.stdout.close()
    steps = [record["step"] for record in read_journal(tmp_path / "s.jsonl") if "step" in record]
    assert steps == list(range(len(steps)))
    assert len(steps) > acknowledged


def test_an_unfinished_last_line_is_left_out_and_a_damaged_one_is_told(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(TextDelta(step=1, kind="text", text="a"))
    journal.close()
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole + b'{"event": "TextDe')
    assert len(list(read_events(journal.path))) == 1
    journal.path.write_bytes(b"{broken\n" + whole)
    with pytest.raises(JournalError, match="Line 1"):
        list(read_journal(journal.path))


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(JournalError, match="can't be recorded"):
        Journal(tmp_path / "file" / "sessions")
