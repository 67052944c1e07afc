"""One canonical statement for each meaning."""

from __future__ import annotations

import pytest

from sqlagent_tui.distill.inventory import ENTITIES
from sqlagent_tui.distill.joins import aliases_in, join_path
from sqlagent_tui.distill.semantics import Condition, Query, compose_sql, tables_of


def test_aliases_inside_of_literals_are_no_aliases() -> None:
    assert aliases_in("sem_acento(m.nome) = sem_acento('b.area ''x.y') AND e.sigla = 'PA'") == ("m", "e")


def test_join_path_goes_through_the_property_not_through_the_owner() -> None:
    assert join_path("x", "e") == ("i", "m", "e")
    assert join_path("p", "m") == ("m",)
    with pytest.raises(KeyError):
        join_path("e", "x")


def test_only_the_joins_that_are_needed_in_an_order_that_works() -> None:
    query = Query(
        "count",
        ENTITIES["embargo"],
        (Condition("e.sigla = upper('PA')"), Condition("o.esfera = 'FEDERAL'")),
    )
    assert compose_sql(query) == (
        "SELECT count(*) FROM embargo b JOIN imovel_rural i ON i.id = b.imovel_id "
        "JOIN municipio m ON m.id = i.municipio_id JOIN estado e ON e.id = m.estado_id "
        "JOIN orgao o ON o.id = b.orgao_id "
        "WHERE e.sigla = upper('PA') AND o.esfera = 'FEDERAL'"
    )
    assert tables_of(query) == ("embargo", "imovel_rural", "municipio", "estado", "orgao")


def test_a_subquery_needs_its_tables_but_no_join() -> None:
    fined = next(item for item in ENTITIES["imovel_rural"].filters if item.key == "has.auto_infracao")
    query = Query("count", ENTITIES["imovel_rural"], (Condition(fined.sql, fined.outer, fined.tables),))
    assert "JOIN" not in compose_sql(query)
    assert tables_of(query) == ("imovel_rural", "auto_infracao")


@pytest.mark.parametrize(
    ("intent", "tail"),
    [
        ("count_by", "GROUP BY 1 ORDER BY 2 DESC, 1"),
        ("which_dim", "GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1"),
        ("which_dim_least", "GROUP BY 1 ORDER BY 2, 1 LIMIT 1"),
        ("having", "GROUP BY 1 HAVING count(*) > 7 ORDER BY 2 DESC, 1"),
        ("having_less", "GROUP BY 1 HAVING count(*) < 7 ORDER BY 2 DESC, 1"),
        ("top_dim", "GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 7"),
    ],
)
def test_how_grouped_statements_end(intent: str, tail: str) -> None:
    vistoria = ENTITIES["vistoria"]
    grouping = next(item for item in vistoria.groupings if item.key == "resultado")
    number = 7 if intent in ("having", "having_less", "top_dim") else None
    query = Query(intent, vistoria, grouping=grouping, number=number)  # type: ignore[arg-type]  # parametrised
    assert compose_sql(query) == f"SELECT t.resultado AS resultado, count(*) FROM vistoria t {tail}"


def test_years_stay_in_order() -> None:
    vistoria = ENTITIES["vistoria"]
    year = next(item for item in vistoria.groupings if item.key == "ano")
    assert compose_sql(Query("count_by", vistoria, grouping=year)).endswith("GROUP BY 1 ORDER BY 1")


def test_a_ranking_breaks_ties_and_puts_unknown_values_last() -> None:
    imovel = ENTITIES["imovel_rural"]
    largest = compose_sql(Query("top", imovel, column="i.valor_terra", number=3))
    smallest = compose_sql(Query("extreme_min", imovel, column="i.valor_terra"))
    assert largest == ("SELECT i.nome, i.valor_terra FROM imovel_rural i ORDER BY 2 DESC NULLS LAST, 1 LIMIT 3")
    assert smallest.endswith("ORDER BY 2, 1 LIMIT 1")


def test_namesakes_are_kept_apart() -> None:
    embargo = ENTITIES["embargo"]
    town = next(item for item in embargo.groupings if item.key == "municipio")
    grouped = compose_sql(Query("count_by", embargo, grouping=town))
    assert grouped.startswith("SELECT m.nome AS municipio, count(*) FROM embargo b ")
    assert grouped.endswith(" GROUP BY 1, m.id ORDER BY 2 DESC, 1")
    assert compose_sql(Query("count_distinct", embargo, grouping=town)).startswith("SELECT count(DISTINCT m.id) FROM")
