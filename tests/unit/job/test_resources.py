import joblib
import pytest

from pipeline.contract.errors import InputRejected
from pipeline.job import resources
from pipeline.job.resources import WORKER_MB, default_jobs, fitting_jobs, free_memory_mb, usable_cores


@pytest.fixture
def eight_cores(monkeypatch, tmp_path):
    """A process that may use eight cores; its control group's files are in the folder returned."""
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(resources, "CGROUP", tmp_path)
    return tmp_path


def test_one_core_is_left_free(eight_cores):
    assert default_jobs() == 7


def test_one_job_is_the_least(eight_cores, monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {3})
    assert default_jobs() == 1


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({"cpu.max": "250000 100000"}, 3),
        ({"cpu.max": "max 100000"}, 8),
        ({"cpu.max": "1600000 100000"}, 8),
        ({"cpu/cpu.cfs_quota_us": "50000", "cpu/cpu.cfs_period_us": "100000"}, 1),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 8),
    ],
)
def test_a_containers_quota_counts(eight_cores, files, cores):
    for name, content in files.items():
        path = eight_cores / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{content}\n")
    assert usable_cores() == cores


def test_the_cores_are_those_that_joblib_counts():
    assert usable_cores() == joblib.cpu_count()


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
