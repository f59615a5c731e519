import os
import signal
import time
from pathlib import Path

import pytest

from pipeline.job.watchdog import read_crumb, watched
from pipeline.job.workers import WORKER_NICENESS, Crashed, run_local


def square(number: int) -> int:
    return number * number


def describe_worker(_: int) -> tuple[int, str | None, int]:
    return os.nice(0), os.environ.get("OMP_NUM_THREADS"), os.getppid()


def die_at_three(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def hang(crumb: Path) -> None:
    with watched(crumb, limit_s=0.2) as watchdog:
        watchdog.start(7)
        time.sleep(600)


def divide(number: int) -> int:
    return 1 // number


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_task_gives_its_result_once(jobs):
    assert sorted(run_local(square, range(20), jobs=jobs)) == [number**2 for number in range(20)]


def test_no_task_is_no_work():
    assert list(run_local(square, [], jobs=2)) == []


def test_workers_run_at_low_priority_with_one_thread_as_our_children():
    for niceness, threads, parent in run_local(describe_worker, range(4), jobs=2):
        assert niceness == WORKER_NICENESS
        assert threads == "1"
        assert parent == os.getpid()


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_task_that_kills_its_worker_is_handed_back_and_the_others_are_done(jobs):
    results = list(run_local(die_at_three, range(8), jobs=jobs))
    assert Crashed(3, "SIGKILL") in results
    assert sorted(result for result in results if isinstance(result, int)) == [0, 1, 2, 4, 5, 6, 7]


def test_a_task_that_hangs_is_killed_and_its_breadcrumb_stays(tmp_path):
    assert list(run_local(hang, [tmp_path / "crumb"], jobs=1)) == [Crashed(tmp_path / "crumb", "SIGALRM")]
    assert read_crumb(tmp_path / "crumb") == 7


def test_an_exception_is_raised_here_with_the_workers_traceback():
    with pytest.raises(ZeroDivisionError) as caught:
        list(run_local(divide, [2, 1, 0], jobs=2))
    assert "in divide" in str(caught.value.__cause__)


def test_a_breadcrumb_is_gone_after_a_task_that_ends_well(tmp_path):
    with watched(tmp_path / "crumb", limit_s=None) as watchdog:
        assert read_crumb(tmp_path / "crumb") is None
        watchdog.start(12)
        assert read_crumb(tmp_path / "crumb") == 12
    assert not (tmp_path / "crumb").exists()
