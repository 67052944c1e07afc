"""The grid's table. Imported with the first result, because it brings pyarrow."""

from __future__ import annotations

from textual_fastdatatable import DataTable

from sqlagent_tui.ui.grid_data import MAX_WIDTH, NULL, GridData


class ResultTable(DataTable):
    """A table of safe text: no markup, no tooltips (they would be markup), NULL unlike any value."""

    def __init__(self, data: GridData) -> None:
        super().__init__(
            backend=data.backend,
            column_labels=list(data.labels),
            max_column_content_width=MAX_WIDTH,
            null_rep=f"[dim italic]{NULL}[/]",
            render_markup=False,
            zebra_stripes=True,
            cursor_foreground_priority="css",
            cursor_background_priority="css",
        )

    def _set_tooltip_from_cell_at(self, coordinate: object) -> None:
        """Show nothing: the cell view is the safe way to see a long value."""
