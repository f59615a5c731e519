"""Decoding without a search: the best class of each frame.

Shapes: N batch, T frames, V vocabulary and blank.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline.contract.vocabulary import BLANK_ID


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a decoder finds in a row: labels (1..V-1), and words if it knows any."""

    labels: list[int]
    words: tuple[str, ...] | None = None


Decode = Callable[[Tensor, Tensor], list[Decoded]]
"""From (log_probs_TNV, frames_N) to what each row says."""


def decode_greedily(log_probs_TNV: Tensor, frames_N: Tensor) -> list[Decoded]:
    """Take the best class of each frame, merge repeats, remove blanks."""
    best_NT = log_probs_TNV.argmax(2).t().cpu()
    rows = zip(best_NT, frames_N.tolist(), strict=True)
    merged = (torch.unique_consecutive(best_T[:frames]) for best_T, frames in rows)
    return [Decoded(labels[labels != BLANK_ID].tolist()) for labels in merged]
