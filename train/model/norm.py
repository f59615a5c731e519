"""Batch normalisation over the real frames of a batch, all ranks together.

Shapes: C channels (one dimension of `x`); masks are 1 for real frames, 0 for padding.
"""

from typing import Any, Final

import torch
from torch import Tensor, nn

from train.loop.distributed import sum_over_ranks

# The share of the new batch in the running statistics, PyTorch's meaning of momentum. Other
# frameworks call one minus that momentum: 0.99 here would make them as noisy as one batch.
STATISTICS_MOMENTUM: Final = 0.01
EPSILON: Final = 1e-5


class MaskedBatchNorm(nn.Module):
    """Batch normalisation whose statistics ignore padding and cover the rows of all ranks.

    They are summed in float32, whatever the precision of the rest. Over the first 1 / momentum
    batches the running statistics are a plain average, so that evaluation is already right after
    a handful of steps.
    """

    mean: Tensor
    variance: Tensor
    batches: Tensor

    def __init__(self, channels: int, *, channel_dim: int) -> None:
        super().__init__()
        self.channel_dim = channel_dim
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("variance", torch.ones(channels))
        self.register_buffer("batches", torch.zeros(()))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Normalise `x`; `mask` is broadcastable to it. Padding becomes zero."""
        if self.training:
            y, mean_C, variance_C, count = _Normalise.apply(  # type: ignore[no-untyped-call]  # torch's
                x, mask, self.weight, self.bias, self.channel_dim
            )
            self._track(mean_C, variance_C * count / (count - 1).clamp(min=1.0), seen=(count > 0).float())
            normalised: Tensor = y
            return normalised
        scale_C = self.weight * torch.rsqrt(self.variance + EPSILON)
        shift_C = self.bias - self.mean * scale_C
        return (x * _along(scale_C, x, self.channel_dim) + _along(shift_C, x, self.channel_dim)) * mask

    @torch.no_grad()
    def _track(self, mean_C: Tensor, variance_C: Tensor, *, seen: Tensor) -> None:
        self.batches += seen
        share = (1.0 / self.batches.clamp(min=1.0)).clamp(min=STATISTICS_MOMENTUM) * seen
        self.mean += share * (mean_C - self.mean)
        self.variance += share * (variance_C - self.variance)


class _Normalise(torch.autograd.Function):
    """With a backward pass of its own, which reads the batch 4 times where autograd's reads it 12 times."""

    @staticmethod
    def forward(
        context: Any, x: Tensor, mask: Tensor, weight_C: Tensor, bias_C: Tensor, channel_dim: int
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        dims = [dim for dim in range(x.dim()) if dim != channel_dim]
        places = x.numel() // (x.size(channel_dim) * mask.numel())
        total_C = (x * mask).sum(dims, dtype=torch.promote_types(x.dtype, torch.float32))
        own_count = mask.sum(dtype=torch.float32).view(1) * places
        sums = sum_over_ranks(torch.cat([total_C, own_count]))
        count = sums[-1]
        mean_C = sums[:-1] / count.clamp(min=1.0)
        centred = (x - _along(mean_C, x, channel_dim)).mul_(mask)
        variance_C = sum_over_ranks(centred.square().sum(dims)) / count.clamp(min=1.0)
        inverse_C = torch.rsqrt(variance_C + EPSILON)
        context.save_for_backward(centred, mask, weight_C, inverse_C, count)
        context.dims, context.channel_dim, context.dtype = dims, channel_dim, x.dtype
        y = torch.addcmul(
            mask * _along(bias_C, x, channel_dim), centred, _along(weight_C * inverse_C, x, channel_dim)
        )
        context.mark_non_differentiable(mean_C, variance_C, count)
        return y, mean_C, variance_C, count

    @staticmethod
    def backward(context: Any, dy: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        centred, mask, weight_C, inverse_C, count = context.saved_tensors
        dy = dy * mask
        bias_grad_C = dy.sum(context.dims)
        product_C = (dy * centred).sum(context.dims)
        mean_dy_C, mean_product_C = (
            sum_over_ranks(torch.stack([bias_grad_C, product_C])) / count.clamp(min=1.0)
        ).unbind()
        dim = context.channel_dim
        dx = dy.addcmul_(centred, _along(mean_product_C * inverse_C.square(), dy, dim), value=-1.0)
        dx.sub_(mask * _along(mean_dy_C, dy, dim)).mul_(_along(weight_C * inverse_C, dy, dim))
        return dx.to(context.dtype), None, product_C * inverse_C, bias_grad_C, None


def _along(vector_C: Tensor, x: Tensor, channel_dim: int) -> Tensor:
    shape = [1] * x.dim()
    shape[channel_dim] = -1
    return vector_C.view(shape)
