import subprocess
import sys
from types import SimpleNamespace

import joblib
import pytest

from pipeline.contract.errors import InputRejected
from pipeline.job import resources
from pipeline.job.folder import locked
from pipeline.job.resources import WORKER_MB, default_jobs, fitting_jobs, free_memory_mb


def test_one_core_is_left_free():
    assert default_jobs() == max(1, joblib.cpu_count() - 1)


def test_affinity_is_honoured():
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from pipeline.job.resources import default_jobs; print(default_jobs())"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"1\n"


def test_memory_means_fewer_workers():
    assert fitting_jobs(8, max_memory_mb=3 * WORKER_MB) == 3
    assert fitting_jobs(2, max_memory_mb=100 * WORKER_MB) == 2
    with pytest.raises(InputRejected, match="one worker takes about"):
        fitting_jobs(8, max_memory_mb=WORKER_MB - 1)


def test_a_containers_limit_counts(monkeypatch, tmp_path):
    monkeypatch.setattr(resources.psutil, "virtual_memory", lambda: SimpleNamespace(available=8 * 10**9))
    (tmp_path / "memory.max").write_text("1000000000\n")
    (tmp_path / "memory.current").write_text("400000000\n")
    monkeypatch.setattr(resources, "CGROUP", tmp_path)
    assert free_memory_mb() == 600
    (tmp_path / "memory.max").write_text("max\n")
    assert free_memory_mb() == 8_000


def test_a_second_run_on_one_folder_is_refused_until_the_first_ends(tmp_path):
    code = "import pathlib, sys, pipeline.job.folder as e\nwith e.locked(pathlib.Path(sys.argv[1])): pass"
    command = [sys.executable, "-c", code, str(tmp_path)]
    with locked(tmp_path):
        second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "another run is writing to" in second.stderr
    assert InputRejected.__name__ in second.stderr
    assert subprocess.run(command, check=False).returncode == 0
