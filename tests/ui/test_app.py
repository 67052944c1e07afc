"""The app by its keys, on events as the loop and the database report them."""

from itertools import cycle
from pathlib import Path
from queue import SimpleQueue

import msgspec
import pytest
from textual.widgets import Input, OptionList

from sqlagent_tui.agent.events import TextDelta, TurnEnded
from sqlagent_tui.agent.messages import Usage
from sqlagent_tui.agent.results import Column, QueryResult, SchemaObject
from sqlagent_tui.agent.roles import RoleReport
from sqlagent_tui.errors import DatabaseError, ModelError
from sqlagent_tui.ui.app import SqlAgentApp
from sqlagent_tui.ui.grid_data import GridData
from sqlagent_tui.ui.notices import (
    CatalogueReady,
    DatabaseReady,
    GridReady,
    ObjectsRead,
    PartFailed,
    PartProgress,
    PasswordWanted,
    TurnFailed,
)
from sqlagent_tui.ui.screens.cell import CellScreen
from sqlagent_tui.ui.screens.help import HelpScreen
from sqlagent_tui.ui.sql_text import laid_out
from sqlagent_tui.ui.widgets.blocks import Notice, Question
from sqlagent_tui.ui.widgets.thinking import Thinking
from sqlagent_tui.ui.widgets.trace import TraceEntry
from tests import ui_scenes as scenes

NARROW, WIDE = (80, 24), (160, 48)
pytestmark = pytest.mark.usefixtures("_steady")


@pytest.fixture(name="_steady")
def steady(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "TMUX"):
        monkeypatch.delenv(name, raising=False)


def make(**changes: object) -> SqlAgentApp:
    return SqlAgentApp(scenes.still_services(**changes))


async def test_the_first_frame_waits_for_nothing() -> None:
    app = make()
    async with app.run_test(size=NARROW):
        assert app.focused is app.work.prompt
        assert app.work.status.status.activity == "starting"
        assert "Quantos imóveis" in str(app.query_one("#suggestions", OptionList).get_option_at_index(0).prompt)


async def test_start_up_tells_how_far_each_part_is() -> None:
    app = make(language="en")
    async with app.run_test(size=NARROW) as pilot:
        await scenes.play(app, [PartProgress("model", "loading the model", 0.43)])
        assert app.work.status.status.fraction == 0.43
        assert "loading the model" in scenes.shown(app.work.conversation.welcome)
        await scenes.play(app, scenes.opened())
        await pilot.pause()
        assert app.work.status.status.activity == "ready"
        assert "14 relations" in scenes.shown(app.work.conversation.welcome)


async def test_enter_sends_and_ctrl_j_breaks_the_line() -> None:
    app = make()
    async with app.run_test(size=NARROW) as pilot:
        await scenes.play(app, scenes.opened())
        await pilot.press("a", "ctrl+j", "b", "enter")
        assert app.presenter.busy
        assert "a\nb" in str(app.query_one(Question).content)
        assert app.work.prompt.text == ""


async def test_an_empty_question_is_told_and_not_sent() -> None:
    app = make()
    async with app.run_test(size=NARROW) as pilot:
        await pilot.press("space", "enter")
        await pilot.pause()
        assert not app.presenter.busy
        assert len(app._notifications) == 1


async def test_twenty_thousand_characters_fit_the_prompt() -> None:
    app = make()
    async with app.run_test(size=NARROW) as pilot:
        sent: list[str] = []
        app.agent.ask = lambda question, *, reply: sent.append(question)  # type: ignore[method-assign]
        app.work.prompt.text = "imóveis " * 2_500
        await pilot.press("enter")
        await pilot.pause()
        assert [len(question) for question in sent] == [19_999]
        assert app.query_one(Question).size.height < 20


async def test_questions_typed_meanwhile_wait_their_turn() -> None:
    app = make()
    async with app.run_test(size=WIDE) as pilot:
        await scenes.begin(app, pilot, "primeira")
        app.work.prompt.text = "segunda"
        await pilot.press("enter")
        assert len(app.query(Question)) == 1
        assert "1" in str(app.work.prompt.border_title)
        await scenes.play(app, scenes.answered())
        await pilot.pause()
        assert [str(block.content) for block in app.query(Question)] == ["❯ primeira", "❯ segunda"]
        assert app.presenter.busy


