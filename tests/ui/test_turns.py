"""Whole turns in the app: a scripted model, the real loop, the real database layer and server."""

import time
from collections.abc import Callable

import psycopg
from psycopg import conninfo as libpq

from sqlagent_tui.ui.widgets.blocks import Decision, Notice
from sqlagent_tui.ui.widgets.trace import TraceEntry
from tests import ui_scenes as scenes
from tests.fix_guard import NOBODY, Guard
from tests.fix_ui import Harness, answer, call

STATES = """SELECT e.nome, count(*) AS imoveis FROM imovel_rural i JOIN municipio m ON m.id = i.municipio_id
JOIN estado e ON e.id = m.estado_id GROUP BY e.nome ORDER BY 2 DESC"""


async def test_a_question_ends_in_a_filled_grid(harness: Callable[..., Harness]) -> None:
    script = [
        call("get_table_schema", table_names=["imovel_rural", "municipio"]),
        call("execute_sql", sql=STATES.replace("m.estado_id", "m.uf")),
        call("execute_sql", sql=STATES),
        answer(STATES),
    ]
    app = harness(script).app()
    async with app.run_test(size=(160, 48)) as pilot:
        await scenes.settle(app, pilot)
        assert app.work.status.status.database is not None
        assert app.work.status.status.database.read_only
        app.work.prompt.text = "Quantos imóveis por estado?"
        await pilot.press("enter")
        await scenes.settle(app, pilot)
        assert app.work.grid.result is not None
        assert app.work.grid.result.row_count > 5
        assert app.work.grid._table is not None
        origins = {entry.started.origin for entry in app.query(TraceEntry)}
        assert origins >= {"agent", "answer", "schema"}
        assert [entry.recovered for entry in app.query(TraceEntry) if entry.failed] == [True]
        assert app.work.status.status.activity == "ready"
        assert "42703" in scenes.shown(app.work.conversation)


async def test_the_reply_to_a_clarification_continues_the_turn(harness: Callable[..., Harness]) -> None:
    script = [call("final_answer", decision="clarification", message="De que ano?"), answer("SELECT 2023 AS ano")]
    one = harness(script)
    app = one.app()
    async with app.run_test(size=(80, 24)) as pilot:
        for text in ("Quantos autos?", "2023"):
            app.work.prompt.text = text
            await pilot.press("enter")
            await scenes.settle(app, pilot)
        assert len(app.query(Decision)) == 2
    first, second = [message.content for message in one.model.prompts[1] if message.role == "user"]
    assert first.endswith("\n\nQuantos autos?")
    assert second == "2023"


async def test_esc_stops_the_query_on_the_server_and_everything_stays_usable(
    harness: Callable[..., Harness], demo_admin_conninfo: str
) -> None:
    app = harness([call("execute_sql", sql="SELECT pg_sleep(60)"), answer("SELECT 1 AS um")]).app()
    async with app.run_test(size=(80, 24)) as pilot:
        await scenes.settle(app, pilot)
        app.work.prompt.text = "devagar"
        await pilot.press("enter")
        while app.work.status.status.activity != "running" or not any(not e.finished for e in app.query(TraceEntry)):
            await pilot.pause(0.02)
        began = time.monotonic()
        await pilot.press("escape")
        await scenes.settle(app, pilot)
        assert time.monotonic() - began < 10
        with psycopg.connect(demo_admin_conninfo) as admin:
            row = admin.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'").fetchone()
        assert row == (0,)
        app.work.prompt.text = "de novo"
        await pilot.press("enter")
        await scenes.settle(app, pilot)
        assert app.work.grid.result is not None
        assert app.work.grid.result.rows == (("1",),)


async def test_esc_stops_a_model_in_the_middle_of_a_thought(harness: Callable[..., Harness]) -> None:
    app = harness(["palavra " * 5_000 + "</think>"], pace=lambda text: time.sleep(0.01)).app()
    async with app.run_test(size=(80, 24)) as pilot:
        app.work.prompt.text = "pense"
        await pilot.press("enter")
        while app.work.status.status.activity != "thinking":
            await pilot.pause(0.02)
        await pilot.press("escape")
        await scenes.settle(app, pilot)
        assert "Cancelled" in scenes.shown(app.work.conversation)


