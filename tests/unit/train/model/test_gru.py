# ruff: noqa: N806 - tensors carry a capital shape suffix
"""Matrix products give the same numbers whichever library computes them."""

import pytest
import torch
from torch import Tensor

from train.model import gru

SHAPES = [(1, 1, 1, 1), (2, 16, 256, 96), (2, 3, 7, 5), (1, 500, 33, 42)]


@pytest.fixture(
    params=[False, pytest.param(True, marks=pytest.mark.skipif(not gru.ONEDNN, reason="no AVX-512"))]
)
def library(request, monkeypatch) -> None:
    monkeypatch.setattr(gru, "ONEDNN", request.param)


def factors(shape: tuple[int, int, int, int], dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """x_DRA, w_DBA (a transposed view, as in the backward pass) and their product in float64."""
    matrices, rows, inputs, outputs = shape
    generator = torch.Generator().manual_seed(rows)
    x_DRA = torch.randn((matrices, rows, inputs), generator=generator, dtype=dtype)
    w_DBA = torch.randn((matrices, inputs, outputs), generator=generator, dtype=dtype).mT
    return x_DRA, w_DBA, torch.einsum("dra,dba->drb", x_DRA.double(), w_DBA.double())


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("dtype", "most"), [(torch.float64, 1e-13), (torch.float32, 1e-5), (torch.bfloat16, 0.03)]
)
def test_products_are_the_exact_ones_up_to_rounding(shape, dtype, most):
    wide = torch.promote_types(dtype, torch.float32)
    x_DRA, w_DBA, expected_DRB = factors(shape, wide)
    bound = {"rtol": most, "atol": most * shape[2] ** 0.5}
    product_DRB = gru.multiply(x_DRA, w_DBA, dtype)
    assert product_DRB.dtype == wide
    torch.testing.assert_close(product_DRB.double(), expected_DRB, **bound)
    sums_DRB = torch.ones_like(expected_DRB, dtype=wide)
    add = gru.adder(w_DBA, dtype, rows=shape[1])
    add(sums_DRB, x_DRA)
    add(sums_DRB, x_DRA)
    torch.testing.assert_close(sums_DRB.double(), 1 + 2 * expected_DRB, **bound)


@pytest.mark.usefixtures("library")
def test_arranged_weights_take_any_number_of_rows():
    _, w_DBA, _ = factors((2, 16, 64, 48), torch.float32)
    add = gru.adder(w_DBA, torch.float32, rows=16)
    for rows in (1, 4, 16, 33):
        x_DRA = torch.randn(2, rows, 64)
        y_DRB = torch.zeros(2, rows, 48)
        add(y_DRB, x_DRA)
        torch.testing.assert_close(y_DRB, x_DRA @ w_DBA.mT, rtol=1e-5, atol=1e-4)
