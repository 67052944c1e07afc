"""The fixture plugins of the suite; fixtures live in them, not here."""

from importlib.util import find_spec

DISTILL = all(find_spec(name) for name in ("torch", "tokenizers"))
collect_ignore = [] if DISTILL else ["distill_torch"]
"""The training code needs the extra `distill` (gigabytes of torch), which the suite does without."""

pytest_plugins = [
    *("tests.fix_demo", "tests.fix_servers", "tests.fix_network", "tests.fix_guard", "tests.fix_postgis"),
    *("tests.fix_catalogue", "tests.fix_models"),
    *(["tests.fix_distill"] if DISTILL else []),
]


def pytest_report_header() -> str:
    return f"tests/distill_torch: {'collected' if DISTILL else 'left out, the extra distill is not installed'}"
