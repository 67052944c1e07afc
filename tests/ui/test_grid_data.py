import time

from rich.text import Text

from sqlagent_tui.agent.results import Column, QueryResult
from sqlagent_tui.ui.grid_data import MAX_WIDTH, GridData


def test_values_are_safe_lines_and_numbers_are_on_the_right() -> None:
    result = QueryResult(
        columns=(Column("nome\x1b", "text"), Column("n", "numeric(8,2)")),
        rows=(("a\nb\x1b[2J", "1.50"), (None, "12345.00"), ("", None), ("x" * 900, "7.00")),
    )
    data = GridData.build(result)
    assert data.labels[0].plain == "nome⟨ESC⟩"
    assert isinstance(data.labels[1], Text)
    assert data.backend.get_row_at(0) == ["a⏎b⟨ESC⟩[2J", "    1.50"]
    assert data.backend.get_row_at(1) == [None, "12345.00"]
    assert data.backend.get_row_at(2) == ["", None]
    assert len(data.backend.get_row_at(3)[0]) < 900
    assert data.backend.column_content_widths == [MAX_WIDTH, 8]


def test_no_columns_and_no_rows() -> None:
    assert GridData.build(QueryResult(columns=(), rows=())).backend.row_count == 0
    assert GridData.build(QueryResult(columns=(), rows=((),))).labels == ()
    assert GridData.build(QueryResult(columns=(Column("a", "text"),), rows=())).backend.row_count == 0


def test_a_hundred_thousand_rows_are_ready_soon() -> None:
    row = ("42", "Fazenda São João da Conceição", None, "2024-01-01")
    columns = tuple(Column(f"c{index}", "text") for index in range(4))
    began = time.monotonic()
    data = GridData.build(QueryResult(columns=columns, rows=(row,) * 100_000))
    assert data.backend.row_count == 100_000
    assert time.monotonic() - began < 5
