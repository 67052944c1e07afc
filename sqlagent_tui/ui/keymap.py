"""Every key of the app in one table: the footer, the help screen, the palette and the user's own keymap read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from textual.binding import Binding


@dataclass(frozen=True, slots=True)
class Key:
    """One binding. Its words are the messages `key.<id>` (short) and `tip.<id>` (a sentence)."""

    id: str
    keys: str
    action: str
    priority: bool = False

    def binding(self) -> Binding:
        """The Textual binding; its description is the message's key, which the footer translates."""
        return Binding(
            self.keys,
            self.action,
            f"key.{self.id}",
            show=False,
            priority=self.priority,
            tooltip=f"tip.{self.id}",
            id=self.id,
        )


APP: Final = (
    Key("help", "f1", "sheet('help')"),
    Key("conversation", "f2", "pane('conversation')"),
    Key("schema", "f3", "pane('schema')"),
    Key("trace", "f4", "pane('trace')"),
    Key("grid", "f5", "pane('grid')"),
    Key("sql", "f6", "sql", priority=True),
    Key("thinking", "f8,ctrl+t", "thinking"),
    Key("details", "f9,ctrl+o", "details"),
    Key("limits", "f10,ctrl+l", "sheet('limits')"),
    Key("role", "f11,ctrl+g", "sheet('role')"),
    Key("connections", "f12,ctrl+n", "sheet('connections')"),
    Key("run_anyway", "f7", "run_anyway"),
    Key("palette", "ctrl+p", "command_palette", priority=True),
    Key("stop", "escape", "stop"),
    Key("interrupt", "ctrl+c", "interrupt", priority=True),
    Key("quit", "ctrl+q", "quit", priority=True),
)
RECALL: Final = (
    Key("previous", "up", "history_previous"),
    Key("next", "down", "history_next"),
)
PROMPT: Final = (
    Key("send", "enter", "send"),
    Key("newline", "ctrl+j,shift+enter", "newline"),
    *RECALL,
    Key("scroll_up", "pageup", "scroll_conversation(-1)"),
    Key("scroll_down", "pagedown", "scroll_conversation(1)"),
    Key("follow", "ctrl+end", "follow"),
)
SQL: Final = (Key("run", "f7,ctrl+r", "run"),)
SCHEMA: Final = (
    Key("filter", "slash", "filter"),
    Key("insert", "i", "insert_name"),
)
GRID: Final = (
    Key("cell", "enter", "cell"),
    Key("copy", "c", "copy_cell"),
    Key("copy_row", "r", "copy_row"),
    Key("save", "s", "save"),
)
INSPECT: Final = (
    Key("case_next", "j", "move(1)"),
    Key("case_previous", "k", "move(-1)"),
    Key("failure_next", "n", "failure(1)"),
    Key("failure_previous", "p", "failure(-1)"),
    Key("case_open", "enter", "open"),
    Key("inspect_list", "1,f2", "pane('cases')"),
    Key("inspect_case", "2,f3", "pane('facts')"),
    Key("inspect_results", "3,f4", "pane('results')"),
    Key("inspect_steps", "4,f5", "pane('steps')"),
    Key("pane_next", "tab", "cycle(1)", priority=True),
    Key("pane_previous", "shift+tab", "cycle(-1)", priority=True),
    Key("search", "slash", "search"),
    Key("narrow", "f", "narrow"),
    Key("all_cases", "a", "all"),
    Key("copy_sql", "y", "copy_sql"),
    Key("export", "e", "export"),
    Key("unfold", "t,f8", "thinking"),
    Key("told_model", "o,f9", "details"),
    Key("again", "ctrl+r,f7", "again"),
    Key("back", "escape", "retreat"),
    Key("inspect_help", "question_mark,f1", "help"),
    Key("inspect_quit", "q,ctrl+q", "quit"),
)
TABLES: Final[Mapping[str, tuple[Key, ...]]] = {
    "app": APP, "prompt": PROMPT, "sql": SQL, "schema": SCHEMA, "grid": GRID, "inspect": INSPECT,
}  # fmt: skip
WORKSPACE_TABLES: Final = ("app", "prompt", "sql", "schema", "grid")
INSPECT_TABLES: Final = ("inspect", "grid")


def bindings(keys: Iterable[Key]) -> list[Binding]:
    """Return the Textual bindings of `keys`."""
    return [key.binding() for key in keys]


def known_ids() -> frozenset[str]:
    """Return every id that a user's keymap may name."""
    return frozenset(key.id for keys in TABLES.values() for key in keys)


def split_keymap(keymap: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return what of a user's keymap can be used, and the ids that no binding has (Textual ignores those silently)."""
    known = known_ids()
    usable = {name: keys for name, keys in keymap.items() if name in known and keys.strip()}
    return usable, tuple(name for name in keymap if name not in usable)


_NAMES: Final = {
    "escape": "Esc", "enter": "Enter", "up": "↑", "down": "↓", "pageup": "PgUp", "pagedown": "PgDn", "end": "End",
    "tab": "Tab", "slash": "/", "question_mark": "?", "space": "Espaço",
}  # fmt: skip


def key_name(key: str) -> str:
    """Return the first of `key`'s alternatives as people write it: `Ctrl+J`, `F1`, `Esc`."""
    first = key.split(",")[0]
    *modifiers, last = first.split("+")
    shown = _NAMES.get(last, last.upper() if len(last) > 1 or modifiers else last)
    return "+".join([*(modifier.capitalize() for modifier in modifiers), shown])


def shown_key(id: str, keymap: Mapping[str, str]) -> str:
    """Return the first key of binding `id` as people write it, with what the user made of it."""
    keys = next(key.keys for table in TABLES.values() for key in table if key.id == id)
    return key_name(keymap.get(id, keys))