async def test_an_unreachable_server_is_a_card_and_can_be_tried_again(harness: Callable[..., Harness]) -> None:
    one = harness([answer("SELECT 1 AS um")])
    good, one.conninfo = one.conninfo, "host=127.0.0.1 port=1 dbname=x user=y connect_timeout=2"
    app = one.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await scenes.settle(app, pilot)
        assert len(app.query(Notice)) == 1
        assert app.work.status.status.activity == "failed"
        one.conninfo = good
        app.work.prompt.text = "agora sim"
        await pilot.press("enter")
        await scenes.settle(app, pilot)
        assert app.work.grid.result is not None


async def test_a_killed_backend_is_told_and_the_next_question_works(
    harness: Callable[..., Harness], demo_admin_conninfo: str
) -> None:
    app = harness([answer("SELECT 1 AS um"), answer("SELECT 2 AS dois")]).app()
    async with app.run_test(size=(80, 24)) as pilot:
        await scenes.settle(app, pilot)
        with psycopg.connect(demo_admin_conninfo, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sqlagent-tui'"
            )
        for text in ("um", "dois"):
            app.work.prompt.text = text
            await pilot.press("enter")
            await scenes.settle(app, pilot)
        assert app.work.grid.result is not None
        assert app.work.grid.result.rows[0][0] in ("1", "2")


async def test_the_browser_reads_every_relation_whatever_its_name(
    harness: Callable[..., Harness], guard: Guard
) -> None:
    one = harness([])
    one.conninfo = guard.reader
    app = one.app()
    async with app.run_test(size=(160, 48)) as pilot:
        await scenes.settle(app, pilot)
        relations = dict(app.work.schema._relations)
        assert {'"Tabela Ímpar"', '"d\'água \\"', "conta", "outro.conta"} <= relations.keys()
        await pilot.press("f3")
        for node in relations.values():
            node.expand()
        await scenes.settle(app, pilot)
        await scenes.settle(app, pilot)
        columns = {name: [str(child.label) for child in node.children] for name, node in relations.items()}
        assert columns['"Tabela Ímpar"'] == ["Coluna Á  text", 'com "aspas" dentro  integer', "select  integer"]
        assert len(columns["outro.conta"]) == 3
        assert columns["vazia"] == []
        assert any("FK → conta" in label for label in columns["tinta"])
        app.work.schema._tree.move_cursor(relations['"Tabela Ímpar"'])
        await pilot.press("i")
        assert app.work.prompt.text == '"Tabela Ímpar" '


async def test_a_role_without_rights_sees_an_empty_catalogue(harness: Callable[..., Harness], guard: Guard) -> None:
    one = harness([])
    one.conninfo = libpq.make_conninfo(guard.reader, user=NOBODY)
    app = one.app()
    async with app.run_test(size=(160, 48)) as pilot:
        await scenes.settle(app, pilot)
        assert "may not read any table" in scenes.shown(app.work.schema)


async def test_a_server_process_killed_in_mid_query_is_told_and_the_next_statement_works(
    harness: Callable[..., Harness], demo_admin_conninfo: str
) -> None:
    script = [
        call("execute_sql", sql="SELECT pg_sleep(60)"),
        call("execute_sql", sql="SELECT 7 AS n"),
        answer("SELECT 7 AS n"),
    ]
    one = harness(script)
    app = one.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await scenes.settle(app, pilot)
        assert app.agent._database is not None
        pid = app.agent._database.info.backend_pid
        app.work.prompt.text = "Espere"
        await pilot.press("enter")
        with psycopg.connect(demo_admin_conninfo, autocommit=True) as admin:
            asked = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND wait_event = 'PgSleep'"
            while admin.execute(asked, (pid,)).fetchone() == (0,):
                await pilot.pause(0.05)
            admin.execute("SELECT pg_terminate_backend(%s)", (pid,))
        await scenes.settle(app, pilot)
        assert "NOT retried" in scenes.shown(app.work.conversation)
        assert app.work.grid.result is not None
        assert app.work.grid.result.rows == (("7",),)
        assert app.work.status.status.activity == "ready"
