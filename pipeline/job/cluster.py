"""The same tasks on a Dask or Ray cluster, through joblib's backends.

The workers must see the raw corpus and the output folder under the same paths as this machine (a
shared file system). When a worker dies, the cluster itself runs its task again.
"""

import functools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, Literal

import joblib

from pipeline.contract.errors import InputRejected, MissingResource
from pipeline.job.plan import Task, TaskContext
from pipeline.job.records import TaskRecord
from pipeline.job.retry import finish_task


def require_backend(backend: Literal["dask", "ray"]) -> None:
    """Raise MissingResource unless the backend's package is installed."""
    if find_spec({"dask": "distributed", "ray": "ray"}[backend]) is None:
        raise MissingResource(f"--backend {backend} needs the extra `{backend}`: install malsori[{backend}]")


def run_on_cluster(
    tasks: Iterable[Task],
    context: TaskContext,
    *,
    backend: Literal["dask", "ray"],
    address: str | None,
    jobs: int,
) -> Iterator[TaskRecord]:
    """The records of `tasks`: as they finish (Dask), or all at the end (Ray).

    Args:
        address: The Dask scheduler ("tcp://host:8786") or the Ray head ("host:6379"). None starts
            a cluster of `jobs` single-threaded worker processes on this machine.

    Raises:
        InputRejected: No cluster answers at `address`.
    """
    connect = _dask if backend == "dask" else _ray
    function = joblib.delayed(functools.partial(finish_task, context=context))
    with connect(address, jobs), joblib.parallel_config(backend=backend):
        # Ray's backend cannot hand back results one by one.
        order = "generator_unordered" if backend == "dask" else "list"
        parallel = joblib.Parallel(n_jobs=-1 if address else jobs, return_as=order)
        yield from parallel(function(task) for task in tasks)


@contextmanager
def _dask(address: str | None, jobs: int) -> Iterator[Any]:
    import distributed

    try:
        client = (
            distributed.Client(address, timeout="20s")
            if address
            else distributed.Client(n_workers=jobs, threads_per_worker=1, dashboard_address=None)
        )
    except OSError as error:
        raise InputRejected(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        yield client


@contextmanager
def _ray(address: str | None, jobs: int) -> Iterator[Any]:
    import ray
    from ray.util.joblib import register_ray

    register_ray()
    try:
        ray.init(
            address=address, num_cpus=None if address else jobs, include_dashboard=False, log_to_driver=False
        )
    except ConnectionError as error:
        raise InputRejected(f"no Ray head answers at {address}: {error}") from error
    try:
        yield ray
    finally:
        ray.shutdown()
