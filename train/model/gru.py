"""A GRU for CPUs: equal to `nn.GRU`, whose weights it takes, and faster to train.

PyTorch's own goes through autograd frame by frame: a dozen small operations each, and as many
on the way back, where every frame adds its share to the gradient of the weights. Here all that
does not depend on the frame before is done for all frames at once, the gradients of the
weights included. What is left of a frame is the product of its state and the weights, which are
arranged for it once, and four operations, or three on the way back, on both directions together.

    r = sigmoid(W_ir x + b_ir + W_hr h + b_hr)      reset
    z = sigmoid(W_iz x + b_iz + W_hz h + b_hz)      update
    n = tanh(W_in x + b_in + r (W_hn h + b_hn))     candidate
    h' = (1 - z) n + z h                            (Cho et al. 2014; n as in cuDNN)

Shapes: D directions, T frames, N batch, I inputs, H hidden; G = 3 H, the gates r, z, n.
"""

from collections.abc import Callable, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from train.model.matmul import adder, multiply

Add = Callable[[Tensor, Tensor], None]


def run_gru(layers: Sequence[nn.GRU], x_TNI: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Outputs y_TNH of one-layer GRUs, each over its own input, all of one shape, from a state of zero.

    Under autocast the matrix products are in its precision, all else in float32.
    """
    weights = [
        torch.stack([cast("Tensor", getattr(layer, name)) for layer in layers])
        for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    ]
    x_DTNI = torch.stack(list(x_TNI)).to(weights[0].dtype)
    product = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x_DTNI.dtype
    with torch.autocast("cpu", enabled=False):
        y_DTNH: Tensor = _Recurrence.apply(x_DTNI, *weights, product)  # type: ignore[no-untyped-call]  # torch's
    return y_DTNH.unbind()


class _Recurrence(torch.autograd.Function):
    """All frames of all directions; `product` is the type in which matrices are multiplied."""

    @staticmethod
    def forward(
        context: Any,
        x_DTNI: Tensor,
        w_DGI: Tensor,
        u_DGH: Tensor,
        b_DG: Tensor,
        c_DG: Tensor,
        product: torch.dtype,
    ) -> Tensor:
        rows, hidden = x_DTNI.size(2), u_DGH.size(2)
        sums_DTNG = _times(x_DTNI, w_DGI, product) + b_DG[:, None, None]
        n_DTNH = sums_DTNG[..., 2 * hidden :].clone()
        # The gates r and z, and m = W_hn h + b_hn: each frame's product is added to what is here.
        sums_DTNG[..., : 2 * hidden] += c_DG[:, None, None, : 2 * hidden]
        sums_DTNG[..., 2 * hidden :] = c_DG[:, None, None, 2 * hidden :]
        h_DTNH = _through_time(sums_DTNG, n_DTNH, adder(u_DGH, product, rows))
        context.save_for_backward(x_DTNI, w_DGI, u_DGH, sums_DTNG, n_DTNH, h_DTNH)
        context.product = product
        return h_DTNH[:, 1:]

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x_DTNI, w_DGI, u_DGH, gates_DTNG, n_DTNH, h_DTNH = context.saved_tensors
        product, rows = context.product, x_DTNI.size(2)
        r_DTNH, z_DTNH, m_DTNH = gates_DTNG.chunk(3, dim=3)
        before_DTNH = h_DTNH[:, :-1]
        to_n_DTNH = (1 - z_DTNH) * (1 - n_DTNH.square())
        # The slopes of h' along the three sums that hold W_h h: known before the way back begins.
        slopes_DTNG = torch.cat(
            [
                to_n_DTNH * m_DTNH * r_DTNH * (1 - r_DTNH),
                (before_DTNH - n_DTNH) * z_DTNH * (1 - z_DTNH),
                to_n_DTNH * r_DTNH,
            ],
            dim=3,
        )
        dh_DTNH = gradients[0].clone(memory_format=torch.contiguous_format)
        _back_through_time(dh_DTNH, slopes_DTNG, z_DTNH, adder(u_DGH.mT, product, rows))
        du_DGH, dc_DG = _weight_gradients(slopes_DTNG, before_DTNH, product)
        # The sums that hold W_i x are the same but for n, where r does not come between.
        slopes_DTNG[..., 2 * u_DGH.size(2) :] = dh_DTNH * to_n_DTNH
        dw_DGI, db_DG = _weight_gradients(slopes_DTNG, x_DTNI, product)
        return _times(slopes_DTNG, w_DGI.mT, product), dw_DGI, du_DGH, db_DG, dc_DG, None


def _through_time(sums_DTNG: Tensor, n_DTNH: Tensor, add_product: Add) -> Tensor:
    """h_DTNH, with the state before the first frame; the sums become r, z, m, and `n_DTNH` the candidates."""
    directions, frames, rows, hidden = n_DTNH.shape
    h_DTNH = n_DTNH.new_zeros((directions, frames + 1, rows, hidden))
    states = h_DTNH.unbind(1)
    for sums_DNG, n_DNH, h_DNH, after_DNH in zip(
        sums_DTNG.unbind(1), n_DTNH.unbind(1), states[:-1], states[1:], strict=True
    ):
        add_product(sums_DNG, h_DNH)
        r_DNH, z_DNH, m_DNH = sums_DNG.chunk(3, dim=2)
        sums_DNG[..., : 2 * hidden].sigmoid_()
        n_DNH.addcmul_(r_DNH, m_DNH).tanh_()
        torch.lerp(n_DNH, h_DNH, z_DNH, out=after_DNH)
    return h_DTNH


def _back_through_time(dh_DTNH: Tensor, slopes_DTNG: Tensor, z_DTNH: Tensor, add_product: Add) -> None:
    """Add to each frame's gradient what later frames send back; the slopes become gradients of the sums."""
    slopes_DTN3H = slopes_DTNG.view(*dh_DTNH.shape[:3], 3, -1)
    for frame in range(dh_DTNH.size(1) - 1, -1, -1):
        dh_DNH = dh_DTNH[:, frame]
        slopes_DTN3H[:, frame].mul_(dh_DNH.unsqueeze(2))
        if frame:
            before_DNH = dh_DTNH[:, frame - 1]
            before_DNH.addcmul_(dh_DNH, z_DTNH[:, frame])
            add_product(before_DNH, slopes_DTNG[:, frame])


def _times(x_DTNA: Tensor, w_DBA: Tensor, product: torch.dtype) -> Tensor:
    return multiply(x_DTNA.flatten(1, 2), w_DBA, product).view(*x_DTNA.shape[:3], -1)


def _weight_gradients(dsums_DTNG: Tensor, x_DTNI: Tensor, product: torch.dtype) -> tuple[Tensor, Tensor]:
    """Of a matrix and its bias, summed over all frames and rows at once."""
    dsums_DRG, x_DRI = dsums_DTNG.flatten(1, 2), x_DTNI.flatten(1, 2)
    return multiply(dsums_DRG.mT, x_DRI.mT, product), dsums_DRG.sum(1)