async def test_history_comes_back_with_up() -> None:
    app = make()
    async with app.run_test(size=NARROW) as pilot:
        await scenes.begin(app, pilot, "primeira")
        await scenes.play(app, scenes.unanswerable())
        await pilot.press("x", "up")
        assert app.work.prompt.text == "primeira"
        await pilot.press("down")
        assert app.work.prompt.text == "x"


async def test_up_in_an_empty_prompt_leads_to_the_examples() -> None:
    app = make()
    async with app.run_test(size=NARROW) as pilot:
        await scenes.play(app, scenes.opened())
        await pilot.press("up", "down", "enter")
        await pilot.pause()
        assert str(app.query_one(Question).content).endswith(scenes.SUGGESTIONS[1])


async def test_thinking_is_a_line_until_it_is_opened() -> None:
    app = make()
    async with app.run_test(size=WIDE) as pilot:
        await scenes.begin(app, pilot)
        await scenes.play(app, scenes.thinking())
        await pilot.pause()
        block = app.query_one(Thinking)
        assert block.size.height == 1
        assert "consulta." in scenes.shown(block)
        await pilot.press("f8")
        await pilot.pause()
        assert block.size.height >= 3
        assert app.work.status.status.activity == "thinking"


async def test_an_error_made_good_later_is_shown_as_recovered() -> None:
    app = make(language="en")
    async with app.run_test(size=WIDE) as pilot:
        await scenes.begin(app, pilot)
        events = scenes.recovered()
        middle = next(i for i, event in enumerate(events) if getattr(event, "call_id", "") == "c3")
        await scenes.play(app, events[:middle])
        failed = next(entry for entry in app.query(TraceEntry) if entry.failed)
        assert not failed.recovered
        await scenes.play(app, events[middle:])
        assert failed.recovered
        assert "recovered" in scenes.shown(app.work.trace)
        assert "recovered" in scenes.shown(app.work.conversation)


async def test_a_clarification_makes_the_next_text_its_reply_and_esc_does_not() -> None:
    replies: list[bool] = []
    app = make()
    async with app.run_test(size=NARROW) as pilot:
        await scenes.play(app, scenes.opened())
        app.agent.ask = lambda question, *, reply: replies.append(reply)  # type: ignore[method-assign]
        for keys in (("a", "enter"), ("b", "enter"), ("escape", "c", "enter")):
            await pilot.press(*keys)
            await pilot.pause()
            await scenes.play(app, scenes.clarification())
            await pilot.pause()
            assert app.work.prompt.has_class("-reply")
        assert replies == [False, True, False]


async def test_esc_cancels_and_says_so_until_it_is_true() -> None:
    app = make()
    async with app.run_test(size=NARROW) as pilot:
        await scenes.begin(app, pilot)
        await scenes.play(app, scenes.thinking())
        await pilot.press("escape")
        assert app.work.status.status.activity == "cancelling"
        await scenes.play(app, scenes.thinking()[-1:])
        assert app.work.status.status.activity == "cancelling"
        await scenes.play(app, [TurnEnded(outcome="cancelled", message="", usage=Usage(), steps=1, seconds=1.0)])
        assert app.work.status.status.activity == "ready"


async def test_esc_closes_the_overlay_then_minimises_then_cancels() -> None:
    app = make()
    async with app.run_test(size=WIDE) as pilot:
        await scenes.begin(app, pilot)
        await pilot.press("f4", "f4")
        await pilot.pause()
        assert not app.work.schema.display or not app.work.schema.region
        await pilot.press("f1")
        assert isinstance(app.screen, HelpScreen)
        await pilot.press("escape")
        assert not isinstance(app.screen, HelpScreen)
        await pilot.press("escape")
        await pilot.pause()
        assert app.work.schema.region
        assert not app.presenter.cancelling
        await pilot.press("escape")
        assert app.presenter.cancelling


