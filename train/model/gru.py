"""A GRU for CPUs: equal to `nn.GRU`, whose weights it takes, and faster to train.

PyTorch's own backward pass goes through autograd frame by frame: a dozen small operations for
each frame, and as many on the way back, where every frame adds its share to the gradient of the
weights. Here whatever does not depend on the previous frame is computed for all frames at once,
including the gradients of the weights. What remains for a frame is the product of its state with
the weights and four operations (three on the way back), for both directions together.

    r = sigmoid(W_ir x + b_ir + W_hr h + b_hr)      reset
    z = sigmoid(W_iz x + b_iz + W_hz h + b_hz)      update
    n = tanh(W_in x + b_in + r (W_hn h + b_hn))     candidate
    h' = (1 - z) n + z h                            (Cho et al. 2014; n as in cuDNN)

Products of float32 matrices go to oneDNN where the CPU has AVX-512. PyTorch sends them to MKL,
which runs AVX2 code on AMD processors and rearranges the weights for every product. oneDNN,
PyTorch's library for convolutions, has AVX-512 code for every maker's processors and takes weights
that were rearranged once for all frames of a batch: 260 against 116 GFLOP/s on one core of an EPYC,
and 2.6 times the speed for 16 rows by 512 x 1536. A whole training step is compared with plain
PyTorch's in tests/bench/train_step.md.

Shapes: D directions, T frames, N batch, R rows of any kind, I inputs, H hidden; G = 3 H, the gates
r, z, n; A and B the inputs and outputs of any matrix.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, cast

import torch
from torch import Tensor, nn

Add = Callable[[Tensor, Tensor], None]

# Two operations without public names, which PyTorch's own compiler emits. A PyTorch that lacks
# them multiplies as it always does.
ONEDNN: Final = (
    torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]  # torch's
    and torch.backends.cpu.get_cpu_capability() == "AVX512"
    and all(hasattr(torch.ops.mkldnn, name) for name in ("_linear_pointwise", "_reorder_linear_weight"))
)


def run_gru(layers: Sequence[nn.GRU], x_TNI: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Outputs y_TNH of one-layer GRUs, each run over its own input from a state of zero.

    All inputs have one shape. Under autocast only the matrix products are in its precision.
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
    """All frames of all directions; matrices are multiplied in the dtype `product`."""

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
        # Now the sums of r, z and m = W_hn h + b_hn without W_h h, which each frame adds in turn.
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
        # The slopes of h' along the three sums that contain W_h h; they need no later frame.
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
        # Those along the sums that contain W_i x differ only in n, where r does not come between.
        slopes_DTNG[..., 2 * u_DGH.size(2) :] = dh_DTNH * to_n_DTNH
        dw_DGI, db_DG = _weight_gradients(slopes_DTNG, x_DTNI, product)
        return _times(slopes_DTNG, w_DGI.mT, product), dw_DGI, du_DGH, db_DG, dc_DG, None


def _through_time(sums_DTNG: Tensor, n_DTNH: Tensor, add_product: Add) -> Tensor:
    """h_DTNH, beginning with the state before the first frame.

    In place, the sums become r, z and m, and `n_DTNH` the candidates.
    """
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
    """Add to each frame's gradient that of the frames after it; in place, the slopes become gradients."""
    slopes_DTN3H = slopes_DTNG.view(*dh_DTNH.shape[:3], 3, -1)
    for frame in range(dh_DTNH.size(1) - 1, -1, -1):
        dh_DNH = dh_DTNH[:, frame]
        slopes_DTN3H[:, frame].mul_(dh_DNH.unsqueeze(2))
        if frame:
            before_DNH = dh_DTNH[:, frame - 1]
            before_DNH.addcmul_(dh_DNH, z_DTNH[:, frame])
            add_product(before_DNH, slopes_DTNG[:, frame])


def _times(x_DTNA: Tensor, w_DBA: Tensor, product: torch.dtype) -> Tensor:
    """y_DTNB = x w^T for each direction."""
    return multiply(x_DTNA.flatten(1, 2), w_DBA, product).view(*x_DTNA.shape[:3], -1)


def _weight_gradients(dsums_DTNG: Tensor, x_DTNI: Tensor, product: torch.dtype) -> tuple[Tensor, Tensor]:
    """The gradients of a matrix and its bias, summed over all frames and rows at once."""
    dsums_DRG, x_DRI = dsums_DTNG.flatten(1, 2), x_DTNI.flatten(1, 2)
    return multiply(dsums_DRG.mT, x_DRI.mT, product), dsums_DRG.sum(1)


def multiply(x_DRA: Tensor, w_DBA: Tensor, dtype: torch.dtype) -> Tensor:
    """y_DRB = x w^T for each direction, multiplied in `dtype`, without gradients."""
    if not _in_onednn(dtype):
        return torch.bmm(x_DRA.to(dtype), w_DBA.mT.to(dtype)).to(x_DRA.dtype)
    pairs = zip(x_DRA, w_DBA, strict=True)
    return torch.stack([_linear(x_RA, w_BA) for x_RA, w_BA in pairs])


def adder(w_DBA: Tensor, dtype: torch.dtype, rows: int) -> Callable[[Tensor, Tensor], None]:
    """A function `add(y_DRB, x_DRA)` that adds x w^T to y, with the weights rearranged beforehand.

    They are rearranged for products with `rows` rows; other numbers of rows give the same result.
    """
    if _in_onednn(dtype):
        packed = [_arrange(w_BA, rows) for w_BA in w_DBA]

        def add_each(y_DRB: Tensor, x_DRA: Tensor) -> None:
            for y_RB, x_RA, w in zip(y_DRB, x_DRA, packed, strict=True):
                y_RB.add_(_linear(x_RA, w))

        return add_each
    w_DAB = w_DBA.mT.to(dtype).contiguous()

    def add_together(y_DRB: Tensor, x_DRA: Tensor) -> None:
        if y_DRB.dtype == dtype:
            y_DRB.baddbmm_(x_DRA, w_DAB)
        else:
            y_DRB.add_(torch.bmm(x_DRA.to(dtype), w_DAB))

    return add_together


def _in_onednn(dtype: torch.dtype) -> bool:
    return ONEDNN and dtype == torch.float32


def _linear(x_RA: Tensor, w_BA: Tensor) -> Tensor:
    y_RB: Tensor = torch.ops.mkldnn._linear_pointwise.default(x_RA, w_BA, None, "none", [], "")  # noqa: SLF001
    return y_RB


def _arrange(w_BA: Tensor, rows: int) -> Tensor:
    arranged: Tensor = torch.ops.mkldnn._reorder_linear_weight.default(w_BA.contiguous(), rows)  # noqa: SLF001
    return arranged
