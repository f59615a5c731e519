"""Several processes, each with a share of every batch, that take the same steps.

`torchrun --nproc-per-node=N -m train fit ... --run-dir DIR` starts them. The plan of an epoch is made for
all ranks at once: a global batch is sorted by length, rank r takes every N-th row of it from
r, and so all ranks have as much to do. Batch statistics, the count of labels and gradients
are those of the global batch: N ranks take the steps that one process would take.
"""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

TIMEOUT: Final = timedelta(minutes=30)  # the first rank measures a split while the others wait
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Ranks:
    """This process among all of them; alone, every method is an identity."""

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes and speaks."""
        return self.rank == 0

    def share(self, rows: tuple[int, ...]) -> tuple[int, ...]:
        """This rank's rows of a global batch."""
        return rows[self.rank :: self.count]

    def wrap(self, network: nn.Module) -> nn.Module:
        """The network, averaging gradients over ranks while the backward pass goes on."""
        if self.count == 1:
            return network
        return DistributedDataParallel(network, broadcast_buffers=False)

    def accumulating(self, network: nn.Module) -> AbstractContextManager[None]:
        """A block whose gradients stay with this rank until a later backward pass."""
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

    def agree(self, value: Value) -> Value:
        """The first rank's `value`, on every rank."""
        if self.count == 1:
            return value
        values: list[Any] = [value]
        dist.broadcast_object_list(values, src=0)
        agreed: Value = values[0]
        return agreed


ALONE: Final = Ranks()


@contextmanager
def joined_ranks(device: torch.device) -> Iterator[Ranks]:
    """The ranks that torchrun started, joined; one alone without it."""
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
    """The sum of `x` over all ranks, without gradients; `x` itself in a process alone."""
    if dist.is_initialized():
        x = x.contiguous().clone()
        dist.all_reduce(x)
    return x
