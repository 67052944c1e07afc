"""Makes trajectory.json: a turn as the published model writes them, its tools' results from the demo database.

`python -m tests.benchmarks.engine.record > tests/benchmarks/engine/trajectory.json`
"""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.agent.loop import Agent
from sqlagent_tui.agent.messages import Message
from sqlagent_tui.agent.profile import default_profile
from sqlagent_tui.assembly import OpenTarget, Target
from sqlagent_tui.config import Config
from sqlagent_tui.models.scripted import ScriptedModel

TRAJECTORY = Path(__file__).with_name("trajectory.json")
QUESTION = "Quais são os 10 municípios do Pará com mais área embargada desde 2022, e quantos embargos cada um tem?"

_WRONG = (
    "SELECT m.nome, count(*) AS embargos, sum(e.area) AS area_ha FROM embargo e JOIN municipio m ON m.id = "
    "e.municipio_id JOIN estado s ON s.id = m.estado_id WHERE s.nome = 'Pará' AND e.data_embargo >= DATE '2022-01-01' "
    "GROUP BY m.nome ORDER BY area_ha DESC LIMIT 10"
)
_RIGHT = (
    "SELECT m.nome, count(*) AS embargos, sum(b.area_ha) AS area_ha FROM embargo b JOIN imovel_rural i ON "
    "i.id = b.imovel_id JOIN municipio m ON m.id = i.municipio_id JOIN estado s ON s.id = m.estado_id WHERE "
    "s.nome = 'Pará' AND b.data_embargo >= DATE '2022-01-01' GROUP BY m.id, m.nome ORDER BY area_ha DESC, m.nome "
    "LIMIT 10"
)
_STEPS = (
    (
        "O usuário quer os dez municípios do Pará com a maior área embargada a partir de 2022 e o número de embargos "
        "de cada um. Preciso saber como as tabelas de embargos, imóveis, municípios e estados se ligam. Vou consultar "
        "o esquema dessas quatro tabelas antes de escrever a consulta.",
        "get_table_schema",
        {"table_names": ["embargo", "imovel_rural", "municipio", "estado"]},
    ),
    (
        "Vou juntar embargo com município e estado, filtrar o Pará e a data a partir de primeiro de janeiro de 2022, "
        "agrupar por município e ordenar pela soma da área. Testo primeiro.",
        "execute_sql",
        {"sql": _WRONG},
    ),
    (
        "A coluna não existe na tabela de embargos: o município vem do imóvel. Corrijo a junção e os nomes das colunas "
        "de data e de área, e agrupo também pelo identificador, porque há municípios com o mesmo nome.",
        "execute_sql",
        {"sql": _RIGHT},
    ),
    (
        "A consulta funcionou e devolveu dez linhas, em ordem de área. É a resposta.",
        "final_answer",
        {"decision": "sql", "sql": _RIGHT, "message": "Dez municípios do Pará com mais área embargada desde 2022."},
    ),
)


class Recorded(msgspec.Struct, frozen=True):
    """A conversation, complete, and the tools it was held with."""

    messages: tuple[Message, ...]
    tools: list[dict[str, object]]


def recorded() -> Recorded:
    """Return the shipped record."""
    return msgspec.json.decode(TRAJECTORY.read_bytes(), type=Recorded)


def main() -> None:
    """Hold the conversation and print it."""
    answers = []
    for thought, tool, arguments in _STEPS:
        call = json.dumps({"name": tool, "arguments": arguments}, ensure_ascii=False)
        answers.append(f"{thought}\n</think>\n\n<tool_call>\n{call}\n</tool_call>")
    profile = default_profile()
    with OpenTarget(Target(demo=True), lambda sentence, fraction: None) as target:
        database = target.connect(Config())
        agent = Agent(ScriptedModel(answers), database, profile)
        ended = [*agent.ask(QUESTION, CancelToken())][-1]
        database.close()
    assert ended.outcome == "sql", ended
    record = Recorded(tuple(agent._messages), profile.tool_schemas())
    print(msgspec.json.format(msgspec.json.encode(record), indent=1).decode())


if __name__ == "__main__":
    main()
