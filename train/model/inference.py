"""Running a recogniser over audio, without gradients.

Shapes: N batch, S samples, T frames, V vocabulary and blank.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from pipeline.contract.schema import SAMPLE_RATE_HZ
from train.data.batching import cut_batches
from train.data.dataset import Utterances
from train.limits import MOST_RECOGNISED_S
from train.model.deepspeech2 import Recogniser
from train.settings import BatchingSettings, TrainSettings

MOST_VALUES: Final = 5 * 10**8  # in one layer for one batch: 2 GB; a full one of the preset large has 3.7e8


@dataclass(frozen=True, slots=True)
class Emissions:
    """The network's output for some rows of a split.

    Attributes:
        rows: The N rows.
        log_probs_TNV: float32, on the recogniser's device.
        frames_N: int64, the output frames of each row.
        unreadable: Ids of rows missing here because their audio cannot be read, or is too long.
    """

    rows: tuple[int, ...]
    log_probs_TNV: Tensor
    frames_N: Tensor
    unreadable: tuple[str, ...]


NO_OUTPUT: Final = torch.zeros(0, 0, 1), torch.zeros(0, dtype=torch.int64)


def inference_batching(settings: TrainSettings) -> BatchingSettings:
    """The batches of recognition: those of training, or smaller ones where these would take gigabytes."""
    most_s = MOST_VALUES / settings.values_a_second
    longest_s, budget_s = (
        min(own, most_s) for own in (settings.batching.longest_s, settings.batching.budget_s)
    )
    return settings.batching.model_copy(update={"longest_s": longest_s, "budget_s": budget_s})


def longest_recognised(settings: TrainSettings) -> int:
    """The most samples that a row may have to be recognised, alone in its batch."""
    return int(min(MOST_RECOGNISED_S, MOST_VALUES / settings.values_a_second) * SAMPLE_RATE_HZ)


def recognise(recogniser: Recogniser, pcm_NS: Tensor, samples_N: Tensor) -> tuple[Tensor, Tensor]:
    """log_probs_TNV and frames_N of a batch, on the recogniser's device."""
    device = next(recogniser.parameters()).device
    with torch.inference_mode():
        log_probs_TNV, frames_N = recogniser(pcm_NS.to(device), samples_N.to(device))
    return log_probs_TNV, frames_N


def recognise_rows(
    recogniser: Recogniser, utterances: Utterances, rows: Sequence[int]
) -> Iterator[Emissions]:
    """The network's output for rows of a split, in batches, from the shortest row to the longest.

    Rows over `longest_recognised` are not decoded, but named as unreadable in the last part.
    """
    recogniser.eval()
    chosen = np.asarray(rows, np.int64)
    lengths = utterances.samples_R[chosen]
    too_long = lengths > longest_recognised(recogniser.settings)
    order = chosen[np.argsort(lengths, kind="stable")][: len(chosen) - too_long.sum()]
    for batch_rows in cut_batches(order, utterances.samples_R, inference_batching(recogniser.settings)):
        batch = utterances.collate(batch_rows)
        outputs = recognise(recogniser, batch.pcm_NS, batch.samples_N) if batch.rows else NO_OUTPUT
        yield Emissions(batch.rows, *outputs, batch.unreadable)
    if too_long.any():
        ids = tuple(str(utterances.value(row, "id")) for row in chosen[too_long].tolist())
        yield Emissions((), *NO_OUTPUT, ids)
