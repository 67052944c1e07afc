"""The inspection by its keys, on a real run and the database that it asked."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import OptionList

from sqlagent_tui.ui.inspect.app import InspectApp
from sqlagent_tui.ui.inspect.narrowing import NarrowingScreen
from sqlagent_tui.ui.screens.help import HelpScreen
from sqlagent_tui.ui.screens.save import SaveScreen
from sqlagent_tui.ui.widgets.blocks import ToolCall
from sqlagent_tui.ui.widgets.grid import GridPane
from sqlagent_tui.ui.widgets.thinking import Thinking
from tests import ui_scenes as scenes
from tests.fix_inspect import Inspect, settle

NARROW, WIDE = (80, 24), (160, 48)
FAILURES = ["sql-estados", "sql-ordem", "sql-vistorias", "ask-grandes", "ask-recentes", "no-clima"]


@pytest.fixture(autouse=True)
def _steady(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "TMUX"):
        monkeypatch.delenv(name, raising=False)


def listed(app: InspectApp) -> list[str]:
    return [case.name for case in app.work.cases.cases]


def column(grid: GridPane, place: int = 0) -> list[str | None]:
    assert grid.result is not None
    return [row[place] for row in grid.result.rows]


def note(app: InspectApp) -> str:
    return str(app.work.results.query_one("#results-note").render())


async def show(app: InspectApp, pilot: Pilot[int], name: str) -> None:
    """Go to a case, listed or not."""
    if name not in listed(app):
        await pilot.press("a")
    app.work.cases.point(listed(app).index(name))
    await settle(app, pilot)
    assert app.case is not None
    assert app.case.name == name


def texts(widget: Widget) -> str:
    return scenes.shown(widget)


async def test_it_begins_with_the_first_failure_and_its_rows_fetched_again(inspect: Inspect) -> None:
    app = inspect(language="en")
    async with app.run_test(size=WIDE) as pilot:
        await settle(app, pilot)
        assert listed(app) == FAILURES
        assert "executed again just now" in note(app)
        assert "executed" not in texts(app.work.facts)
        shown = texts(app.work.facts)
        assert "Quantos imóveis rurais existem em cada estado?" in shown
        assert "Wrong: 40 rows instead of" in shown
        assert "SELECT m.nome, count(*)" in shown
        steps = texts(app.work.steps)
        assert 'column "uf" does not exist' in steps
        assert "Aqui estão." in steps
        gold, predicted = app.work.results.gold, app.work.results.predicted
        assert set(column(gold)) == {"−"}
        assert set(column(predicted)) == {"+"}
        assert "≠ rows −27 +40 · columns −1 +1" in note(app)


async def test_n_and_p_go_from_failure_to_failure_wherever_the_keyboard_is(inspect: Inspect) -> None:
    app = inspect()
    async with app.run_test(size=NARROW) as pilot:
        await pilot.press("a", "3")
        await settle(app, pilot)
        went = []
        for key in (*"nnnnn", "n", "p"):
            await pilot.press(key)
            await settle(app, pilot)
            assert app.case is not None
            went.append(app.case.name)
        assert went == [*FAILURES[1:], FAILURES[-1], FAILURES[-2]]
        assert app.work.current == "results"


async def test_rows_out_of_place_are_marked_and_stay_in_their_order(inspect: Inspect) -> None:
    app = inspect(language="en")
    async with app.run_test(size=WIDE) as pilot:
        await show(app, pilot, "sql-ordem")
        assert "the rows are right, their order isn't" in texts(app.work.facts)
        assert "the order counts" in texts(app.work.facts)
        totals = [int(value or 0) for value in column(app.work.results.predicted, 2)]
        assert totals == sorted(totals)
        assert "↕" in column(app.work.results.predicted)
        assert "≠ rows ↕4" in note(app)


async def test_a_column_too_many_is_marked_by_its_name(inspect: Inspect) -> None:
    app = inspect(language="en")
    async with app.run_test(size=WIDE) as pilot:
        await show(app, pilot, "sql-motivo")
        result = app.work.results.predicted.result
        assert result is not None
        assert [column.name for column in result.columns] == ["≠", "motivo", "count", "+ extra"]
        assert set(column(app.work.results.gold)) == {""}
        assert "= columns +1" in note(app)
        assert "Right, but not strictly: 1 extra column." in texts(app.work.facts)


async def test_the_second_turn_is_shown_with_its_reply_and_compared(inspect: Inspect) -> None:
    app = inspect(language="en")
    async with app.run_test(size=WIDE) as pilot:
        await show(app, pilot, "ask-grandes")
        facts, steps = texts(app.work.facts), texts(app.work.steps)
        assert "Asked for the right clarification, but was wrong after it" in facts
        assert "acima de 1000 hectares" in facts
        assert "Nada diz a partir de quantos hectares" in facts
        assert "A partir de quantos hectares?" in steps
        assert "acima de 1000 hectares" in steps
        assert column(app.work.results.gold) == ["−"]
        assert column(app.work.results.predicted) == ["+"]


async def test_unusable_calls_and_a_missing_decision_are_told(inspect: Inspect) -> None:
    app = inspect(language="en")
    async with app.run_test(size=WIDE) as pilot:
        await show(app, pilot, "sql-vistorias")
        assert "SQL was expected, it ended in no decision" in texts(app.work.facts)
        assert "4 unusable calls" in texts(app.work.facts)
        assert "The model gave no rows: no decision." in texts(app.work.results.predicted)
        assert app.work.results.gold.result is not None


async def test_foreign_text_is_neither_markup_nor_control_sequence(inspect: Inspect) -> None:
    app = inspect(language="en")
    async with app.run_test(size=WIDE) as pilot:
        for name in ("ask-recentes", "no-clima"):
            await show(app, pilot, name)
            await pilot.press("o", "t")
            assert "[/nope]" in texts(app.work.facts) + texts(app.work.steps)
            for widget in (app.work.facts, app.work.steps, app.work.results):
                assert "\x1b" not in texts(widget)
        await pilot.press("3", "enter")
        await pilot.pause()
        assert "[/nope]" in texts(app.screen)
        await pilot.press("escape")


async def test_thoughts_are_folded_and_details_hidden_until_asked_for(inspect: Inspect) -> None:
    app = inspect(language="en")
    async with app.run_test(size=WIDE) as pilot:
        await show(app, pilot, "sql-estados")
        thoughts = list(app.work.steps.query(Thinking))
        assert len(thoughts) == 3
        assert not any(thought.query_one(".thinking-body").display for thought in thoughts)
        assert len(app.work.steps.query(ToolCall)) == 2
        assert "codigo_car" not in texts(app.work.steps)
        await pilot.press("t", "o")
        await pilot.pause()
        assert all(thought.query_one(".thinking-body").display for thought in thoughts)
        assert "codigo_car" in texts(app.work.steps)
        await pilot.press("n")
        await settle(app, pilot)
        assert all(thought.query_one(".thinking-body").display for thought in app.work.steps.query(Thinking))


async def test_the_list_is_narrowed_by_what_questions_have_in_common(inspect: Inspect) -> None:
    app = inspect(language="en")
    async with app.run_test(size=NARROW) as pilot:
        await settle(app, pilot)
        await pilot.press("f")
        assert isinstance(app.screen, NarrowingScreen)
        names = [str(option.prompt) for option in app.screen.query_one(OptionList).options]
        lines = "\n".join(names)
        for told in ("6/8  all", "3/4  expected: SQL", "1/1  difficulty: medium", "with unusable calls"):
            assert told in lines, told
        for _ in range(next(n for n, line in enumerate(names) if "unusable" in line)):
            await pilot.press("j")
        await pilot.press("enter")
        await settle(app, pilot)
        assert listed(app) == ["sql-vistorias"]
        assert "with unusable calls" in str(app.work.cases.border_title)
        await pilot.press("f", "home", "j", "enter")
        await settle(app, pilot)
        assert len(listed(app)) == 8
        await pilot.press("a")
        assert listed(app) == FAILURES


async def test_search_looks_into_questions_and_statements_without_accents(inspect: Inspect) -> None:
    app = inspect()
    async with app.run_test(size=NARROW) as pilot:
        await pilot.press("a", "slash", *"imoveis GOIAS", "enter")
        await settle(app, pilot)
        assert listed(app) == ["ask-grandes"]
        assert app.focused is app.work.cases.list
        await pilot.press("slash", *"zzz", "enter")
        await settle(app, pilot)
        assert app.case is None
        assert "Nenhuma questão" in texts(app.work.facts)
        await pilot.press("n", "y", "e", "ctrl+r", "3", "escape", "escape")
        await settle(app, pilot)
        assert len(listed(app)) == 8
        await pilot.press("slash", *"m.nome")
        await settle(app, pilot)
        assert listed(app) == ["sql-estados"]
        await pilot.press("escape")
        assert len(listed(app)) == 8


async def test_in_a_narrow_terminal_enter_tab_and_numbers_go_through_the_panes(inspect: Inspect) -> None:
    app = inspect()
    async with app.run_test(size=NARROW) as pilot:
        await settle(app, pilot)
        work = app.work
        panes = {"cases": work.cases, "facts": work.facts, "results": work.results, "steps": work.steps}

        def visible() -> list[str]:
            return [name for name, pane in panes.items() if pane.region.height and pane.region.width]

        assert visible() == ["cases"]
        for key, pane in (("enter", "facts"), ("enter", "results"), ("4", "steps"), ("f2", "cases"), ("tab", "facts"),
                          ("tab", "results"), ("tab", "results"), ("tab", "steps"), ("tab", "cases"),
                          ("shift+tab", "steps"), ("escape", "cases")):  # fmt: skip
            await pilot.press(key)
            await pilot.pause()
            assert visible() == [pane], key
        await pilot.press("3")
        await pilot.pause()
        assert work.results.gold.size.height >= 6
        assert work.results.predicted.size.height >= 6
        await pilot.press("j", "j")
        assert work.results.predicted._table is not None
        assert work.results.predicted._table.cursor_coordinate.row == 2


async def test_a_sheet_gives_the_keyboard_back_to_results_without_rows(inspect: Inspect) -> None:
    app = inspect()
    async with app.run_test(size=NARROW) as pilot:
        await show(app, pilot, "sql-vistorias")
        await pilot.press("3", "e", "escape", "4")
        await pilot.pause()
        assert app.work.current == "steps"
        assert app.focused is app.work.steps
        await pilot.press("3", "f", "escape", "n")
        await settle(app, pilot)
        assert app.focused is app.work.results.predicted.target
        assert app.work.results.predicted.result is not None


async def test_in_a_wide_terminal_everything_is_beside_each_other(inspect: Inspect) -> None:
    app = inspect()
    async with app.run_test(size=(200, 60)) as pilot:
        await settle(app, pilot)
        work = app.work
        for pane in (work.cases, work.facts, work.steps, work.results.gold, work.results.predicted):
            assert pane.region.width > 30
            assert pane.region.height > 10
        assert work.results.gold.region.y == work.results.predicted.region.y
        assert work.facts.region.y == work.steps.region.y


async def test_without_a_database_the_kept_rows_are_shown_and_it_says_so(inspect: Inspect) -> None:
    app = inspect(database=None)
    async with app.run_test(size=WIDE) as pilot:
        await settle(app, pilot)
        assert "linhas guardadas pela execução (Não foi possível conectar: db1:5432.)" in note(app)
        assert "sem banco" in str(app.work.status.render())
        assert set(column(app.work.results.gold)) == {"−"}
        await pilot.press("ctrl+r")
        assert any(toast.message == "sem banco" for toast in app._notifications)


async def test_escape_cancels_what_runs_and_leaves_the_kept_rows(inspect: Inspect) -> None:
    gate = threading.Event()
    app = inspect(gate=gate, language="en")
    async with app.run_test(size=WIDE) as pilot:
        while "running" not in str(app.work.status.render()) or app.work.results.gold.result is None:
            await pilot.pause(0.02)
        assert "rows that the run kept" in note(app)
        await pilot.press("escape")
        await settle(app, pilot)
        assert "rows that the run kept (cancelled)" in note(app)
        await pilot.press("ctrl+r")
        await settle(app, pilot)
        assert "executed again just now" in note(app)


async def test_a_case_left_behind_does_not_show_its_rows_under_the_next(inspect: Inspect) -> None:
    gate = threading.Event()
    app = inspect(gate=gate)
    async with app.run_test(size=WIDE) as pilot:
        while "executando" not in str(app.work.status.render()):
            await pilot.pause(0.02)
        await pilot.press("n")
        await settle(app, pilot)
        assert app.case is not None
        assert app.case.name == "sql-ordem"
        assert len(column(app.work.results.gold)) == 5
        assert "executado de novo agora" in note(app)


async def test_y_copies_the_statement_and_e_writes_the_case(inspect: Inspect, tmp_path: Path) -> None:
    app = inspect(language="en")
    async with app.run_test(size=WIDE) as pilot:
        await show(app, pilot, "sql-estados")
        await pilot.press("y")
        assert app.clipboard.startswith("SELECT m.nome, count(*) AS total")
        await pilot.press("e")
        assert isinstance(app.screen, SaveScreen)
        path = tmp_path / "caso.md"
        app.screen.query_one("#save-path").value = str(path)  # type: ignore[attr-defined]
        await pilot.press("enter")
        await pilot.pause()
        written = path.read_text("utf-8")
        for part in ("# sql-estados", "```sql", "| ≠ |", "40 rows instead of", "**execute\\_sql**"):
            assert part in written, part
        await pilot.press("e")
        app.screen.query_one("#save-path").value = str(path)  # type: ignore[attr-defined]
        await pilot.press("enter")
        await pilot.pause()
        assert any("already exists" in toast.message for toast in app._notifications)


async def test_help_lists_the_keys_and_q_quits(inspect: Inspect) -> None:
    app = inspect(language="en", keymap={"narrow": "g"})
    async with app.run_test(size=NARROW) as pilot:
        await settle(app, pilot)
        await pilot.press("question_mark")
        assert isinstance(app.screen, HelpScreen)
        shown = texts(app.screen)
        assert "Chooses which questions are listed" in shown
        assert "Copies the value" in shown
        assert "≈ right, but not strictly" in shown
        await pilot.press("question_mark", "g")
        assert isinstance(app.screen, NarrowingScreen)
        await pilot.press("escape", "q")
    assert app.return_value == 0


@pytest.fixture
def damaged(still_run: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "run"
    shutil.copytree(still_run, copy)
    (copy / "events" / "sql-estados-0.jsonl").write_bytes(b"{\n")
    (copy / "events" / "sql-ordem-0.jsonl").unlink()
    for gold in (copy / "golds").iterdir():
        gold.write_bytes(b"{")
    return copy


async def test_a_damaged_record_is_told_where_it_would_be(inspect: Inspect, damaged: Path) -> None:
    app = inspect(damaged, database=None)
    async with app.run_test(size=WIDE) as pilot:
        await show(app, pilot, "sql-estados")
        assert "A linha 1 de" in texts(app.work.steps)
        assert "damaged" in texts(app.work.results.gold)
        assert "A execução não guardou as linhas." in texts(app.work.results.predicted)
        await show(app, pilot, "sql-ordem")
        assert "Não foi possível ler" in texts(app.work.steps)


async def test_a_tiny_terminal_is_told(inspect: Inspect) -> None:
    app = inspect()
    async with app.run_test(size=(30, 8)) as pilot:
        await settle(app, pilot)
        assert "30×8" in str(app.too_small.content)