async def test_ctrl_c_clears_then_cancels_then_quits() -> None:
    app = make()
    async with app.run_test(size=NARROW) as pilot:
        await scenes.begin(app, pilot)
        await pilot.press("x", "ctrl+c")
        assert app.work.prompt.text == ""
        assert not app.presenter.cancelling
        await pilot.press("ctrl+c")
        assert app.presenter.cancelling
        await scenes.play(app, [TurnEnded(outcome="cancelled", message="", usage=Usage(), steps=1, seconds=1.0)])
        await pilot.press("ctrl+c")
        assert app.is_running
        await pilot.press("ctrl+c")
    assert app.return_value == 0


async def test_one_pane_at_a_time_where_the_terminal_is_narrow() -> None:
    app = make()
    async with app.run_test(size=NARROW) as pilot:
        await scenes.play(app, scenes.opened())
        for key, pane in (
            ("f3", app.work.schema),
            ("f4", app.work.trace),
            ("f5", app.work.grid),
            ("f2", app.work.conversation),
        ):
            await pilot.press(key)
            await pilot.pause()
            assert [
                bool(other.region) for other in (app.work.conversation, app.work.schema, app.work.trace, app.work.grid)
            ].count(True) == 1
            assert pane.region
        await pilot.resize_terminal(*WIDE)
        await pilot.pause()
        assert all(pane.region for pane in (app.work.conversation, app.work.schema, app.work.trace, app.work.grid))


@pytest.mark.parametrize("size", [(20, 5), (1, 1), (39, 24), (80, 9)])
async def test_a_tiny_terminal_says_so_and_recovers(size: tuple[int, int]) -> None:
    app = make()
    async with app.run_test(size=size) as pilot:
        await scenes.begin(app, pilot)
        await scenes.play(app, scenes.answered())
        await pilot.pause()
        assert app.query_one("#too-small").display
        await pilot.resize_terminal(*NARROW)
        await pilot.pause()
        await pilot.pause()
        assert app.work.conversation.region


async def test_a_resize_while_an_answer_is_written_keeps_its_end_in_sight() -> None:
    app = make()
    sizes = [(40, 12), (200, 60), NARROW]
    async with app.run_test(size=NARROW) as pilot:
        for _ in range(3):
            await scenes.begin(app, pilot)
            await scenes.play(app, scenes.recovered())
        await scenes.begin(app, pilot)
        conversation, trace = app.work.conversation, app.work.trace
        for event, size in zip(scenes.recovered()[:10], cycle(sizes), strict=False):
            await scenes.play(app, [event])
            await pilot.resize_terminal(*size)
            await pilot.pause()
            await pilot.pause()
            assert conversation.max_scroll_y > 0
            assert conversation.scroll_y == conversation.max_scroll_y
            assert conversation.content_region.overlaps(conversation._column.children[-1].region)
            if trace.region:
                assert trace.scroll_y == trace.max_scroll_y > 0


async def test_the_schema_filters_as_one_types_and_reads_on_opening() -> None:
    wanted: list[tuple[str, ...]] = []
    app = make()
    async with app.run_test(size=WIDE) as pilot:
        await scenes.play(app, scenes.opened())
        app.user.describe = wanted.append  # type: ignore[method-assign]
        await pilot.press("f3", "slash", *"INSCRITOS", "enter")
        await pilot.pause()
        assert [node.data.table.name for node in app.work.schema._relations.values()] == ["imovel_rural"]
        await pilot.press("enter")
        await pilot.pause()
        assert wanted == [("imovel_rural",)]
        await scenes.play(app, scenes.described())
        await pilot.press("down", "down", "down")
        await pilot.pause()
        labels = [str(node.label) for node in app.work.schema._relations["imovel_rural"].children]
        assert labels[0] == "id  bigint PK"
        assert "FK → municipio" in labels[2]
        await pilot.press("i")
        assert app.work.prompt.text == "municipio_id "
        assert app.focused is app.work.prompt


