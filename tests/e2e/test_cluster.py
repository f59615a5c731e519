"""The same bytes from a Dask or Ray cluster of two worker processes as from this machine."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from small_corpus import manifest_content, preprocess_arguments, shard_bytes


def command(corpus: Path, folder: Path, *extra: str) -> list[str]:
    return [sys.executable, "-m", "pipeline", *map(str, preprocess_arguments(corpus, folder)), *extra]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def dask_cluster(tmp_path):
    """The address of a scheduler with two single-threaded workers over TCP, and their nannies."""
    pytest.importorskip("distributed")
    address = f"tcp://127.0.0.1:{free_port()}"
    options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": tmp_path}
    run = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", address.rpartition(":")[2]]
    processes = [subprocess.Popen([*run, "--no-dashboard", "--host", "127.0.0.1"], **options)]
    for _ in range(2):
        worker = [
            sys.executable,
            "-m",
            "distributed.cli.dask_worker",
            address,
            "--nthreads",
            "1",
            "--no-dashboard",
        ]
        processes.append(subprocess.Popen(worker, **options))
    yield address
    for process in reversed(processes):
        process.terminate()
    for process in processes:
        process.wait(timeout=30)


def worker_pids(address: str) -> list[int]:
    from distributed import Client

    with Client(address, timeout="30s") as client:
        client.wait_for_workers(2, timeout=60)
        return list(client.run(os.getpid).values())


def kill_when_busy(pid: int, shards: Path) -> None:
    """Kill a worker once any task of the run is under way."""
    while not list(shards.glob(".tasks/*.at")):
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_dask_cluster_gives_the_same_bytes_though_a_worker_is_killed(
    dataset, kspon_corpus, tmp_path, dask_cluster
):
    victim = worker_pids(dask_cluster)[0]
    killer = threading.Thread(target=kill_when_busy, args=(victim, tmp_path / "shards"), daemon=True)
    killer.start()
    extra = ["--backend", "dask", "--address", dask_cluster]
    run = subprocess.run(
        command(kspon_corpus, tmp_path, *extra), capture_output=True, text=True, check=False, timeout=150
    )
    assert run.returncode == 0, run.stderr
    killer.join(timeout=1)
    assert not killer.is_alive()
    assert shard_bytes(tmp_path / "small.json") == shard_bytes(dataset)
    assert manifest_content(tmp_path / "small.json") == manifest_content(dataset)


def test_a_ray_cluster_gives_the_same_bytes(dataset, kspon_corpus, tmp_path):
    pytest.importorskip("ray")
    run = subprocess.run(
        command(kspon_corpus, tmp_path, "--backend", "ray", "--jobs", "2"),
        capture_output=True, text=True, check=False, timeout=150,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert shard_bytes(tmp_path / "small.json") == shard_bytes(dataset)
    assert manifest_content(tmp_path / "small.json") == manifest_content(dataset)


def test_no_scheduler_at_the_address_is_one_clear_line(kspon_corpus, tmp_path):
    pytest.importorskip("distributed")
    address = f"tcp://127.0.0.1:{free_port()}"
    run = subprocess.run(
        command(kspon_corpus, tmp_path, "--backend", "dask", "--address", address),
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert run.returncode == 3, run.stderr
    assert f"no Dask scheduler answers at {address}" in run.stderr
    assert "Traceback" not in run.stderr


def test_the_parts_of_a_run_merge_into_what_one_box_writes(dataset, kspon_corpus, malsori, tmp_path):
    """Three boxes with no shared state, their shards copied into one folder afterwards."""
    gathered = tmp_path / "gathered"
    (gathered / "shards").mkdir(parents=True)
    for number in (1, 2, 3):
        box = tmp_path / f"box{number}"
        result = malsori(*preprocess_arguments(kspon_corpus, box), "--part", f"{number}/3")
        assert result.exit_code in {0, 4}, result.output
        for path in [*box.glob("*.json"), *(box / "shards").glob("*.*")]:
            target = gathered / path.relative_to(box)
            if path.is_file() and path.suffix in {".arrow", ".json", ".jsonl"}:
                target.write_bytes(path.read_bytes())
    parts = sorted(gathered.glob("small.part-*.json"))
    assert len(parts) == 3
    assert malsori("merge", *parts, "-o", gathered / "small.json").exit_code == 0
    assert manifest_content(gathered / "small.json") == manifest_content(dataset)
    assert malsori("verify", gathered / "small.json", "--deep").exit_code == 0
    lines = (gathered / "shards" / "small.dropped.jsonl").read_text()
    assert lines == (dataset.parent / "shards" / "small.dropped.jsonl").read_text()
    assert malsori("merge", *parts[:2], "-o", gathered / "half.json").exit_code == 3
    assert json.loads(parts[0].read_text())["part"] == {"number": 1, "of": 3}
