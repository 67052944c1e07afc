"""Which keys the line at the bottom shows: those that do something now, the most useful first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlagent_tui.ui.keymap import APP, GRID, PROMPT, SCHEMA, SQL, Key, key_name
from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.widgets.keybar import Hint

_EVERYWHERE: Final = (
    "help",
    "palette",
    "thinking",
    "details",
    "conversation",
    "schema",
    "trace",
    "grid",
    "sql",
    "quit",
)
_PANES: Final = frozenset({"conversation", "schema", "trace", "grid"})
_PLACES: Final[Mapping[str, tuple[Key, ...]]] = {"prompt": PROMPT[:2], "sql": SQL, "grid": GRID, "schema": SCHEMA}


def hints(
    messages: Messages,
    keymap: Mapping[str, str],
    *,
    place: str | None,
    busy: bool,
    replying: bool,
    panes_named: bool,
) -> list[Hint]:
    """Return the hints for the keyboard in `place`; `panes_named` leaves out keys that the tabs tell already."""
    app = {key.id: key for key in APP}
    keys = [app["stop"]] if busy else []
    keys += _PLACES.get(place or "", ())
    words = {}
    if place == "sql":
        keys.append(app["sql"])
        words["sql"] = "key.question"
    keys += [app[name] for name in _EVERYWHERE if app[name] not in keys and not (panes_named and name in _PANES)]
    shown = [(key_name(keymap.get(key.id, key.keys)), messages(words.get(key.id, f"key.{key.id}"))) for key in keys]
    if replying and not busy:
        shown.insert(0, (key_name(keymap.get("stop", app["stop"].keys)), messages("key.afresh")))
    return shown
