"""What a plan tells before its statement runs: whether it costs too much, and functions that the text doesn't show."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from sqlagent_tui.agent.protocols import Limits
from sqlagent_tui.agent.results import PlanEstimate, StatementError
from sqlagent_tui.database.functions import Call, calls

# In EXPLAIN's JSON each property has a line of its own, and no string holds a line break: so these are never text of
# the statement's. A plan may be nested too deeply for a JSON decoder.
_ROWS = re.compile(r'^ *"Plan Rows": ([0-9.e+]+)', re.MULTILINE)
_STARTUP = re.compile(r'^ *"Startup Cost": ([0-9.e+]+)', re.MULTILINE)
_TOTAL = re.compile(r'^ *"Total Cost": ([0-9.e+]+)', re.MULTILINE)
_TEXT = re.compile(r'^ *"([A-Za-z ]+)": (".*"),?$', re.MULTILINE)


def is_gated(limits: Limits) -> bool:
    """Whether a plan has to be looked at."""
    return limits.max_cost is not None or limits.max_estimated_rows is not None


def estimate(plan: str, fetched: int) -> PlanEstimate:
    """Read EXPLAIN's JSON. Of the cost counts what `fetched` rows take, as the planner itself reckons a LIMIT.

    Of a statement that yields ten million rows one by one, a few hundred cost next to nothing.
    """
    startup, total = _number(_STARTUP, plan), _number(_TOTAL, plan)
    rows = [float(number) for number in _ROWS.findall(plan)] or [0.0]
    share = min(1.0, fetched / rows[0]) if rows[0] else 1.0
    return PlanEstimate(cost=startup + (total - startup) * share, rows=max(rows))


def too_costly(found: PlanEstimate, limits: Limits) -> StatementError | None:
    """Return why a statement isn't run, or None."""
    if limits.max_cost is not None and found.cost > limits.max_cost:
        passed = f"the plan's estimated cost {_short(found.cost)} exceeds {_short(limits.max_cost)}"
    elif limits.max_estimated_rows is not None and found.rows > limits.max_estimated_rows:
        passed = f"a step of the plan has an estimated {_short(found.rows)} rows, more than "
        passed += _short(limits.max_estimated_rows)
    else:
        return None
    message = f"The statement was not run because {passed}: narrow it, with conditions for every join and with filters."
    return StatementError(kind="costly", message=message, estimate=found)


def functions_in(plan: str) -> Iterator[Call]:
    """Yield the calls in a plan's conditions and scans, those of views and inlined functions among them.

    It isn't all of them: what a function's body, an operator or the list of results calls doesn't stand there.
    """
    for key, text in set(_TEXT.findall(plan)):
        value: str = msgspec.json.decode(text)
        if key == "Function Name":
            yield Call(value, None, None, "call", 0)
        elif "(" in value:
            yield from calls(value)


def _number(pattern: re.Pattern[str], plan: str) -> float:
    match = pattern.search(plan)
    return float(match.group(1)) if match else 0.0


def _short(number: float) -> str:
    """Return `number` as people and models read it: 250, 12000, 1.2e9."""
    if number < 1_000_000:
        return f"{number:.0f}"
    digits, _, exponent = f"{number:.1e}".partition("e")
    return f"{digits.removesuffix('.0')}e{int(exponent)}"
