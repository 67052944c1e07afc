import threading
import time

from sqlagent_tui.agent.cancel import Cancelled, CancelToken
from sqlagent_tui.models.idle import IdleWork

SOON = 0.02


def test_it_begins_after_a_while_of_quiet_and_once_is_enough() -> None:
    begun = threading.Event()
    times = []

    def job(cancel: CancelToken) -> bool:
        times.append(time.monotonic())
        begun.set()
        return True

    work = IdleWork(job, SOON)
    assert not begun.wait(5 * SOON)  # nobody was ever here
    with work.kept_off():
        assert not begun.wait(5 * SOON)
        left = time.monotonic()
    assert begun.wait(5)
    assert times[0] - left >= SOON * 0.9
    begun.clear()
    with work.kept_off():
        pass
    assert not begun.wait(5 * SOON)


def test_who_comes_drops_it_and_it_is_begun_again() -> None:
    begun, dropped = threading.Semaphore(0), threading.Semaphore(0)

    def job(cancel: CancelToken) -> bool:
        gone = threading.Event()
        try:
            with cancel.on_cancel(gone.set):
                begun.release()
                gone.wait(10)
                cancel.raise_if_cancelled()
        except Cancelled:
            dropped.release()
            raise
        return True

    work = IdleWork(job, SOON)
    for _ in range(3):
        with work.kept_off():
            pass
        assert begun.acquire(timeout=5)
        with work.kept_off():
            assert dropped.acquire(timeout=5)
    assert begun.acquire(timeout=5)
    work.close()
    assert dropped.acquire(timeout=5)


def test_it_waits_for_the_last_of_several() -> None:
    begun = threading.Event()
    work = IdleWork(lambda cancel: bool(begun.set()) or True, SOON)
    with work.kept_off():
        with work.kept_off():
            pass
        assert not begun.wait(5 * SOON)
    assert begun.wait(5)


def test_another_time_is_twice_as_late() -> None:
    times: list[float] = []
    third = threading.Event()

    def job(cancel: CancelToken) -> bool:
        times.append(time.monotonic())
        if len(times) == 3:
            third.set()
        return len(times) == 3

    work = IdleWork(job, SOON)
    with work.kept_off():
        pass
    assert third.wait(5)
    assert times[1] - times[0] >= 2 * SOON * 0.9
    assert times[2] - times[1] >= 4 * SOON * 0.9


def test_closed_is_closed() -> None:
    begun = threading.Event()
    work = IdleWork(lambda cancel: bool(begun.set()) or True, SOON)
    with work.kept_off():
        work.close()
    assert not begun.wait(5 * SOON)
