import os
import signal
import subprocess
import sys

import joblib
import pytest

from pipeline.contract.errors import InputRejected
from pipeline.engine import WORKER_NICENESS, WorkerDied, default_jobs, locked, run_tasks


def square(number: int) -> int:
    return number * number


def niceness_and_threads(_: int) -> tuple[int, str | None]:
    return os.nice(0), os.environ.get("OMP_NUM_THREADS")


def die_at_three(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_task_gives_its_result_once(jobs):
    assert sorted(run_tasks(square, range(20), jobs=jobs)) == [number**2 for number in range(20)]


def test_workers_run_at_low_priority_with_one_thread():
    for niceness, threads in run_tasks(niceness_and_threads, range(4), jobs=2):
        assert niceness == WORKER_NICENESS
        assert threads == "1"


def test_a_killed_worker_is_one_clear_line():
    with pytest.raises(WorkerDied, match=r"a worker was killed.*smaller --jobs"):
        list(run_tasks(die_at_three, range(6), jobs=2))


def test_one_core_is_left_free():
    assert default_jobs() == max(1, joblib.cpu_count() - 1)


def test_a_second_run_on_one_folder_is_refused_until_the_first_ends(tmp_path):
    code = "import pathlib, sys, pipeline.engine as e\nwith e.locked(pathlib.Path(sys.argv[1])): pass"
    command = [sys.executable, "-c", code, str(tmp_path)]
    with locked(tmp_path):
        second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "another run is writing to" in second.stderr
    assert InputRejected.__name__ in second.stderr
    assert subprocess.run(command, check=False).returncode == 0
