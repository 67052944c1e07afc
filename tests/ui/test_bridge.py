import threading

from sqlagent_tui.agent.events import PromptEvaluated, TextDelta, ToolCallStarted
from sqlagent_tui.ui.bridge import Bridge
from sqlagent_tui.ui.notices import JobDone, ReadAhead, ReadingAhead


def delta(text: str, kind: str = "thinking", step: int = 1) -> TextDelta:
    return TextDelta(step=step, kind=kind, text=text)  # type: ignore[arg-type]


def test_adjacent_deltas_of_one_kind_are_merged_and_nothing_else() -> None:
    bridge = Bridge()
    call = ToolCallStarted(step=1, call_id="a", tool="execute_sql", arguments={})
    for event in (delta("a"), delta("b"), delta("c", "text"), call, call, delta("d", "text"), delta("e", "text", 2)):
        bridge.put(event)
    assert bridge.drain() == [delta("ab"), delta("c", "text"), call, call, delta("d", "text"), delta("e", "text", 2)]
    assert bridge.deltas == 5
    assert bridge.drain() == []


def test_only_the_latest_progress_is_kept() -> None:
    bridge = Bridge()
    for done in range(100):
        bridge.put(PromptEvaluated(step=1, done=done, total=100))
    assert bridge.drain() == [PromptEvaluated(step=1, done=99, total=100)]


def test_of_what_is_read_ahead_only_the_latest_fraction_is_kept() -> None:
    bridge = Bridge()
    for event in (ReadingAhead(0.1), ReadingAhead(0.2), ReadAhead(False), ReadingAhead(0.3)):
        bridge.put(event)
    assert bridge.drain() == [ReadingAhead(0.2), ReadAhead(False), ReadingAhead(0.3)]


def test_idle_means_no_job_and_nothing_to_show() -> None:
    bridge = Bridge()
    assert bridge.idle
    bridge.job_submitted()
    assert not bridge.idle
    bridge.put(JobDone())
    assert not bridge.idle
    bridge.drain()
    assert bridge.idle


def test_nothing_is_lost_between_threads() -> None:
    bridge = Bridge()
    drained: list[str] = []

    def write(mark: str) -> None:
        for number in range(2_000):
            bridge.put(ToolCallStarted(step=1, call_id=f"{mark}{number}", tool="x", arguments={}))

    writers = [threading.Thread(target=write, args=(mark,)) for mark in "ab"]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        drained += [event.call_id for event in bridge.drain() if isinstance(event, ToolCallStarted)]
    drained += [event.call_id for event in bridge.drain() if isinstance(event, ToolCallStarted)]
    for mark in "ab":
        assert [name for name in drained if name[0] == mark] == [f"{mark}{number}" for number in range(2_000)]
