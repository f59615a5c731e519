import itertools
import math

import pytest
import torch

from pipeline.contract.vocabulary import min_ctc_frames
from train.optim import clip_gradients, ctc_losses, learning_rate, make_optimiser
from train.settings import OptimSettings


def brute_force(log_probs, labels):
    """-log of the summed probability of every path that collapses to `labels`."""
    frames, classes = log_probs.shape
    total = 0.0
    for path in itertools.product(range(classes), repeat=frames):
        merged = [symbol for symbol, _ in itertools.groupby(path)]
        if [symbol for symbol in merged if symbol] == labels:
            total += math.exp(sum(log_probs[t, symbol].item() for t, symbol in enumerate(path)))
    return -math.log(total) if total else math.inf


@pytest.mark.parametrize("labels", [[1], [1, 2], [1, 1], [2, 1, 2], [2, 2, 1], [1, 1, 1]])
@pytest.mark.parametrize("frames", [1, 2, 3, 4, 5])
def test_ctc_equals_the_sum_over_all_paths_and_is_finite_by_the_rule(labels, frames):
    torch.manual_seed(len(labels) * 10 + frames)
    log_probs = torch.randn(frames + 2, 1, 3).log_softmax(2)
    (loss,) = ctc_losses(
        log_probs, torch.tensor([frames]), torch.tensor([[*labels, 0]]), torch.tensor([len(labels)])
    )
    assert loss.item() == pytest.approx(brute_force(log_probs[:frames, 0], labels), rel=1e-4)
    assert loss.isfinite().item() == (frames >= min_ctc_frames(labels))


def test_the_rate_warms_up_and_falls():
    settings = OptimSettings(learning_rate=1.0, warmup_steps=10, final_factor=0.1)
    assert learning_rate(0, 0.0, settings) == pytest.approx(0.1)
    assert learning_rate(10, 0.0, settings) == 1.0
    assert learning_rate(10, 0.5, settings) == pytest.approx(0.55)
    assert learning_rate(10, 1.0, settings) == pytest.approx(0.1)


def test_only_matrices_decay():
    groups = make_optimiser(torch.nn.Linear(3, 2), OptimSettings()).param_groups
    assert [(len(group["params"]), group["weight_decay"]) for group in groups] == [(1, 0.01), (1, 0.0)]


def test_clipping_scales_the_gradient_and_reports_its_norm():
    parameter = torch.nn.Parameter(torch.zeros(2))
    parameter.grad = torch.tensor([30.0, 40.0])
    assert clip_gradients([parameter], most=5.0) == pytest.approx(50.0)
    torch.testing.assert_close(parameter.grad, torch.tensor([3.0, 4.0]), atol=1e-3, rtol=0)
