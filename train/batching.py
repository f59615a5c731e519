"""Which rows make which batch: pure functions of lengths, settings, seed and epoch.

A plan is a list of steps; a step is the batches whose gradients are added before the
optimiser moves. With several ranks, rank r takes every r-th batch of each step: batches of
one step are neighbours in length, so that ranks finish together.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.contract.schema import SAMPLE_RATE_HZ
from train.settings import BatchingSettings

Rows = tuple[int, ...]
Step = tuple[Rows, ...]
Lengths = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Rows that training cannot use, by reason."""

    reason: str
    rows: tuple[int, ...]


def select_rows(
    samples: Lengths, labels: Lengths, *, needed: Lengths, available: Lengths, longest_s: float
) -> tuple[Rows, list[LeftOut]]:
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
    rows: Rows, samples: Lengths, *, settings: BatchingSettings, seed: int, epoch: int, batches_per_step: int
) -> list[Step]:
    """The steps of one epoch; each row occurs exactly once.

    Rows are sorted by length after a random change of at most `jitter`, cut into batches
    under the budget, and the steps are shuffled. The first epoch goes from short to long
    when the settings say so.
    """
    random = np.random.default_rng([seed, epoch])
    kept = np.asarray(rows, np.int64)
    jittered = samples[kept] * (1 + settings.jitter * random.uniform(-1, 1, len(kept)))
    batches = cut_batches(kept[np.argsort(jittered, kind="stable")], samples, settings)
    steps = [tuple(batches[at : at + batches_per_step]) for at in range(0, len(batches), batches_per_step)]
    if epoch == 0 and settings.shortest_first:
        return steps
    return [steps[index] for index in random.permutation(len(steps))]


def cut_batches(order: npt.NDArray[np.int64], samples: Lengths, settings: BatchingSettings) -> list[Rows]:
    """Cut rows, in the order given, into batches under the budget of padded samples."""
    budget = int(settings.budget_s * SAMPLE_RATE_HZ)
    batches: list[Rows] = []
    batch: list[int] = []
    longest = 0
    for row, length in zip(order.tolist(), samples[order].tolist(), strict=True):
        longest = max(longest, length)
        if batch and ((len(batch) + 1) * longest > budget or len(batch) == settings.most_rows):
            batches.append(tuple(batch))
            batch, longest = [], length
        batch.append(row)
    return [*batches, tuple(batch)] if batch else batches


def padded_samples(batch: Rows, samples: Lengths) -> int:
    """Samples of a batch, padding counted."""
    return len(batch) * int(samples[list(batch)].max())
