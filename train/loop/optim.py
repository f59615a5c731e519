"""The loss, the optimiser, the learning rate of a step, the average of the weights.

Shapes: N batch, T frames, L labels, V vocabulary and blank.
"""

import inspect
import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from pipeline.contract.errors import InputRejected
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
    """The optimiser of torch.optim by its name; vectors (biases, batch-norm scales) do not decay.

    Raises:
        InputRejected: There is no such optimiser, or it does not take the options given.
    """
    kind = getattr(torch.optim, settings.name, None)
    if not (isinstance(kind, type) and issubclass(kind, torch.optim.Optimizer)):
        raise InputRejected(f"optim.name = {settings.name!r}: torch.optim has no such optimiser")
    known = inspect.signature(kind).parameters
    standard: dict[str, Any] = {"lr": settings.learning_rate, "betas": settings.betas, "fused": True}
    options = {key: value for key, value in standard.items() if key in known} | settings.options
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in trained if p.dim() > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in trained if p.dim() <= 1], "weight_decay": 0.0},
    ]
    try:
        return kind(groups, **options)
    except (TypeError, ValueError) as error:
        raise InputRejected(f"optim.name = {settings.name!r} with {settings.options}: {error}") from error


def learning_rate(step: int, progress: float, settings: OptimSettings, *, cuts: int = 0) -> float:
    """The learning rate of a step: a linear warm-up, then the schedule.

    Args:
        step: Steps done before this one.
        progress: Share of all epochs done before this step, 0..1.
        settings: The peak, the warm-up and the schedule.
        cuts: How often the plateau schedule has lowered the rate.
    """
    warm = min(1.0, (step + 1) / settings.warmup_steps) if settings.warmup_steps else 1.0
    return settings.learning_rate * warm * _fallen(progress, settings, cuts)


def _fallen(progress: float, settings: OptimSettings, cuts: int) -> float:
    final = settings.final_factor
    if settings.schedule == "plateau":
        return max(float(settings.plateau_factor**cuts), final)
    if settings.schedule == "tri-stage":  # warm-up, hold, exponential decay (Park et al. 2019)
        late = max(progress - settings.hold, 0.0) / max(1 - settings.hold, 1e-9)
        return float(max(final, 1e-9) ** late)
    falling = {"linear": 1 - progress, "cosine": 0.5 * (1 + math.cos(math.pi * progress))}
    return final + (1 - final) * falling.get(settings.schedule, 1.0)


def set_learning_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Give all parameters the same learning rate."""
    for group in optimiser.param_groups:
        group["lr"] = rate


def clip_gradients(parameters: Iterable[Tensor], *, most: float) -> Tensor:
    """Scale the gradients down to a norm of `most`; the norm before that is returned.

    A norm that is not finite leaves the gradients useless: one NaN makes all of them NaN.
    """
    return nn.utils.clip_grad_norm_(parameters, most)


class Averaged:
    """An exponential average of a model's weights (and batch-norm statistics).

    Its weight is `decay`, less in the first steps, whose weights would be kept too long.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self._live = dict(model.state_dict())  # shares memory with the model
        self._decay = decay
        self.state = {name: tensor.clone() for name, tensor in self._live.items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after step number `step`."""
        decay = min(self._decay, (1 + step) / (10 + step))
        for average, live in zip(self.state.values(), self._live.values(), strict=True):
            average.lerp_(live, 1 - decay)

    @torch.no_grad()
    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a saved average."""
        for name, tensor in self.state.items():
            tensor.copy_(state[name])

    @contextmanager
    def applied(self) -> Iterator[None]:
        """A block in which the model has the averaged weights."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        for live, average in zip(self._live.values(), self.state.values(), strict=True):
            kept = live.clone()
            live.copy_(average)
            average.copy_(kept)
