"""The loss, the optimiser, the learning rate of a step, the averaged weights.

The learning rate is a function of the position alone and the average is a plain state dict, so
that a resumed run continues bit for bit. torch's `lr_scheduler` counts its own calls, and its
`AveragedModel` keeps a second module under other names: both would be more state to save.

Shapes: N batch, T frames, L labels, V vocabulary and blank.
"""

import inspect
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from pipeline.contract.errors import InputRejected
from pipeline.contract.vocabulary import BLANK_ID
from train.settings import OptimSettings

Item = TypeVar("Item")


def ctc_losses(log_probs_TNV: Tensor, frames_N: Tensor, labels_NL: Tensor, counts_N: Tensor) -> Tensor:
    """losses_N, float32: the negative log-likelihood of each row's labels, in nats.

    It is infinite for a row with fewer frames than `min_ctc_frames`. Such rows are left out and
    counted beforehand rather than hidden with `zero_infinity`. `frames_N` and `counts_N` are on
    the CPU, where torch expects them.
    """
    losses_N: Tensor = nn.functional.ctc_loss(
        log_probs_TNV.float(), labels_NL, frames_N, counts_N, blank=BLANK_ID, reduction="none"
    )
    return losses_N


def make_optimiser(model: nn.Module, settings: OptimSettings) -> torch.optim.Optimizer:
    """The optimiser of torch.optim; weight decay leaves out vectors (biases, batch-norm scales).

    Raises:
        InputRejected: There is no such optimiser, it rejects the options given, or cannot train a
            network such as this one.
    """
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    slot_names(settings, device=trained[0].device)
    return _make(trained, settings)


def divide_parameters(
    parameters: Iterable[Item], dims: Callable[[Item], int]
) -> tuple[list[Item], list[Item]]:
    """Those with weight decay and those without, in the order in which optimisers number them."""
    kept = list(parameters)
    return [one for one in kept if dims(one) > 1], [one for one in kept if dims(one) <= 1]


def slot_names(settings: OptimSettings, *, device: torch.device) -> dict[bool, frozenset[str]]:
    """What the optimiser keeps for a parameter after a step: for vectors (False) and the rest (True).

    Found by taking a step, so that an optimiser that cannot is refused before anything is trained.

    Raises:
        InputRejected: As for `make_optimiser`.
    """
    toys = [nn.Parameter(torch.ones(2, 2, device=device)), nn.Parameter(torch.ones(2, device=device))]
    for toy in toys:
        toy.grad = torch.ones_like(toy)
    try:
        optimiser = _make(toys, settings)
        optimiser.step()
    except (TypeError, ValueError, RuntimeError, AssertionError, OverflowError) as error:
        raise InputRejected(f"optim.name = {settings.name!r} with {settings.options}: {error}") from error
    return {toy.dim() > 1: frozenset(optimiser.state[toy]) for toy in toys}


def _make(trained: Sequence[nn.Parameter], settings: OptimSettings) -> torch.optim.Optimizer:
    kind = getattr(torch.optim, settings.name, None)
    if not (isinstance(kind, type) and issubclass(kind, torch.optim.Optimizer)):
        raise InputRejected(f"optim.name = {settings.name!r}: torch.optim has no such optimiser")
    known = inspect.signature(kind).parameters
    standard: dict[str, Any] = {"lr": settings.learning_rate, "betas": settings.betas, "fused": True}
    taken = {"params", "lr", "betas", "weight_decay"} & settings.options.keys()
    if taken:
        raise InputRejected(
            f"optim.options has {taken.pop()!r}; set optim.learning_rate, betas, weight_decay"
        )
    options = {key: value for key, value in standard.items() if key in known} | settings.options
    decayed, others = divide_parameters(trained, dims=Tensor.dim)
    groups = [
        {"params": decayed, "weight_decay": settings.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return kind(groups, **options)


def learning_rate(step: int, progress: float, settings: OptimSettings, *, cuts: int = 0) -> float:
    """The learning rate of a step: a linear warm-up, times the schedule.

    Args:
        step: Steps done before this one.
        progress: The share of all epochs done before this step, 0..1.
        settings: The peak, the warm-up and the schedule.
        cuts: How often the plateau schedule has lowered the rate so far.
    """
    warm = min(1.0, (step + 1) / settings.warmup_steps) if settings.warmup_steps else 1.0
    return settings.learning_rate * warm * _schedule_factor(progress, settings, cuts)


def _schedule_factor(progress: float, settings: OptimSettings, cuts: int) -> float:
    """The share of the peak that the schedule leaves, `final_factor`..1."""
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
    """Scale the gradients down to a norm of at most `most`; return the norm they had.

    When that is not finite the gradients are useless: one NaN has made all of them NaN.
    """
    return nn.utils.clip_grad_norm_(parameters, most)


class Averaged:
    """An exponential average of a model's weights and batch-norm statistics.

    The decay grows to `decay` over the first steps, so that the first weights are soon forgotten.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self._live = dict(model.state_dict())  # the model's own memory
        self._decay = decay
        self.state = {name: tensor.clone() for name, tensor in self._live.items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Add the weights after step number `step` to the average."""
        decay = min(self._decay, (1 + step) / (10 + step))
        for average, live in zip(self.state.values(), self._live.values(), strict=True):
            average.lerp_(live, 1 - decay)

    @torch.no_grad()
    def load(self, state: Mapping[str, Tensor]) -> None:
        """Continue from a saved average."""
        for name, tensor in self.state.items():
            tensor.copy_(state[name])

    @contextmanager
    def applied(self) -> Iterator[None]:
        """A block in which the model computes with the averaged weights."""
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
