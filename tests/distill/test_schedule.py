import pytest

from sqlagent_tui.distill.schedule import DECAY_FROM, FLOOR, Budget, learning_rate


def test_rate_warms_up_holds_and_falls() -> None:
    assert learning_rate(1.0, 0, 0.0, 100) == pytest.approx(0.01)
    assert learning_rate(1.0, 99, 0.1, 100) == 1.0
    assert learning_rate(1.0, 5000, DECAY_FROM, 100) == 1.0
    assert learning_rate(1.0, 5000, (1 + DECAY_FROM) / 2, 100) == pytest.approx(FLOOR + (1 - FLOOR) / 2)
    assert learning_rate(1.0, 5000, 1.0, 100) == pytest.approx(FLOOR)


def test_budget_counts_seconds_or_steps() -> None:
    assert Budget(60.0, None).done(10_000, 15.0) == 0.25
    assert Budget(None, 10).done(5, 1e9) == 0.5
    assert Budget(None, 10).done(50, 0.0) == 1.0
    for seconds, steps in ((None, None), (1.0, 1)):
        with pytest.raises(ValueError, match="either"):
            Budget(seconds, steps)
