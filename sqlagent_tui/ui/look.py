"""What a user's settings say about every app of ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Look:
    """Language, colours and keys."""

    language: str = "pt-BR"
    theme: str = "dark"
    theme_folders: tuple[Path, ...] = ()
    """Folders of the user's own themes."""
    keymap: dict[str, str] = field(default_factory=dict)
    """Binding id → keys, comma separated."""
