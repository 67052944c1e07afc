"""The fixture plugins of the suite; fixtures live in them, not here."""

pytest_plugins = ["tests.fix_demo", "tests.fix_guard", "tests.fix_models"]