async def test_functions_and_types_stand_below_the_relations_and_are_found_too() -> None:
    app = make(language="en")
    objects = [
        SchemaObject(schema="public", name="area_total", kind="function", definition="(integer) -> numeric"),
        SchemaObject(schema="public", name="situacao", kind="enum", definition="ativo, pendente"),
    ]
    async with app.run_test(size=WIDE) as pilot:
        await scenes.play(app, scenes.opened())
        await scenes.play(app, [ObjectsRead(objects)])
        await pilot.pause()
        headings = [str(node.label) for node in app.work.schema._tree.root.children]
        assert headings[-2:] == ["functions  1", "types  1"]
        await pilot.press("f3", "slash", *"area_t")
        await pilot.pause()
        (heading,) = app.work.schema._tree.root.children
        assert [str(node.label) for node in heading.children] == ["area_total  (integer) -> numeric"]
        assert not app.work.schema._state.display
        await pilot.press("enter", "down", "i")
        await pilot.pause()
        assert app.work.prompt.text == "area_total "


async def test_a_database_without_tables_is_told() -> None:
    app = make(language="en")
    async with app.run_test(size=WIDE):
        await scenes.play(app, [CatalogueReady([])])
        assert "may not read any table" in scenes.shown(app.work.schema)


async def test_the_grid_opens_copies_and_saves(tmp_path: Path) -> None:
    app = make()
    async with app.run_test(size=WIDE) as pilot:
        await scenes.begin(app, pilot)
        await scenes.play(app, scenes.answered())
        await pilot.press("f5", "down", "c")
        assert app.clipboard == "Pará"
        await pilot.press("r")
        assert app.clipboard == "Pará\t1630\t871155.08"
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, CellScreen)
        await pilot.press("escape", "s")
        await pilot.pause()
        app.screen.query_one(Input).value = str(tmp_path / "saida.csv")
        await pilot.press("enter")
        await pilot.pause()
    assert (tmp_path / "saida.csv").read_text("utf-8").splitlines()[0] == "estado,imoveis,area_ha"


async def test_truncated_results_say_so() -> None:
    app = make(language="en")
    result = QueryResult(columns=(Column("n", "integer"),), rows=(("1",),) * 1_000, truncated=True)
    async with app.run_test(size=WIDE):
        await scenes.play(app, [GridReady(result, GridData.build(result))])
        assert "1,000 of >1,000 rows" in str(app.work.grid.border_subtitle)


async def test_hostile_text_is_only_text() -> None:
    app = make()
    async with app.run_test(size=WIDE) as pilot:
        await scenes.begin(app, pilot, "O que é [b]isto[/b]? \x1b[31m")
        await scenes.play(app, scenes.hostile())
        await pilot.press("f8", "f9")
        await pilot.pause()
        svg = app.export_screenshot()
        await pilot.press("f5", "enter")
        await pilot.pause()
        assert "[/oops]" in scenes.shown(app.screen)
    assert "[/oops]" in svg.replace("&#160;", " ")
    for character in ("\x1b", "\x07", "\x9b", "\u202e", "\ufeff"):
        assert character not in svg


@pytest.mark.parametrize(
    "error",
    [
        DatabaseError("The server db1 can't be reached.", "Check host and port."),
        ModelError("The model process died.", "It is started again with the next question."),
    ],
)
async def test_a_failure_is_a_card_and_the_app_goes_on(error: DatabaseError | ModelError) -> None:
    app = make(language="en")
    async with app.run_test(size=NARROW) as pilot:
        await scenes.play(app, [PartFailed("database", error)])
        await pilot.press("a", "enter")
        await scenes.play(app, [TurnFailed(error)])
        await pilot.pause()
        assert len(app.query(Notice)) == 2
        assert error.remedy in str(app.query(Notice).last().content)
        await pilot.press("b", "enter")
        assert len(app.query(Question)) == 2


async def test_a_broken_theme_or_keymap_is_a_toast_and_defaults(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("[")
    app = make(theme="nope", theme_folders=(tmp_path,), keymap={"explode": "x", "help": "f12"})
    async with app.run_test(size=NARROW) as pilot:
        await pilot.pause()
        assert app.theme == "dark"
        assert len(app._notifications) == 3
        await pilot.press("f12")
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)


async def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = make()
    async with app.run_test(size=NARROW):
        assert app.no_color


