"""How difficult an SQL question is: points for what its gold statement is made of, by the table in suites/README.md."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from sqlagent_tui.bench.reading import parse
from sqlagent_tui.bench.suite import Difficulty

if TYPE_CHECKING:
    from sqlglot import exp

_LEVELS: Final[tuple[tuple[int, Difficulty], ...]] = ((1, "easy"), (3, "medium"), (6, "hard"))
"""The most points of each, in this order; whatever has more is for an expert."""
_DATE_FUNCTIONS: Final = frozenset(
    """age attimezone date dateadd datebin datesubtract extract isfinite justifydays justifyhours justifyinterval
    makedate makeinterval maketime maketimestamp maketimestamptz strtodate strtotime timestamptrunc timezone
    unixtotime""".split()
)
_GEOMETRY_FUNCTIONS: Final = frozenset(
    """distance st3ddistance st3ddwithin st3dlength starea stazimuth stbuffer stcentroid stclosestpoint stcollect
    stconcavehull stconvexhull stdifference stdistance stdistancesphere stdistancespheroid stdwithin stenvelope stexpand
    stintersection stlength stlengthspheroid stlineinterpolatepoint stlinesubstring stmakeenvelope stmakeline
    stmakepoint stmakepolygon stmaxdistance stperimeter stpoint stpointonsurface stsimplify stsymdifference
    stunion""".split()
)
"""Those that measure or make a geometry; whether two of them touch is a condition like others."""
_TEMPORAL: Final = frozenset({"date", "time", "timetz", "timestamp", "timestamptz", "timestampntz", "interval"})


def difficulty(statement: str, dates: Collection[str] = ()) -> Difficulty | None:
    """Return how difficult `statement` is; None when it can't be read.

    `dates` are the names of columns that hold dates, times or intervals: to add to one is arithmetic on dates.
    """
    found = points(statement, dates)
    if found is None:
        return None
    return next((level for most, level in _LEVELS if found <= most), "expert")


def points(statement: str, dates: Collection[str] = ()) -> int | None:
    """Return the points of `statement`; None when it can't be read."""
    from sqlglot import exp

    tree = parse(statement)
    if tree is None:
        return None

    def has(*kinds: type[exp.Expr]) -> bool:
        return tree.find(*kinds) is not None

    def each(*kinds: type[exp.Expr]) -> int:
        return sum(1 for _ in tree.find_all(*kinds))

    queries = list(tree.find_all(exp.Select, exp.SetOperation))
    first_of_many = any(query.args.get("order") and query.args.get("limit") for query in queries)
    distinct_on = any(node.args.get("on") for node in tree.find_all(exp.Distinct))
    ones = [has(exp.Group), has(exp.Having), has(exp.Case, exp.Filter), first_of_many or distinct_on]
    ones.append(any(_is_about_dates(node, dates) for node in tree.walk()))
    ones.append(any(_function(node) in _GEOMETRY_FUNCTIONS for node in tree.walk()))
    twos = sum(map(_is_nested, queries)) + has(exp.Window) + each(exp.SetOperation)
    return each(exp.Join) + sum(ones) + 2 * twos


def _is_nested(query: exp.Query) -> bool:
    """Whether a query stands inside another one; the arms of a UNION stand side by side."""
    from sqlglot import exp

    around = query.parent
    while isinstance(around, exp.Subquery) and around.is_wrapper:
        around = around.parent
    return around is not None and not isinstance(around, exp.SetOperation)


def _is_about_dates(node: exp.Expr, dates: Collection[str]) -> bool:
    """Whether `node` computes with dates. To name a date, today's too, or to compare two is no computation."""
    from sqlglot import exp

    if isinstance(node, exp.Add | exp.Sub):
        return any(_holds_a_date(side, dates) for side in (node.this, node.expression))
    if isinstance(node, exp.TimeToStr):  # to_char, of numbers too
        return _holds_a_date(node.this, dates)
    return _function(node) in _DATE_FUNCTIONS


def _function(node: exp.Expr) -> str:
    """A node's name in one spelling, whether the parser knows the function, and calls it its own way, or doesn't."""
    from sqlglot import exp

    name = node.name if isinstance(node, exp.Anonymous) else type(node).__name__
    return name.lower().replace("_", "")


def _holds_a_date(node: exp.Expr, dates: Collection[str]) -> bool:
    """Whether `node` yields a date, a time or an interval, as far as its form tells."""
    from sqlglot import exp

    if isinstance(node, exp.Paren | exp.Neg | exp.Max | exp.Min | exp.Coalesce | exp.Window | exp.Mul):
        return _holds_a_date(node.this, dates)
    if isinstance(node, exp.Cast):
        return node.to.this.value.lower() in _TEMPORAL
    if isinstance(node, exp.Column):
        return node.name in dates
    if isinstance(node, exp.Interval | exp.CurrentDate | exp.CurrentTimestamp | exp.CurrentTime):
        return True
    return not isinstance(node, exp.Extract) and _is_about_dates(node, dates)
