"""The loss, the optimiser and the learning rate of a step.

Shapes: N batch, T frames, L labels, V vocabulary and blank.
"""

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from pipeline.contract.vocabulary import BLANK_ID
from train.settings import OptimSettings


def ctc_losses(log_probs_TNV: Tensor, frames_N: Tensor, labels_NL: Tensor, counts_N: Tensor) -> Tensor:
    """losses_N, float32: the negative log-likelihood of each row's labels, in nats.

    It is infinite for a row with fewer frames than `min_ctc_frames`: such rows are counted
    and left out beforehand, never hidden by `zero_infinity`. `frames_N` and `counts_N` stay
    on the CPU, where the loss wants them.
    """
    losses_N: Tensor = nn.functional.ctc_loss(
        log_probs_TNV.float(), labels_NL, frames_N, counts_N, blank=BLANK_ID, reduction="none"
    )
    return losses_N


def make_optimiser(model: nn.Module, settings: OptimSettings) -> torch.optim.Optimizer:
    """AdamW (Loshchilov & Hutter 2019); vectors (biases, batch-norm scales) do not decay."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in trained if p.dim() > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in trained if p.dim() <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=settings.learning_rate, betas=settings.betas, fused=True)


def learning_rate(step: int, progress: float, settings: OptimSettings) -> float:
    """The learning rate of a step: a linear warm-up, then the decay.

    Args:
        step: Steps done before this one.
        progress: Share of all epochs done before this step, 0..1.
        settings: The peak, the warm-up and the shape of the decay.
    """
    warm = min(1.0, (step + 1) / settings.warmup_steps) if settings.warmup_steps else 1.0
    shape = {"none": 1.0, "linear": 1 - progress, "cosine": 0.5 * (1 + math.cos(math.pi * progress))}
    fallen = settings.final_factor + (1 - settings.final_factor) * shape[settings.decay]
    return settings.learning_rate * warm * fallen


def set_learning_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Give all parameters the same learning rate."""
    for group in optimiser.param_groups:
        group["lr"] = rate


def clip_gradients(parameters: Iterable[Tensor], *, most: float) -> float:
    """Scale the gradients down to a norm of `most`; the norm before that is returned.

    A norm that is not finite leaves the gradients useless: one NaN makes all of them NaN.
    """
    return float(nn.utils.clip_grad_norm_(parameters, most))
