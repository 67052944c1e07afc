"""The expert: plays a question whose meaning is known, through the real tools, and writes the trajectory down.

Tool results come from the guarded database and are laid out by the student's own profile, so that the training text
holds exactly what the runtime will show. The text follows Qwen3's chat form. Segments are cut only where the model
begins or ends writing: the runtime tokenises the rest in one go too.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.profile import Profile, parse_profile
from sqlagent_tui.agent.protocols import Database, TurnLimits
from sqlagent_tui.agent.rendering import result_text, schema_text
from sqlagent_tui.agent.results import QueryResult, StatementError
from sqlagent_tui.distill.joins import ALIASES, aliases_in

Segments = tuple[tuple[str, bool], ...]
_DATABASE: Final = "cadastro_ambiental"
_ASSISTANT: Final = "<|im_end|>\n<|im_start|>assistant\n"
_CACHE_LIMIT: Final = 20_000


@dataclass(frozen=True)
class Exchange:
    """An earlier question of the turn and the clarification that it was answered with."""

    question: str
    message: str


@dataclass(frozen=True)
class Mistake:
    """A wrong statement to show first, and the thought that follows its error."""

    sql: str
    thought: str


def student_profile() -> Profile:
    """The profile that ships with the student."""
    text = files("sqlagent_tui.demo").joinpath("student-profile.toml").read_text("utf-8")
    return parse_profile(text, "student-profile.toml")


class Expert:
    """Plays trajectories on one database; statements and schemas are cached."""

    def __init__(self, database: Database, profile: Profile) -> None:
        self._database = database
        self._profile = profile
        self._system = profile.system_prompt.replace("{database}", _DATABASE).replace("{tables}", "").strip()
        self._limits = TurnLimits().statement
        self._cancel = CancelToken()
        self._results: dict[str, QueryResult | StatementError] = {}
        self._schemas: dict[tuple[str, ...], str] = {}

    def execute(self, sql: str) -> QueryResult | StatementError:
        """Run a statement as the agent's tool would."""
        found = self._results.get(sql)
        if found is None:
            found = self._database.execute(sql, origin="agent", cancel=self._cancel, limits=self._limits)
            if len(self._results) < _CACHE_LIMIT:
                self._results[sql] = found
        return found

    def answer(
        self,
        question: str,
        plan: Sequence[str],
        tables: Sequence[str],
        sql: str,
        result: QueryResult,
        *,
        earlier: Exchange | None = None,
        mistake: Mistake | None = None,
    ) -> Segments:
        """The trajectory of a question that ends in SQL; the loss leaves a wrong statement out."""
        segments = [
            self._opening(question, earlier),
            (_thought(plan) + self._call("get_table_schema", table_names=list(tables)), True),
        ]
        segments.append(_tool_result(self._schema(tuple(tables))))
        thought: Sequence[str] = ()
        if mistake is not None:
            segments.append((_thought(()) + self._call("execute_sql", sql=mistake.sql), False))
            segments.append(_tool_result(result_text(self.execute(mistake.sql), self._profile.layout)))
            thought = (mistake.thought,)
        segments.append((_thought(thought) + self._call("execute_sql", sql=sql), True))
        segments.append(_tool_result(result_text(result, self._profile.layout)))
        final = self._call("final_answer", decision="sql", message=summary(result))
        segments.append((_thought(()) + final, True))
        return tuple(segments)

    def refuse(self, question: str, plan: Sequence[str], decision: str, message: str) -> Segments:
        """The trajectory of a question that ends without SQL."""
        final = self._call("final_answer", decision=decision, message=message)
        return (self._opening(question, None), (_thought(plan) + final, True))

    def _opening(self, question: str, earlier: Exchange | None) -> tuple[str, bool]:
        before = ""
        if earlier is not None:
            call = self._call("final_answer", decision="clarification", message=earlier.message)
            before = f"{earlier.question}{_ASSISTANT}{call}\n<|im_start|>user\n"
        return (
            f"<|im_start|>system\n{self._system}<|im_end|>\n<|im_start|>user\n{before}{question}{_ASSISTANT}<think>\n",
            False,
        )

    def _schema(self, tables: tuple[str, ...]) -> str:
        if tables not in self._schemas:
            self._schemas[tables] = schema_text(self._database.describe(tables, self._cancel), self._profile.layout)
        return self._schemas[tables]

    def _call(self, tool: str, **arguments: Any) -> str:
        known = self._profile.tools[tool]
        renamed = {known.arguments[name].name: value for name, value in arguments.items()}
        if tool == "final_answer":
            name = known.arguments["decision"].name
            renamed[name] = self._profile.decisions[arguments["decision"]][0]
        return f'<tool_call>\n{{"name": {_json(known.name)}, "arguments": {_json(renamed)}}}\n</tool_call><|im_end|>'


