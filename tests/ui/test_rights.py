"""Rights that change while the app is open: a real role, the real app."""

from collections.abc import Callable

import psycopg
from psycopg import conninfo as libpq

from tests import ui_scenes as scenes
from tests.fix_guard import NOBODY, Guard
from tests.fix_ui import Harness, answer, call


async def test_a_role_loses_a_right_then_its_login_and_the_app_goes_on(
    harness: Callable[..., Harness],
    guard: Guard,
) -> None:
    count = "SELECT count(*) FROM conta"

    def change(*statements: str) -> None:
        with psycopg.connect(guard.direct, autocommit=True) as admin:
            for statement in statements:
                admin.execute(statement.format(r=NOBODY).encode())

    refused = call("final_answer", decision="unanswerable", message="Sem direito de ler a tabela.")
    gone = call("final_answer", decision="unanswerable", message="Sem conexão.")
    script = [answer(count), call("execute_sql", sql=count), refused, call("execute_sql", sql=count), gone]
    one = harness([*script, answer(f"SELECT 1 + n FROM ({count}) q (n)")])
    one.conninfo = libpq.make_conninfo(guard.reader, user=NOBODY)
    change("GRANT USAGE ON SCHEMA public TO {r}", "GRANT SELECT ON conta TO {r}")
    app = one.app()
    try:
        async with app.run_test(size=(120, 40)) as pilot:

            async def ask(question: str) -> str:
                before = len(scenes.shown(app.work.conversation))
                app.work.prompt.text = question
                await pilot.press("enter")
                await scenes.settle(app, pilot)
                assert app.work.status.status.activity in ("ready", "failed")
                return scenes.shown(app.work.conversation)[before:]

            await scenes.settle(app, pilot)
            await ask("Quantas contas?")
            assert app.work.grid.result is not None
            assert app.work.grid.result.rows == (("200",),)

            change("REVOKE SELECT ON conta FROM {r}")
            assert "permission denied for table conta" in await ask("E agora?")

            ends = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = '{r}'"
            change("ALTER ROLE {r} NOLOGIN", ends)
            assert "may not log in" in await ask("E sem login?")

            change("ALTER ROLE {r} LOGIN", "GRANT SELECT ON conta TO {r}")
            await ask("E de volta?")
            assert app.work.grid.result.rows == (("201",),)
            assert app.work.status.status.activity == "ready"
    finally:
        change("ALTER ROLE {r} LOGIN", "REVOKE ALL ON conta FROM {r}", "REVOKE ALL ON SCHEMA public FROM {r}")
