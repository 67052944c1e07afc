"""The database's catalogue: schemas, relations, columns; details are read when they are looked at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static, Tree
from textual.widgets.tree import TreeNode

from sqlagent_tui.agent.folding import fold
from sqlagent_tui.agent.results import ColumnInfo, SchemaObject, TableInfo, TableName, UnknownTable
from sqlagent_tui.errors import SqlagentError
from sqlagent_tui.ui.keymap import SCHEMA, bindings
from sqlagent_tui.ui.messages import Messages
from sqlagent_tui.ui.text import safe, safe_line
from sqlagent_tui.ui.widgets.schema_facts import (
    column_label,
    column_lines,
    object_label,
    object_lines,
    table_label,
    table_lines,
)

MAX_SHOWN: Final = 2_000
"""Relations in the tree at once; the filter finds the rest."""
FUNCTIONS: Final = ("function", "aggregate", "window function")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a node of the tree stands for."""

    table: TableName | None = None
    column: ColumnInfo | None = None
    info: TableInfo | None = None
    item: SchemaObject | None = None

    @property
    def name(self) -> str:
        """As it must stand in SQL, or is to be looked up; empty for a heading."""
        if self.column is not None:
            return self.column.name
        named = self.table or self.item
        return named.reference if named else ""


class CatalogueTree(Tree[Entry]):
    """A tree whose labels are plain text in the theme's colours."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"tree--muted"}

    def __init__(self) -> None:
        super().__init__("", id="catalogue")
        self.show_root = False
        self.guide_depth = 2

    def render_label(self, node: TreeNode[Entry], base_style: Style, style: Style) -> Text:
        """Draw a node: the name as it is, what is beside it muted."""
        label = super().render_label(node, base_style, style)
        if node.data is not None and node is not self.cursor_node:
            start = len(label) - len(node._label) + _name_length(node._label)
            label.stylize(self.get_component_rich_style("tree--muted", partial=True), start)
        room = self.size.width - self.guide_depth * (_depth(node) - 1)
        if room > 0:
            label.truncate(room, overflow="ellipsis")  # a number cut off in silence would be another number
        return label


def _depth(node: TreeNode[Entry]) -> int:
    depth = 0
    while node.parent is not None:
        node = node.parent
        depth += 1
    return depth


class SchemaPane(Vertical):
    """Filter, tree, and the details of what is under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(SCHEMA))

    class DetailsWanted(Message):
        """The columns of relations are to be read."""

        def __init__(self, names: tuple[str, ...]) -> None:
            self.names = names
            super().__init__()

    class NameChosen(Message):
        """A name is to be put into the prompt."""

        def __init__(self, name: str) -> None:
            self.name = name
            super().__init__()

    def __init__(self, messages: Messages) -> None:
        super().__init__(id="schema", classes="pane")
        self._messages = messages
        self._tables: Sequence[TableName] = ()
        self._objects: Sequence[SchemaObject] = ()
        self._details: dict[str, TableInfo] = {}
        self._relations: dict[str, TreeNode[Entry]] = {}
        self._tree = CatalogueTree()
        self._filter = Input(placeholder=messages("schema.filter"), id="schema-filter", compact=True)
        self._state = Static(Content(messages("schema.waiting")), classes="empty", markup=False)
        self._detail = Static(markup=False, id="schema-detail")
        self.border_title = Content(messages("pane.schema"))

    def compose(self) -> ComposeResult:
        """Filter, tree, details."""
        self._tree.display = self._filter.display = self._detail.display = False
        yield self._filter
        yield self._state
        yield self._tree
        yield self._detail

    @property
    def target(self) -> Widget:
        """What takes the keyboard."""
        return self._tree

    def show_progress(self, message: str) -> None:
        """Say how far the reading of the catalogue has come."""
        self._state.update(Content(safe(message)))

    def failed(self, error: SqlagentError) -> None:
        """Say why there is no catalogue."""
        self._state.update(Content.styled(safe(str(error)), "$error"))
        self._state.display = not self._tables

    def show(self, tables: Sequence[TableName]) -> None:
        """Show the relations of a database."""
        self._tables = tables
        self._filter.display = self._tree.display = bool(tables)
        self._state.display = not tables
        if not tables:
            self._state.update(Content(self._messages("schema.none")))
        self.border_subtitle = Content(self._messages.count("catalogue.tables", len(tables)))
        self._fill("")

    def show_objects(self, objects: Sequence[SchemaObject]) -> None:
        """Show the functions and types of a database, below its relations."""
        self._objects = objects
        if not self._filter.value.strip():
            self._add_objects(objects)

    def describe(self, names: Sequence[str], tables: Sequence[TableInfo | UnknownTable]) -> None:
        """Show the columns of relations."""
        for name, info in zip(names, tables, strict=True):
            node = self._relations.get(name)
            if isinstance(info, TableInfo):
                self._details[name] = info
                if node is not None:
                    self._add_columns(node, info)
                    if self._tree.cursor_node is node:
                        self._show_detail(node)
            elif node is not None:
                node.remove_children()
                node.add_leaf(self._messages("schema.gone"))

    def describe_failed(self, names: Sequence[str], error: SqlagentError) -> None:
        """Say why the columns of relations can't be shown; opening one again tries again."""
        for name in names:
            node = self._relations.get(name)
            if node is not None:
                node.remove_children()
                node.add_leaf(Text(safe_line(error.message)))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as the user types."""
        event.stop()
        self._fill(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to what was found."""
        event.stop()
        self._tree.focus()

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[Entry]) -> None:
        """Read the columns of a relation when it is first opened."""
        event.stop()
        self._want(event.node)

    def on_tree_node_highlighted(self, event: Tree.NodeHighlighted[Entry]) -> None:
        """Show what is known of the node under the cursor."""
        event.stop()
        self._show_detail(event.node)

    def action_filter(self) -> None:
        """Go to the filter."""
        self._filter.focus()

    def action_insert_name(self) -> None:
        """Put the name under the cursor into the prompt."""
        node = self._tree.cursor_node
        if node is not None and node.data is not None and node.data.name:
            self.post_message(self.NameChosen(safe_line(node.data.name)))

    def _want(self, node: TreeNode[Entry]) -> None:
        table = node.data.table if node.data else None
        if table is None or node.data is None or node.data.column is not None:
            return
        info = self._details.get(table.reference)
        if info is not None:
            self._add_columns(node, info)
            return
        node.remove_children()
        node.add_leaf(Text(self._messages("schema.reading")))
        self.post_message(self.DetailsWanted((table.reference,)))

    def _fill(self, wanted: str) -> None:
        needle = fold(wanted.strip())
        tree = self._tree.clear()
        root = tree.root
        self._relations.clear()
        found = [table for table in self._tables if not needle or self._matches(table, needle)]
        by_schema: defaultdict[str, list[TableName]] = defaultdict(list)
        for table in found[:MAX_SHOWN]:
            by_schema[table.schema].append(table)
        for schema, tables in by_schema.items():
            parent = root.add(Text.assemble(safe_line(schema), f"  {len(tables)}"), Entry(), expand=True)
            for table in tables:
                self._relations[table.reference] = parent.add(table_label(table, self._messages), Entry(table=table))
        if len(found) > MAX_SHOWN:
            root.add_leaf(Text(self._messages("schema.too_many", count=len(found) - MAX_SHOWN)))
        objects = [item for item in self._objects if not needle or needle in fold(item.name)]
        self._add_objects(objects, expand=bool(needle))
        if needle and self._tables:
            self._state.display = not found and not objects
            self._state.update(Content(self._messages("schema.no_match")))
        elif self._tables:
            self._state.display = False
        root.expand()
        if needle and self._relations:
            first = next(iter(self._relations.values()))
            self.call_after_refresh(tree.move_cursor, first)  # the tree numbers its lines when it draws

    def _add_objects(self, objects: Sequence[SchemaObject], *, expand: bool = False) -> None:
        for heading, functions in (("schema.functions", True), ("schema.types", False)):
            items = [item for item in objects if (item.kind in FUNCTIONS) == functions]
            if not items:
                continue
            parent = self._tree.root.add(Text(f"{self._messages(heading)}  {len(items)}"), Entry(), expand=expand)
            for item in items[:MAX_SHOWN]:
                parent.add_leaf(object_label(item), Entry(item=item))
            if len(items) > MAX_SHOWN:
                parent.add_leaf(Text(self._messages("schema.too_many", count=len(items) - MAX_SHOWN)))

    def _matches(self, table: TableName, needle: str) -> bool:
        if needle in fold(table.name) or needle in fold(table.comment or ""):
            return True
        info = self._details.get(table.reference)
        return info is not None and any(needle in fold(column.name) for column in info.columns)

    def _add_columns(self, node: TreeNode[Entry], info: TableInfo) -> None:
        node.remove_children()
        foreign = {column: key.references for key in info.foreign_keys for column in key.columns}
        for column in info.columns:
            label = column_label(column, foreign.get(column.name), self._messages)
            node.add_leaf(label, Entry(table=info.table, column=column, info=info))

    def _show_detail(self, node: TreeNode[Entry]) -> None:
        entry = node.data
        lines: list[Content] = []
        if entry is not None and entry.item is not None:
            lines = object_lines(entry.item, self._messages)
        elif entry is not None and entry.table is not None:
            info = self._details.get(entry.table.reference)
            lines = (
                column_lines(entry.column, self._messages)
                if entry.column
                else table_lines(entry.table, info, self._messages)
            )
        self._detail.display = bool(lines)
        self._detail.update(Content("\n").join(lines))


def _name_length(label: Text | str) -> int:
    plain = label.plain if isinstance(label, Text) else label
    position = plain.find("  ")
    return position if position >= 0 else len(plain)
