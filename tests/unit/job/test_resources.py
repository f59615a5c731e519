import joblib
import pytest

from pipeline.contract.errors import InputRejected
from pipeline.job import resources
from pipeline.job.resources import WORKER_MB, default_jobs, fitting_jobs, free_memory_mb


@pytest.mark.parametrize(("cores", "jobs"), [(8, 7), (2, 1), (1, 1)])
def test_one_core_is_left_free_and_one_job_is_the_least(monkeypatch, cores, jobs):
    monkeypatch.setattr(joblib, "cpu_count", lambda: cores)
    assert default_jobs() == jobs


def test_memory_means_fewer_workers():
    assert fitting_jobs(8, max_memory_mb=3 * WORKER_MB) == 3
    assert fitting_jobs(2, max_memory_mb=100 * WORKER_MB) == 2
    with pytest.raises(InputRejected, match="holds no worker: one takes about"):
        fitting_jobs(8, max_memory_mb=WORKER_MB - 1)


def test_a_containers_memory_limit_counts(monkeypatch, tmp_path):
    (tmp_path / "memory.max").write_text("1000000000\n")
    (tmp_path / "memory.current").write_text("400000000\n")
    monkeypatch.setattr(resources, "CGROUP", tmp_path)
    assert free_memory_mb() == 600
    (tmp_path / "memory.max").write_text("max\n")
    assert free_memory_mb() > 600