def summary(result: QueryResult) -> str:
    """The short sentence of an SQL answer."""
    if not result.rows:
        return "Nenhum registro encontrado."
    if len(result.rows) == 1 and any(len(value or "") > 40 for value in result.rows[0]):
        return "A resposta está na tabela."
    if len(result.rows) == 1 and len(result.columns) == 1:
        value = result.rows[0][0]
        return "Não há dados para esse filtro." if value is None else f"Resultado: {value}."
    if len(result.rows) == 1:
        return f"Resultado: {', '.join('sem valor' if value is None else value for value in result.rows[0])}."
    return "A lista está na tabela."


def find_mistake(sql: str, rng: random.Random) -> Mistake | None:
    """A statement that goes wrong as beginners' do, with the thought that puts it right; None if none fits."""
    makers = [_wrong_column, _wrong_value, _missing_join, _missing_group, _table_for_alias]
    rng.shuffle(makers)
    for make in makers:
        mistake = make(sql, rng)
        if mistake is not None and mistake.sql != sql:
            return mistake
    return None


_COLUMN_SLIPS: Final = {
    "i.area_ha": "i.area", "b.area_ha": "b.area", "r.area_ha": "r.area", "a.area_ha": "a.area",
    "v.area_ha": "v.area", "j.area_ha": "j.area", "x.valor_multa": "x.valor", "i.valor_terra": "i.valor",
    "j.custo": "j.valor", "m.area_km2": "m.area", "b.data_embargo": "b.data", "x.data_autuacao": "x.data_auto",
    "t.data_vistoria": "t.data", "l.data_emissao": "l.data", "j.data_inicio": "j.inicio",
    "i.data_inscricao": "i.data_cadastro", "e.sigla": "e.uf", "o.sigla": "o.nome_sigla",
    "i.modulos_fiscais": "i.modulos", "p.tipo": "p.tipo_pessoa", "v.estagio": "v.tipo", "b.motivo": "b.tipo",
    "t.resultado": "t.situacao", "x.numero": "x.codigo", "b.numero": "b.codigo", "l.numero": "l.codigo",
    "bi.nome": "bi.bioma",
}  # fmt: skip


def _wrong_column(sql: str, rng: random.Random) -> Mistake | None:
    present = [column for column in _COLUMN_SLIPS if re.search(rf"\b{re.escape(column)}\b", sql)]
    if not present:
        return None
    column = rng.choice(present)
    wrong = re.sub(rf"\b{re.escape(column)}\b", _COLUMN_SLIPS[column], sql)
    return Mistake(wrong, f"a coluna certa é {column}")


def _wrong_value(sql: str, rng: random.Random) -> Mistake | None:
    found = re.findall(r"= '([A-Z_]{4,})'", sql)
    if not found:
        return None
    value = rng.choice(found)
    slip = rng.choice(
        (value.lower(), value + "S", value.replace("_", " ") if "_" in value else value.capitalize(), value[:-1])
    )
    return Mistake(sql.replace(f"'{value}'", f"'{slip}'"), f"o valor certo é '{value}'")


def _missing_join(sql: str, rng: random.Random) -> Mistake | None:
    joins = re.findall(r" JOIN \w+ (\w+) ON [\w.]+ = [\w.]+", sql)
    if not joins:
        return None
    alias = joins[-1]
    wrong = re.sub(rf" JOIN \w+ {alias} ON [\w.]+ = [\w.]+", "", sql, count=1)
    if alias not in aliases_in(wrong):
        return None
    return Mistake(wrong, f"falta JOIN {ALIASES[alias]} {alias}")


def _missing_group(sql: str, rng: random.Random) -> Mistake | None:
    match = re.search(r" (GROUP BY 1(?:, \w+\.id)?)", sql)
    return Mistake(sql.replace(match.group(), ""), f"falta {match.group(1)}") if match else None


def _table_for_alias(sql: str, rng: random.Random) -> Mistake | None:
    match = re.search(r"SELECT (i|b|x|l|e|m|bi)\.", sql)
    if not match:
        return None
    alias = match.group(1)
    return Mistake(sql.replace(f"SELECT {alias}.", f"SELECT {ALIASES[alias]}.", 1), f"o nome da tabela é {alias}")


def _thought(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n</think>\n\n"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _tool_result(content: str) -> tuple[str, bool]:
    return (f"\n<|im_start|>user\n<tool_response>\n{content}\n</tool_response>{_ASSISTANT}<think>\n", False)
