"""The same bytes from a Dask or Ray cluster of two worker processes as from this machine."""

import contextlib
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

PATIENCE_S = 600.0
"""A limit for what takes half a minute, so that a defect fails the test instead of hanging it."""


def command(corpus: Path, folder: Path, *extra: str) -> list[str]:
    return [sys.executable, "-m", "pipeline", *map(str, preprocess_arguments(corpus, folder)), *extra]


def run_to_its_end(words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=PATIENCE_S)


@pytest.fixture
def dask_cluster(tmp_path):
    """The address of a scheduler with two single-threaded workers over TCP, and their nannies."""
    pytest.importorskip("distributed")
    where = tmp_path / "scheduler.json"
    common = ["--scheduler-file", where, "--no-dashboard"]
    programs = [["dask_scheduler", *common, "--host", "127.0.0.1", "--port", "0"]]
    programs += [["dask_worker", *common, "--nthreads", "1"]] * 2
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{program[0]}", *map(str, program[1:])],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=tmp_path,
        )
        for program in programs
    ]
    try:
        yield address_in(where, processes[0])
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            process.wait(timeout=PATIENCE_S)


def address_in(scheduler_file: Path, scheduler: subprocess.Popen) -> str:
    """The address that a scheduler took, once it has written it down."""
    while True:
        assert scheduler.poll() is None, "the scheduler has ended"
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):  # not there yet, or not whole
            return json.loads(scheduler_file.read_text())["address"]
        time.sleep(0.01)


def worker_pids(address: str) -> list[int]:
    from distributed import Client

    with Client(address, timeout=f"{PATIENCE_S}s") as client:
        client.wait_for_workers(2, timeout=PATIENCE_S)
        return list(client.run(os.getpid).values())


def kill_when_busy(pid: int, shards: Path) -> None:
    """Kill a worker once any task of the run is under way, or done."""
    while not any(shards.glob(".tasks/*-*")):
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_dask_cluster_gives_the_same_bytes_though_a_worker_is_killed(
    dataset, kspon_corpus, tmp_path, dask_cluster
):
    victim = worker_pids(dask_cluster)[0]
    killer = threading.Thread(target=kill_when_busy, args=(victim, tmp_path / "shards"), daemon=True)
    killer.start()
    extra = ["--backend", "dask", "--address", dask_cluster]
    run = run_to_its_end(command(kspon_corpus, tmp_path, *extra))
    assert run.returncode == 0, run.stderr
    killer.join(timeout=PATIENCE_S)
    assert not killer.is_alive()
    assert shard_bytes(tmp_path / "small.json") == shard_bytes(dataset)
    assert manifest_content(tmp_path / "small.json") == manifest_content(dataset)


def test_a_ray_cluster_gives_the_same_bytes(dataset, kspon_corpus, tmp_path):
    pytest.importorskip("ray")
    run = run_to_its_end(command(kspon_corpus, tmp_path, "--backend", "ray", "--jobs", "2"))
    assert run.returncode == 0, run.stderr
    assert shard_bytes(tmp_path / "small.json") == shard_bytes(dataset)
    assert manifest_content(tmp_path / "small.json") == manifest_content(dataset)


def test_no_scheduler_at_the_address_is_one_clear_line(kspon_corpus, tmp_path):
    pytest.importorskip("distributed")
    with socket.socket() as silent:  # bound, so that nobody takes the port, and not listening
        silent.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        run = run_to_its_end(command(kspon_corpus, tmp_path, "--backend", "dask", "--address", address))
    assert run.returncode == 3, run.stderr
    assert f"no Dask scheduler answers at {address}" in run.stderr
    assert "Traceback" not in run.stderr
