"""The device of a process, and several processes that take the same steps.

`torchrun --nproc-per-node=N -m train fit ... --run-dir DIR` starts N processes (ranks). An epoch
is planned for all of them at once: a global batch is sorted by length and rank r takes every N-th
row of it, beginning with row r, so that all ranks have equally much to do. Batch statistics,
label counts and gradients are those of the global batch: N ranks take the steps that one process
would take.
"""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from pipeline.contract.errors import InputRejected, MalsoriError, MissingResource

TIMEOUT: Final = timedelta(minutes=30)  # the first rank measures a split while the others wait
Value = TypeVar("Value")


def pick_device(name: str) -> torch.device:
    """The device called `cpu`, `cuda`, or `auto`: the GPU if there is one, otherwise the CPU.

    Raises:
        InputRejected: A GPU is asked for and there is none.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise InputRejected("loop.device = 'cuda', but torch finds no GPU; use 'auto' or 'cpu'")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cpu":
        return torch.device(name)
    return torch.device(name, int(os.environ.get("LOCAL_RANK", "0")))  # set by torchrun


def require_compiler(device: torch.device) -> None:
    """Check that the compiler which `torch.compile` calls is installed.

    For a CPU that is a C++ compiler, for a GPU the C compiler that Triton builds its launchers with.

    Raises:
        MissingResource: There is none.
    """
    if device.type == "cuda":
        variable, usual = "CC", ["gcc", "clang"]
    else:
        variable, usual = "CXX", ["clang++" if sys.platform == "darwin" else "g++"]
    compilers = [os.environ[variable]] if os.environ.get(variable) else usual
    if not any(map(shutil.which, compilers)):
        raise MissingResource(
            f"loop.compile = true needs a compiler, and {' or '.join(compilers)} is not on the path:"
            f" install one, name another in {variable}, or train with --set loop.compile=false"
        )


@dataclass(frozen=True, slots=True)
class Ranks:
    """This process's place among all of them. With one process, every method is a no-op."""

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the process that writes files and messages."""
        return self.rank == 0

    def share(self, rows: tuple[int, ...]) -> tuple[int, ...]:
        """This rank's rows of a global batch."""
        return rows[self.rank :: self.count]

    def wrap(self, network: nn.Module) -> nn.Module:
        """The network, made to average its gradients over ranks during the backward pass."""
        if self.count == 1:
            return network
        return DistributedDataParallel(network, broadcast_buffers=False)

    def accumulating(self, network: nn.Module) -> AbstractContextManager[None]:
        """A block whose gradients stay on this rank until a backward pass outside of it."""
        if isinstance(network, DistributedDataParallel):
            return network.no_sync()
        return nullcontext()

    def any(self, flag: bool, *, device: torch.device) -> bool:  # noqa: FBT001 - the one argument
        """Whether `flag` is true on some rank."""
        return (
            bool(sum_over_ranks(torch.tensor([float(flag)], device=device)).item())
            if self.count > 1
            else flag
        )

    def broadcast(self, value: Value) -> Value:
        """The first rank's `value`, on every rank."""
        if self.count == 1:
            return value
        values: list[Any] = [value]
        dist.broadcast_object_list(values, src=0)
        received: Value = values[0]
        return received

    def agree(self, action: Callable[[], object]) -> None:
        """The first rank does `action`; what it raises for the user is raised on every rank.

        Without this the others would wait for a rank that is gone.
        """
        problem: Exception | None = None
        if self.first:
            try:
                action()
            except (MalsoriError, OSError) as error:
                problem = error
        problem = self.broadcast(problem)
        if problem is not None:
            if self.count > 1:
                dist.barrier()  # so that all have heard of it before the first one leaves
            raise problem


ALONE: Final = Ranks()


@contextmanager
def joined_ranks(device: torch.device) -> Iterator[Ranks]:
    """Join the processes that torchrun started; without torchrun there is only this one."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield ALONE
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=TIMEOUT)
    try:
        yield Ranks(dist.get_rank(), count)
        dist.barrier()  # a rank that leaves while another still reads from it takes that one down
    finally:
        dist.destroy_process_group()


def sum_over_ranks(x: Tensor) -> Tensor:
    """The sum of `x` over all ranks, without gradients; `x` itself with one process."""
    if dist.is_initialized():
        x = x.contiguous().clone()
        dist.all_reduce(x)
    return x
