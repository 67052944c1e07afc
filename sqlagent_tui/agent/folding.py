"""How words are compared everywhere: without capitals and without accents."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """Return `text` without capitals and accents, so that `Imóvel` and `imovel` meet."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))
