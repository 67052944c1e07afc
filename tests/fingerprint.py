"""Everything about a server that a statement could change, in a form that two moments can be compared by.

What is compared, and why it is enough:

- every row of every table, of the catalogues too, with `ctid`, `xmin` and `xmax`: a write that was undone would still
  move them. So roles, rights, settings of roles and databases, functions, comments, extensions, large objects, event
  triggers, publications are all covered at once, in every version.
- what lies outside tables: sequences, slots, origins, prepared transactions, locks, connections, configuration and when
  it was loaded, statistics' reset times, notifications, the next transaction number.
- how far the log of changes (WAL) has been written: on a server without autovacuum whose rows are all frozen, reading
  writes nothing. The server's own processes do at times, which `compare` forgives when it doesn't happen twice.
- the names of all files of the cluster, the content of its configuration, and a scratch directory with its content.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

State = dict[str, str | None]

_SECONDS_TO_SETTLE = 2.0
"""A cancelled statement's workers, a closing connection: what is only on its way out may take a moment."""

_OUTSIDE_TABLES = """
SELECT 'slots', string_agg(concat_ws(':', slot_name, active, restart_lsn, confirmed_flush_lsn), ',' ORDER BY slot_name)
  FROM pg_replication_slots
UNION ALL SELECT 'origins', string_agg(o::text, ',' ORDER BY local_id) FROM pg_show_replication_origin_status() o
UNION ALL SELECT 'prepared transactions', string_agg(gid, ',') FROM pg_prepared_xacts
UNION ALL SELECT 'locks', string_agg(concat_ws(':', locktype, relation::regclass, mode, classid, objid), ',')
  FROM pg_locks WHERE pid <> pg_backend_pid()
UNION ALL SELECT 'connections', string_agg(DISTINCT concat_ws(':', backend_type, state, usename, xact_start), ',')
  FROM pg_stat_activity WHERE pid <> pg_backend_pid()
UNION ALL SELECT 'configuration', md5(string_agg(concat_ws(':', name, setting, reset_val, boot_val, source), ','
  ORDER BY name)) FROM pg_settings
UNION ALL SELECT 'configuration was loaded', concat_ws(' ', pg_conf_load_time(), pg_postmaster_start_time())
UNION ALL SELECT 'statistics were reset', concat_ws(',',
  (SELECT string_agg(concat_ws(':', datid, stats_reset), ',' ORDER BY datid) FROM pg_stat_database),
  (SELECT stats_reset FROM pg_stat_bgwriter), (SELECT stats_reset FROM pg_stat_archiver),
  (SELECT stats_reset FROM pg_stat_wal), (SELECT string_agg(stats_reset::text, ',' ORDER BY name) FROM pg_stat_slru))
UNION ALL SELECT 'notifications', pg_notification_queue_usage()::text
UNION ALL SELECT 'next transaction', pg_snapshot_xmax(pg_current_snapshot())::text
UNION ALL SELECT 'log of changes', pg_current_wal_insert_lsn()::text
"""
LOG_OF_CHANGES = "log of changes"
_IN_PLACE = ("pg_class", "pg_database")
"""Tables whose rows the server also changes where they stand: there the whole text counts, elsewhere ctid and xmin."""
_SERVERS_OWN_FOLDERS = frozenset({"pg_wal", "pg_stat_tmp"})
_SERVERS_OWN_FILES = "pg_internal.init"
"""What the server writes for itself at any time: its log of changes, and a cache made at connections."""
_CONFIGURATION = ("postgresql.conf", "postgresql.auto.conf", "pg_hba.conf", "pg_ident.conf")


class Fingerprinter:
    """Takes fingerprints of one database, its server and a scratch directory, on a connection of its own."""

    def __init__(self, superuser: str, data_dir: Path, scratch: Path) -> None:
        self._superuser = superuser
        self._connection = self._connect()
        self._times_cut = 0
        self._data_dir = data_dir
        self._scratch = scratch
        self.settle()

    def close(self) -> None:
        self._connection.close()

    def _connect(self) -> psycopg.Connection:
        bounds = "-c lock_timeout=5s -c statement_timeout=30s"
        return psycopg.connect(
            self._superuser, autocommit=True, prepare_threshold=None, options=bounds, application_name="fingerprint"
        )

    def take(self) -> State:
        try:
            return self._take()
        except psycopg.OperationalError:  # somebody has ended this very connection
            self._connection = self._connect()
            self._times_cut += 1
            return self._take()

    def _take(self) -> State:
        state: State = {"times cut": str(self._times_cut)}
        state.update(self._connection.execute(_OUTSIDE_TABLES.encode()).fetchall())
        state.update(self._connection.execute(self._tables_sql()).fetchall())
        for name in _CONFIGURATION:
            state[name] = _digest((self._data_dir / name).read_bytes())
        state["files"] = ",".join(sorted(self._files()))
        for path in sorted(self._scratch.iterdir()):
            state[f"scratch/{path.name}"] = _digest(path.read_bytes())
        return state

    def compare(self, before: State) -> dict[str, str]:
        """Return what differs now from `before`, and how. What only needs a moment to settle isn't told."""
        deadline = time.monotonic() + _SECONDS_TO_SETTLE
        while True:
            now = self.take()
            keys = before.keys() | now.keys()
            changed = {
                key: _difference(before.get(key), now.get(key)) for key in keys if before.get(key) != now.get(key)
            }
            if not {"locks", "connections"} & changed.keys() or time.monotonic() > deadline:
                return changed
            time.sleep(0.02)

    def settle(self) -> None:
        """Freeze every row and write everything out, so that reading has nothing left to tidy up."""
        self._connection.execute("VACUUM (FREEZE)")
        self._connection.execute("CHECKPOINT")

    def _tables_sql(self) -> bytes:
        names = self._connection.execute(
            "SELECT c.oid::regclass::text, c.relkind, c.relname FROM pg_class c "
            "WHERE c.relkind IN ('r', 'm', 'S') AND c.relpersistence <> 't' ORDER BY c.oid"
        ).fetchall()
        parts = []
        for name, kind, relname in names:
            where_it_stands = "concat_ws(':', t.ctid, t.xmin, t.xmax)"
            catalogue = name in (relname, f"pg_catalog.{relname}") and relname.startswith("pg_")
            text = f"{where_it_stands} || t::text"
            if kind == "S":
                text = "concat_ws(':', t.last_value, t.log_cnt, t.is_called)"
            elif catalogue and relname not in _IN_PLACE:
                text = where_it_stands
            literal = "'" + name.replace("'", "''") + "'"
            parts.append(
                f"SELECT {literal}, coalesce(md5(string_agg({text}, ',' ORDER BY t.ctid)), 'empty') FROM {name} t"
            )
        return " UNION ALL ".join(parts).encode()

    def _files(self) -> Iterator[str]:
        for folder, folders, names in os.walk(self._data_dir):
            folders[:] = [name for name in folders if name not in _SERVERS_OWN_FOLDERS]
            place = folder.removeprefix(str(self._data_dir))
            yield from (f"{place}/{name}" for name in names if not name.startswith(_SERVERS_OWN_FILES))


def _difference(before: str | None, now: str | None) -> str:
    """Both, or what came and went when they are lists."""
    old, new = (set((text or "").split(",")) for text in (before, now))
    if len(old) > 1 or len(new) > 1:
        return " ".join([*(f"-{item}" for item in sorted(old - new)), *(f"+{item}" for item in sorted(new - old))])
    return f"{before} → {now}"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
