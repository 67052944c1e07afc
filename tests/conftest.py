"""The fixture plugins of the suite; fixtures live in them, not here."""

import signal
from importlib.util import find_spec

DISTILL = all(find_spec(name) for name in ("torch", "tokenizers"))
collect_ignore = [] if DISTILL else ["distill_torch"]
"""The training code needs the extra `distill` (gigabytes of torch), which the suite does without."""

# None before what it imports.
_PLUGINS = "demo servers network ssh guard harm postgis catalogue target models hub model_server ui suites inspect"
pytest_plugins = [f"tests.fix_{name}" for name in _PLUGINS.split() + ["distill"] * DISTILL]


# A shell that starts the suite in the background has it ignore Ctrl+C, and every process that it starts too.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header() -> str:
    return f"tests/distill_torch: {'collected' if DISTILL else 'left out, the extra distill is not installed'}"
