"""The command line as a script sees it: separate processes, the real database, the real engine with the student."""

import csv
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

STUDENT = Path(__file__).parents[2] / "sqlagent_tui" / "demo" / "student.gguf"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from sqlagent_tui.cli import main; main()", *arguments]


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "SQLAGENT_TUI_HOME": str(home), **more}


def run(home: Path, *arguments: str, stdin: str = "", env: Mapping[str, str] = {}) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), input=stdin, capture_output=True, text=True, env=environment(home, **env), timeout=120
    )


def test_help_has_examples_everywhere(home: Path) -> None:
    for name in ("tui", "ask", "sql", "model", "connection", "doctor"):
        shown = run(home, name, "--help")
        assert shown.returncode == 0
        assert "Examples:" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["ask"], "Missing argument 'QUESTION'"),
        (["sql", "SELECT 1"], "No database was named"),
        (["sql", "SELECT 1", "host=x", "--demo"], "Both --demo and a server"),
        (["sql", "  ", "--demo"], "The statement is empty"),
        (["sql", "SELECT 1", "--format", "xml"], "--format"),
        (["--nonsense"], "No such option"),
        (["sql", "SELECT 1", "--demo", "--ssh", "x"], "Both --demo and a server"),
        (["producao"], "There is no saved connection of that name"),
        (["host=db1", "password=segredo"], "in quotes"),
        (["sql", "SELECT 1", "host=db1", "password=segredo"], "in quotes"),
    ],
)
def test_wrong_usage_is_one_sentence_and_code_2(home: Path, arguments: list[str], told: str) -> None:
    done = run(home, *arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert "segredo" not in done.stderr
    assert done.stdout == ""


def test_sql_json_is_the_contract(home: Path, demo_conninfo: str) -> None:
    done = run(home, "sql", "SELECT sigla, NULL AS nada FROM estado ORDER BY 1", demo_conninfo, "--format", "json")
    shown = json.loads(done.stdout)
    assert set(shown) == {"columns", "rows", "row_count", "truncated", "elapsed_ms"}
    assert shown["columns"][0] == {"name": "sigla", "type": "character(2)"}
    assert shown["rows"][0] == ["AC", None]
    assert (shown["row_count"], shown["truncated"]) == (27, False)


def test_sql_reads_standard_input_and_writes_csv(home: Path, demo_conninfo: str) -> None:
    done = run(home, "sql", "-", demo_conninfo, "--format", "csv", stdin="SELECT nome FROM bioma ORDER BY 1;\n")
    assert [row[0] for row in csv.reader(io.StringIO(done.stdout))][:2] == ["nome", "Amazônia"]


def test_sql_says_when_rows_were_cut(home: Path, demo_conninfo: str) -> None:
    done = run(home, "sql", "SELECT id FROM imovel_rural ORDER BY 1", demo_conninfo, "--max-rows", "3")
    assert "(first 3 rows)" in done.stdout
    assert "Only the first 3 rows" in done.stderr


@pytest.mark.parametrize(
    ("statement", "code", "kind", "sqlstate"),
    [
        ("DELETE FROM estado", 5, "refused", "42601"),
        ("SELECT nom FROM estado", 6, "database", "42703"),
        ("SELECT pg_read_file('/etc/passwd')", 5, "refused", None),
    ],
)
def test_sql_failures_have_their_codes(
    home: Path, demo_conninfo: str, statement: str, code: int, kind: str, sqlstate: str | None
) -> None:
    done = run(home, "sql", statement, demo_conninfo, "--format", "json")
    assert done.returncode == code
    error = json.loads(done.stdout)["error"]
    assert (error["kind"], error["sqlstate"]) == (kind, sqlstate)
    assert set(error) == {"kind", "sqlstate", "message", "hint", "position"}


def test_sql_keeps_to_the_limits_and_the_functions_of_the_settings(
    home: Path, tmp_path: Path, demo_conninfo: str
) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text('[limits]\nmax_value_chars = 4\nagent_max_cost = 1\n[safety]\ndeny_functions = ["upper"]\n')
    wanted = ("--config", str(settings), "--format", "json")
    shown = run(home, "sql", "SELECT nome FROM estado ORDER BY 1 LIMIT 1", demo_conninfo, *wanted)
    assert json.loads(shown.stdout)["rows"] == [["Acre"]]
    refused = run(home, "sql", "SELECT upper(nome) FROM estado", demo_conninfo, *wanted)
    assert refused.returncode == 5
    error = json.loads(refused.stdout)["error"]
    assert (error["kind"], error["position"]) == ("refused", 8)
    assert "deny_functions" in error["message"]


@pytest.mark.parametrize(
    ("conninfo", "told"),
    [
        ("host=/nowhere dbname=x user=y", "/nowhere"),
        ("host=127.0.0.1 port=1 dbname=x user=y", "127.0.0.1"),
        ("host=127.0.0.1 port=1 dbname=x user=y password=segredo123", "command line"),
        ("postgresql://u:segredo123@127.0.0.1:1/x", "command line"),
        ("postgresql://u:segredo123@127.0.0.1:porta/x", ""),
        ("nonsense=1", ""),
    ],
)
def test_a_server_that_cannot_be_reached_is_one_sentence_without_secrets(home: Path, conninfo: str, told: str) -> None:
    done = run(home, "sql", "SELECT 1", conninfo)
    assert done.returncode in (2, 6)
    assert told in done.stderr
    assert "segredo123" not in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_ctrl_c_cancels_on_the_server(home: Path, demo_conninfo: str, demo_admin_conninfo: str) -> None:
    import psycopg

    running = subprocess.Popen(
        command("sql", "SELECT pg_sleep(100)", demo_conninfo),
        env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    asked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    with psycopg.connect(demo_admin_conninfo, autocommit=True) as admin:
        while admin.execute(asked).fetchone() == (0,):
            assert running.poll() is None
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=30)
        assert running.returncode == 130
        assert admin.execute(asked).fetchone() == (0,)


def test_ctrl_c_ends_connecting(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        running = subprocess.Popen(
            command("sql", "SELECT 1", f"host=127.0.0.1 port={mute.getsockname()[1]} user=x dbname=x"),
            env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        mute.settimeout(20)
        client, _ = mute.accept()
        with client:
            running.send_signal(signal.SIGINT)
            out, said = running.communicate(timeout=5)
    assert running.returncode == 130
    assert said.decode().strip().endswith("Interrupted.")
    assert out == b""


def test_ask_json_is_the_contract(home: Path, demo_conninfo: str) -> None:
    question = "Quantos imóveis rurais existem em cada estado?"
    done = run(home, "ask", "--json", question, demo_conninfo, "--model", str(STUDENT))
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert set(shown) == {
        "question", "decision", "sql", "message", "columns", "rows", "row_count", "truncated", "evidence", "steps",
        "usage", "model", "session",
    }  # fmt: skip
    assert (shown["question"], shown["decision"]) == (question, "sql")
    expected = run(
        home, "sql", "--format", "json",
        "SELECT e.nome, count(*) FROM imovel_rural i JOIN municipio m ON m.id = i.municipio_id"
        " JOIN estado e ON e.id = m.estado_id GROUP BY e.nome", demo_conninfo,
    )  # fmt: skip
    assert sorted(shown["rows"]) == sorted(json.loads(expected.stdout)["rows"])
    assert [step["tool"] for step in shown["steps"]] == ["get_table_schema", "execute_sql", "final_answer"]
    assert all(step["ok"] for step in shown["steps"])
    assert len(shown["model"]["sha256"]) == 64
    assert shown["usage"]["cached_tokens"] > 0
    journal = home / "data" / "sessions" / f"{shown['session']}.jsonl"
    assert json.loads(journal.read_text().splitlines()[-1])["event"] == "TurnEnded"


@pytest.mark.parametrize(
    ("question", "code", "decision"),
    [
        ("Quais são os imóveis grandes?", 3, "clarification"),
        ("Qual o telefone do proprietário João da Silva?", 4, "unanswerable"),
    ],
)
def test_the_other_decisions_have_their_codes(
    home: Path, demo_conninfo: str, question: str, code: int, decision: str
) -> None:
    done = run(home, "ask", "--json", question, demo_conninfo, "--model", str(STUDENT))
    shown = json.loads(done.stdout)
    assert (done.returncode, shown["decision"], shown["sql"], shown["rows"]) == (code, decision, None, [])
    assert shown["message"]


def test_ask_in_words(home: Path, demo_conninfo: str) -> None:
    done = run(home, "ask", "Quantos estados existem?", demo_conninfo, "--model", str(STUDENT))
    assert done.returncode == 0
    assert "SELECT" in done.stdout
    assert "(1 row)" in done.stdout


def test_a_question_that_cannot_fit_and_an_empty_one(home: Path, demo_conninfo: str) -> None:
    long = run(home, "ask", "xyz9 " * 4_000, demo_conninfo, "--model", str(STUDENT))
    assert long.returncode == 7
    assert "Shorten the question" in long.stderr
    assert run(home, "ask", " ", demo_conninfo, "--model", str(STUDENT)).returncode == 2


def test_a_wrong_model_file_is_one_sentence(home: Path, demo_conninfo: str, tmp_path: Path) -> None:
    wrong = tmp_path / "x.gguf"
    wrong.write_bytes(b"GGUF" + STUDENT.read_bytes()[4:5000])
    for name in (str(wrong), str(tmp_path / "none.gguf"), "unheard-of"):
        done = run(home, "ask", "Quantos estados?", demo_conninfo, "--model", name)
        assert done.returncode == 7
        assert len(done.stderr.strip().splitlines()) == 1


def test_models_are_added_listed_used_and_described(home: Path, tmp_path: Path) -> None:
    copy = tmp_path / "meu.gguf"
    copy.write_bytes(STUDENT.read_bytes())
    assert run(home, "model", "add", str(copy)).stdout == "meu\n"
    assert run(home, "model", "use", "meu").returncode == 0
    listed = {entry["name"]: entry for entry in json.loads(run(home, "model", "list", "--json").stdout)}
    assert set(listed) == {"student", "meu"}
    assert listed["meu"]["chosen"]
    facts = json.loads(run(home, "model", "info", "--json").stdout)
    assert (facts["architecture"], facts["chat_template"]) == ("qwen3", True)
    assert run(home, "model", "remove", "meu").returncode == 0
    assert run(home, "model", "use", "meu").returncode == 7


def test_doctor_looks_at_everything(home: Path, demo_conninfo: str) -> None:
    done = run(home, "doctor", "--json", demo_conninfo, "--model", str(STUDENT))
    found = {finding["check"]: finding["level"] for finding in json.loads(done.stdout)}
    assert done.returncode == 0
    assert {"terminal", "clipboard", "settings", "model", "engine", "server", "role", "tables", "limits"} <= set(found)
    assert found["role"] == "ok"
    assert "CREATE ROLE" not in run(home, "doctor", demo_conninfo, "--model", str(STUDENT)).stdout


def test_doctor_tells_how_the_engine_is_set_up_and_why(home: Path, slow_gguf: Path) -> None:
    def engine(model: Path) -> str:
        done = run(home, "doctor", "host=/nonexistent dbname=x", "--model", str(model), "--json")
        found = [finding for finding in json.loads(done.stdout) if finding["check"] == "engine"]
        return "\n".join(f"{finding['message']} {finding['remedy']}" for finding in found)

    before = engine(slow_gguf)
    assert "is built " in before
    assert "threads: " in before
    assert "not calibrated: so small a model is quick with any settings" in before
    measured = run(home, "model", "calibrate", str(slow_gguf))
    assert measured.returncode == 0
    assert measured.stdout.startswith("calibrated in ")
    after = engine(slow_gguf)
    for line in measured.stdout.splitlines():
        assert line in after
    for setting in ("extra_buffers", "threads", "threads_batch", "flash_attention", "n_ubatch"):
        assert f"\n{setting} " in after
    (home / "config" / "config.toml").write_text("[model]\nthreads = 1\nn_ubatch = 64\nflash_attention = true\n")
    pinned = engine(slow_gguf)
    assert "threads: 1 to write, 1 to read; 64 tokens at once; flash attention on" in pinned
    assert "pinned under [model] in config.toml: threads 1, n_ubatch 64, flash_attention on, threads_batch 1" in pinned


def test_a_file_that_is_no_model_is_not_calibrated(home: Path, tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_bytes(b"nonsense" * 10)
    done = run(home, "model", "calibrate", str(tmp_path / "x.gguf"))
    assert done.returncode == 7
    assert "is not a GGUF file" in done.stderr


def test_doctor_tells_a_superuser_how_to_make_a_role(home: Path, demo_admin_conninfo: str) -> None:
    done = run(home, "doctor", demo_admin_conninfo, "--model", str(STUDENT))
    assert done.returncode == 5
    assert "‼ role       postgres is a superuser" in done.stdout
    assert "CREATE ROLE sqlagent_reader" in done.stdout
    insisted = run(home, "doctor", "--json", "--allow-superuser", demo_admin_conninfo, "--model", str(STUDENT))
    assert insisted.returncode == 0
    finding = next(finding for finding in json.loads(insisted.stdout) if finding["check"] == "role")
    assert (finding["level"], finding["key"], finding["names"]) == ("danger", "superuser", ["postgres"])


def test_doctor_prints_the_sql_alone(home: Path, demo_conninfo: str) -> None:
    done = run(home, "doctor", "--sql", "--role", "Só Lê", demo_conninfo)
    assert done.returncode == 0
    assert 'CREATE ROLE "Só Lê" LOGIN NOSUPERUSER' in done.stdout
    assert 'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "Só Lê";' in done.stdout
    assert all(line.startswith("--") or line.endswith(";") for line in done.stdout.splitlines())
    assert run(home, "doctor", "--sql", "--role", "postgres", demo_conninfo).returncode == 2


def test_doctor_says_when_there_is_no_server(home: Path) -> None:
    missing = run(home, "doctor", "host=/nowhere dbname=x", "--model", str(STUDENT))
    assert missing.returncode == 6
    assert "✗ server" in missing.stdout


def test_a_superuser_has_to_insist(home: Path, demo_admin_conninfo: str) -> None:
    for arguments in (["sql", "SELECT 1"], ["ask", "Quantos estados?", "--model", str(STUDENT)]):
        done = run(home, *arguments, demo_admin_conninfo)
        assert done.returncode == 5
        assert "is a superuser" in done.stderr
        assert "--allow-superuser" in done.stderr
        assert done.stdout == ""
    insisted = run(home, "sql", "SELECT 1", demo_admin_conninfo, "--allow-superuser", "--format", "csv")
    assert insisted.stdout.split() == ["?column?", "1"]


def test_a_broken_settings_file_is_told_and_left_alone(home: Path, demo_conninfo: str) -> None:
    file = home / "config" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("theme = [")
    done = run(home, "sql", "SELECT 1", demo_conninfo)
    assert done.returncode == 0
    assert "not valid" in done.stderr
    assert file.read_text() == "theme = ["


def test_the_demo_needs_nothing(home: Path) -> None:
    done = run(home, "sql", "--demo", "SELECT count(*) FROM estado", "--format", "csv")
    assert done.stdout.splitlines() == ["count", "27"]