async def test_a_bug_leaves_no_locals_on_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    app = make(language="en")

    def break_down() -> None:
        hidden = "s3cr3t"
        raise RuntimeError(f"password={hidden}")

    async def run() -> None:
        async with app.run_test(size=NARROW) as pilot:
            app.call_later(break_down)
            await pilot.pause()

    with pytest.raises(RuntimeError):
        await run()
    app._print_error_renderables()
    told = capsys.readouterr()
    assert "s3cr3t" not in told.out + told.err
    assert "RuntimeError" in told.out + told.err


async def test_a_password_is_asked_for_and_never_shown() -> None:
    app = make()
    async with app.run_test(size=NARROW) as pilot:
        for keys, answer in ((("s", "3", "enter"), "s3"), (("x", "escape"), None)):
            wanted = PasswordWanted("leitor", SimpleQueue())
            await scenes.play(app, [wanted])
            await pilot.pause()
            await pilot.press(*keys[:-1])
            assert "s3" not in app.export_screenshot()
            await pilot.press(keys[-1])
            await pilot.pause()
            assert wanted.answer.get(timeout=5) == answer


async def test_a_waiting_question_is_not_taken_for_a_reply() -> None:
    app = make()
    async with app.run_test(size=NARROW) as pilot:
        await scenes.begin(app, pilot, "primeira")
        await pilot.press("o", "u", "t", "r", "a", "enter")
        await scenes.play(app, scenes.clarification())
        await pilot.pause()
        assert app.work.prompt.has_class("-reply")
        assert len(app.query(Question)) == 1
        await pilot.press("escape")
        await pilot.pause()
        assert str(app.query(Question).last().content) == "❯ outra"


async def test_the_status_line_warns_of_too_much_power() -> None:
    app = make(language="en")
    async with app.run_test(size=WIDE) as pilot:
        info = msgspec.structs.replace(
            scenes.DATABASE, role=RoleReport(superuser=True), read_only=False, host="db1.example"
        )
        await scenes.play(app, [DatabaseReady(info)])
        await pilot.pause()
        line = str(app.work.status.render())
        assert "SUPERUSER" in line
        assert "CAN WRITE" in line
        assert "leitor@db1.example" in line


def test_an_answer_is_laid_out_without_changing_its_words() -> None:
    sql = "SELECT e.nome, count(*) FROM imovel_rural i JOIN estado e ON e.id = i.e WHERE e.sigla = 'a  b' GROUP BY 1"
    laid = laid_out(sql)
    assert laid.count("\n") >= 3
    assert laid.split() == sql.split()
    assert "'a  b'" in laid
    assert laid_out(
        "SELECT a FROM t WHERE a IS DISTINCT FROM (SELECT max(b) FROM t) ORDER BY row_number() OVER (ORDER BY a)"
    ).split("\n")[1:] == [
        "FROM t",
        "WHERE a IS DISTINCT FROM (SELECT max(b) FROM t)",
        "ORDER BY row_number() OVER (ORDER BY a)",
    ]
    assert laid_out("SELECT 1") == "SELECT 1"
    assert laid_out("SELECT " + "(" * 3_000) == "SELECT " + "(" * 3_000


async def test_everything_goes_on_behind_a_sheet() -> None:
    app = make()
    async with app.run_test(size=WIDE) as pilot:
        await scenes.begin(app, pilot)
        await pilot.press("f1")
        for size in (NARROW, (20, 5), WIDE):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        await scenes.play(app, scenes.recovered())
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)
        await pilot.press("escape")
        assert app.work.grid.result is not None


async def test_a_long_thought_is_shown_whole_in_pieces() -> None:
    app = make()
    words = [f"palavra{number}" for number in range(900)]
    async with app.run_test(size=WIDE) as pilot:
        await scenes.begin(app, pilot)
        await scenes.play(app, scenes.thinking()[:-1])
        for index, word in enumerate(words):
            await scenes.play(
                app, [TextDelta(step=1, kind="thinking", text=word + ("\n" if index % 50 == 49 else " "))]
            )
            if index == 300:
                await pilot.press("f8")
        await pilot.pause()
        block = app.query_one(Thinking)
        assert len(block._body.children) > 5
        assert scenes.shown(block._body).split() == words
