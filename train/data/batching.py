"""Which rows go into which batch: pure functions of lengths, settings, seed and epoch.

An epoch is a list of steps; a step is the batches whose gradients are summed before the
optimiser moves. With several ranks a batch is global: each rank takes its share of the rows
(loop/distributed.py), and the budget limits the largest share.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.contract.schema import SAMPLE_RATE_HZ
from train.settings import BatchingSettings

RowIndices = tuple[int, ...]
StepPlan = tuple[RowIndices, ...]
Lengths = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The rows that training cannot use for one reason."""

    reason: str
    rows: tuple[int, ...]


def select_trainable(
    samples: Lengths, labels: Lengths, *, needed: Lengths, available: Lengths, longest_s: float
) -> tuple[RowIndices, list[LeftOut]]:
    """Separate the rows that can be trained on from those left out, by reason.

    Args:
        samples: The length of each row.
        labels: The number of labels of each row.
        needed: Output frames that CTC needs for each row: its labels and their adjacent repeats.
        available: Output frames that the model gives for each row.
        longest_s: Longer rows are left out.
    """
    checks = {
        "no_labels": labels == 0,
        "too_long": samples > longest_s * SAMPLE_RATE_HZ,
        "labels_do_not_fit": needed > available,
    }
    fit = np.ones(len(samples), bool)
    left_out = []
    for reason, failing in checks.items():
        rows = np.flatnonzero(fit & failing)
        fit &= ~failing
        if len(rows):
            left_out.append(LeftOut(reason, tuple(rows.tolist())))
    return tuple(np.flatnonzero(fit).tolist()), left_out


def plan_epoch(
    rows: RowIndices,
    samples: Lengths,
    *,
    settings: BatchingSettings,
    seed: int,
    epoch: int,
    batches_per_step: int,
    ranks: int = 1,
) -> list[StepPlan]:
    """The steps of one epoch; a row occurs as often as it is given in `rows`.

    Each length is changed at random by at most `jitter`, the rows are sorted by it and cut into
    batches within the budget, and the steps are shuffled. The first epoch goes from short to
    long instead when the settings ask for it.
    """
    random = np.random.default_rng([seed, epoch])
    kept = np.asarray(rows, np.int64)
    jittered = samples[kept] * (1 + settings.jitter * random.uniform(-1, 1, len(kept)))
    batches = cut_batches(kept[np.argsort(jittered, kind="stable")], samples, settings, ranks=ranks)
    steps = [tuple(batches[at : at + batches_per_step]) for at in range(0, len(batches), batches_per_step)]
    if epoch == 0 and settings.shortest_first:
        return steps
    return [steps[index] for index in random.permutation(len(steps))]


def cut_batches(
    order: npt.NDArray[np.int64], samples: Lengths, settings: BatchingSettings, *, ranks: int = 1
) -> list[RowIndices]:
    """Cut rows, in the order given, into batches within each rank's budget and the limit on padding."""
    batches: list[RowIndices] = []
    batch: list[int] = []
    longest = total = 0
    for row, length in zip(order.tolist(), samples[order].tolist(), strict=True):
        longest = max(longest, length)
        rows = len(batch) + 1
        over_budget = -(-rows // ranks) > rows_that_fit(longest, settings)
        if batch and (over_budget or rows * longest > settings.most_padding * (total + length)):
            batches.append(tuple(batch))
            batch, longest, total = [], length, 0
        batch.append(row)
        total += length
    return [*batches, tuple(batch)] if batch else batches


def rows_that_fit(longest: int, settings: BatchingSettings) -> int:
    """How many rows of at most `longest` samples one rank's batch may hold; at least one."""
    return min(max(int(settings.budget_s * SAMPLE_RATE_HZ) // longest, 1), settings.most_rows)


def weigh_rows(rows: RowIndices, weights: npt.NDArray[np.float64], *, seed: int, epoch: int) -> RowIndices:
    """The rows of this epoch, each as often as its weight says.

    A weight of 2.25 means twice in every epoch, and a third time in one epoch of four. Which
    one follows from a number drawn once for each row, so that over the epochs all rows of one
    weight occur equally often.

    Args:
        rows: Each row once.
        weights: The weight of each of `rows`.
        seed: The run's.
        epoch: Counted from 0.
    """
    phases = np.random.default_rng([seed, 0, 1]).random(len(rows))
    times = np.floor(weights * (epoch + 1) + phases) - np.floor(weights * epoch + phases)
    return tuple(np.repeat(np.asarray(rows, np.int64), times.astype(np.int64)).tolist())


def padded_samples(batch: RowIndices, samples: Lengths) -> int:
    """The samples of a batch, padding included."""
    return len(batch) * int(samples[list(batch)].max())
