"""Log-probabilities to labels.

Shapes: N batch, T frames, V vocabulary and blank.
"""

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from pipeline.contract.vocabulary import BLANK_ID

Decoder = Callable[[Tensor, Tensor], list[list[int]]]
"""(log_probs_TNV, frames_N) to the labels (1..V-1) of each row."""


def decode_greedily(log_probs_TNV: Tensor, frames_N: Tensor) -> list[list[int]]:
    """The best class of each frame, repeats merged, blanks removed."""
    best_NT = log_probs_TNV.argmax(2).t().cpu()
    rows = zip(best_NT, frames_N.tolist(), strict=True)
    merged = (torch.unique_consecutive(best_T[:frames]) for best_T, frames in rows)
    return [labels[labels != BLANK_ID].tolist() for labels in merged]


DECODERS: Final[dict[str, Decoder]] = {"greedy": decode_greedily}
