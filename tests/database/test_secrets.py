"""No part of a password gets into an error, however the connection string is broken."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sqlagent_tui.assembly import Target
from sqlagent_tui.database import conninfo as conninfos
from sqlagent_tui.database.connection_errors import _KNOWN
from sqlagent_tui.database.postgres import PostgresDatabase
from sqlagent_tui.errors import DatabaseError, SqlagentError, UsageError

FRAGMENT = 4
_NOWHERE = "host=127.0.0.1 port=1 user=ana dbname=base"


def _quoted(password: str) -> str:
    return "'" + password.replace("\\", r"\\").replace("'", r"\'") + "'"


BROKEN = {
    "raw in a URI": lambda p: f"postgresql://ana:{p}@127.0.0.1:1/base",
    "raw, scheme short, no database": lambda p: f"postgres://ana:{p}@127.0.0.1:1",
    "raw, no host": lambda p: f"postgresql://ana:{p}@",
    "raw, no at": lambda p: f"postgresql://ana:{p}",
    "raw, several hosts": lambda p: f"postgresql://ana:{p}@127.0.0.1:1,127.0.0.1:2/base?sslmode=disable",
    "raw in the query": lambda p: f"postgresql://127.0.0.1:1/base?user=ana&password={p}",
    "escaped in a URI": lambda p: f"postgresql://ana:{quote(p, safe='', errors='replace')}@127.0.0.1:1/base",
    "raw in words": lambda p: f"{_NOWHERE} password={p}",
    "raw in words, first": lambda p: f"password={p} {_NOWHERE}",
    "half quoted": lambda p: f"{_NOWHERE} password='{p}",
    "quoted": lambda p: f"{_NOWHERE} password={_quoted(p)}",
    "unknown option": lambda p: f"{_NOWHERE} pasword={_quoted(p)}",
    "nothing else": lambda p: p,
}
# Our own words are no leak when a password happens to hold them.
OURS = " ".join(
    [
        *(f"{known.message} {known.remedy}" for known in _KNOWN),
        *conninfos.UNREADABLE, *conninfos._TORN, _NOWHERE,
        "127.0.0.1:1 or 127.0.0.1:2 the local socket, port 5432, the server the database the role “ana” “base”",
        "The server asks for a password. The connection to could not be made. Check host, port, database and role,",
        "A password doesn't belong on the command line, where every user of this machine can read it. Leave it out:",
        "it is asked for, or read from ~/.pgpass (or PGPASSFILE, PGSERVICEFILE, PGPASSWORD).",
        "for example with psql. No PostgreSQL server answers at 127.0.0.1:1. ana: The first",
    ]
)  # fmt: skip
PASSWORDS = st.one_of(
    st.text(min_size=FRAGMENT, max_size=24),
    st.text("abcXYZ0189@/:?#%&=[]'\"\\ +.,;!$é", min_size=FRAGMENT, max_size=24),
)


def fragments(password: str) -> set[str]:
    """Return every piece of the password that would be a leak."""
    return {password[i : i + FRAGMENT] for i in range(len(password) - FRAGMENT + 1)}


@pytest.mark.parametrize("shape", BROKEN)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(password=PASSWORDS)
def test_no_fragment_of_a_password_is_told(shape: str, password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "127.0.0.1")
    monkeypatch.setenv("PGPORT", "1")
    # With nothing but digits for a password, this is a host and a port.
    assume(shape != "raw, no at" or not password.partition("/")[0].strip().isdigit())
    conninfo = BROKEN[shape](password)
    with pytest.raises(DatabaseError) as caught:
        PostgresDatabase.connect(conninfo)
    told = [str(caught.value)]
    assert caught.value.__cause__ is None
    try:
        Target.chosen(conninfo, demo=False)
    except SqlagentError as refused:
        told.append(str(refused))
    leaked = {piece for piece in fragments(password) if piece not in OURS and any(piece in text for text in told)}
    assert not leaked, told


@pytest.mark.parametrize(
    "conninfo",
    [
        "postgresql://ana:pe@dro@db1/base",
        "postgresql://ana:pe/dro@db1/base",
        "postgresql://ana:1/dro@db1:5432/base?sslmode=require",
        "postgres://ana:p@/@db1",
        "postgresql://ana:pe@dro/x@db1/base",
    ],
)
def test_a_torn_uri_never_reaches_the_network(conninfo: str) -> None:
    with pytest.raises(DatabaseError, match="%40"):
        conninfos.settings(conninfo)


@pytest.mark.parametrize(
    "conninfo",
    [
        "postgresql://ana@db1/base",
        "postgresql://ana:s%40e%2Fnha@db1/base",
        "postgresql://db1/base?user=ana@tenant",
        "postgresql://ana@db1/base?application_name=a@b",
        "host=db1 user=ana@tenant",
    ],
)
def test_a_whole_uri_is_read(conninfo: str) -> None:
    assert conninfos.settings(conninfo)["host"] == "db1"


@pytest.mark.parametrize(
    "conninfo",
    [
        "host=db1 password=segredo",
        "host=db1 PASSWORD = segredo",
        "host=db1 sslpassword=segredo",
        "host=db1 oauth_client_secret=segredo",
        "postgresql://ana:segredo@db1/base",
        "postgres://ana:@x:segredo@db1/base",
        "postgresql://:segredo@db1/base",
        "postgresql://db1/base?password=segredo",
        "postgresql://db1/base?passw%6Frd=segredo",
        "postgresql://db1/base?sslpassword=segredo",
    ],
)
def test_a_password_on_the_command_line_is_refused(conninfo: str) -> None:
    with pytest.raises((UsageError, DatabaseError)) as caught:
        Target.chosen(conninfo, demo=False)
    assert "segredo" not in str(caught.value)


@pytest.mark.parametrize(
    "conninfo",
    [
        "host=db1 user=ana",
        "postgresql://ana@db1:5432/base",
        "passfile=/x/pgpass",
        "service=x",
        "user=secretaria",
    ],
)
def test_a_conninfo_without_a_password_is_taken(conninfo: str) -> None:
    assert Target.chosen(conninfo, demo=False).conninfo == conninfo
