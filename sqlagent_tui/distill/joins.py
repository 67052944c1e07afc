"""How the demo's tables are joined: one alias stands for one table everywhere, so that every fragment is fixed text."""

from __future__ import annotations

import re
from typing import Final

ALIASES: Final = {
    "i": "imovel_rural",
    "m": "municipio",
    "e": "estado",
    "bi": "bioma",
    "p": "proprietario",
    "s": "posse",
    "r": "reserva_legal",
    "a": "area_preservacao",
    "v": "vegetacao_nativa",
    "b": "embargo",
    "x": "auto_infracao",
    "l": "licenca",
    "at": "atividade",
    "t": "vistoria",
    "j": "projeto_recuperacao",
    "f": "fiscal",
    "o": "orgao",
}
_LINKS: Final = {
    "i": {"m": "municipio_id"},
    "m": {"e": "estado_id", "bi": "bioma_id"},
    "p": {"m": "municipio_id"},
    "s": {"i": "imovel_id", "p": "proprietario_id"},
    "r": {"i": "imovel_id"},
    "a": {"i": "imovel_id"},
    "v": {"i": "imovel_id"},
    "b": {"i": "imovel_id", "o": "orgao_id"},
    "x": {"i": "imovel_id", "p": "proprietario_id", "f": "fiscal_id"},
    "l": {"i": "imovel_id", "o": "orgao_id", "at": "atividade_id"},
    "t": {"i": "imovel_id", "f": "fiscal_id"},
    "j": {"i": "imovel_id"},
    "f": {"o": "orgao_id"},
}
_ALIAS_IN_SQL: Final = re.compile(r"'(?:[^']|'')*'|\b([a-z]{1,2})\.")


def aliases_in(sql: str) -> tuple[str, ...]:
    """The table aliases that a fragment mentions outside of string literals, in order."""
    found = dict.fromkeys(match for match in _ALIAS_IN_SQL.findall(sql) if match in ALIASES)
    return tuple(found)


def join_path(base: str, target: str) -> tuple[str, ...]:
    """The aliases to join from `base` to `target`, `target` last; () for itself. Raises KeyError if unreachable."""
    paths: dict[str, tuple[str, ...]] = {base: ()}
    queue = [base]
    while queue:
        here = queue.pop(0)
        for there in _LINKS.get(here, {}):
            if there not in paths:
                paths[there] = (*paths[here], there)
                queue.append(there)
    return paths[target]


def join_clause(alias: str, joined: tuple[str, ...]) -> str:
    """`JOIN … ON …` of `alias` to the first of the already joined aliases that refers to it."""
    source = next(known for known in joined if alias in _LINKS.get(known, {}))
    return f"JOIN {ALIASES[alias]} {alias} ON {alias}.id = {source}.{_LINKS[source][alias]}"
