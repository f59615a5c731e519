"""Which rows make which batch: pure functions of lengths, settings, seed and epoch.

A plan is a list of steps; a step is the batches whose gradients are added before the
optimiser moves. With several ranks a batch is global: each rank takes a share of its rows
(distributed.py), and the budget is that of the largest share.
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
    """Rows that training cannot use, by reason."""

    reason: str
    rows: tuple[int, ...]


def select_trainable(
    samples: Lengths, labels: Lengths, *, needed: Lengths, available: Lengths, longest_s: float
) -> tuple[RowIndices, list[LeftOut]]:
    """Rows fit for training, and the others by reason.

    Args:
        samples: Length of each row.
        labels: Labels of each row.
        needed: Output frames that CTC needs for each row: labels and adjacent repeats.
        available: Output frames that the model gives for each row.
        longest_s: Longest row that a batch may hold.
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
    """The steps of one epoch; each of `rows` occurs as often as it is given.

    RowIndices are sorted by length after a random change of at most `jitter`, cut into batches
    under the budget, and the steps are shuffled. The first epoch goes from short to long
    when the settings say so.
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
    """Cut rows, in the order given, into batches under each rank's budget, with little enough padding."""
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
    """Rows of at most `longest` samples that one rank's batch may hold; at least one."""
    return min(max(int(settings.budget_s * SAMPLE_RATE_HZ) // longest, 1), settings.most_rows)


def weigh_rows(rows: RowIndices, weights: npt.NDArray[np.float64], *, seed: int, epoch: int) -> RowIndices:
    """Each row as often as its weight says, in this epoch.

    A weight of 2.25 is twice in every epoch, and a third time in every fourth: in the k-th
    epoch a fixed draw of the row's decides, so that all rows come up equally often.

    Args:
        weights: The weight of each of `rows`.
    """
    phases = np.random.default_rng([seed, 0, 1]).random(len(rows))
    times = np.floor(weights * (epoch + 1) + phases) - np.floor(weights * epoch + phases)
    return tuple(np.repeat(np.asarray(rows, np.int64), times.astype(np.int64)).tolist())


def padded_samples(batch: RowIndices, samples: Lengths) -> int:
    """Samples of a batch, padding counted."""
    return len(batch) * int(samples[list(batch)].max())
