import itertools
import math

import pytest
import torch

from pipeline.contract.errors import InputRejected
from train.loop.optim import Averaged, clip_gradients, ctc_losses, learning_rate, make_optimiser
from train.settings import OptimSettings


def brute_force(log_probs, labels):
    """-log of the total probability of all paths that collapse to `labels`."""
    frames, classes = log_probs.shape
    total = 0.0
    for path in itertools.product(range(classes), repeat=frames):
        merged = [symbol for symbol, _ in itertools.groupby(path)]
        if [symbol for symbol in merged if symbol] == labels:
            total += math.exp(sum(log_probs[t, symbol].item() for t, symbol in enumerate(path)))
    return -math.log(total) if total else math.inf


@pytest.mark.parametrize("labels", [[1], [1, 2], [1, 1], [2, 1, 2], [2, 2, 1], [1, 1, 1]])
@pytest.mark.parametrize("frames", [1, 2, 3, 4, 5])
def test_ctc_equals_the_sum_over_all_paths(labels, frames):
    torch.manual_seed(len(labels) * 10 + frames)
    log_probs = torch.randn(frames + 2, 1, 3).log_softmax(2)
    (loss,) = ctc_losses(
        log_probs, torch.tensor([frames]), torch.tensor([[*labels, 0]]), torch.tensor([len(labels)])
    )
    assert loss.item() == pytest.approx(brute_force(log_probs[:frames, 0], labels), rel=1e-4)


def test_the_rate_warms_up_and_falls():
    settings = OptimSettings(learning_rate=1.0, warmup_steps=10, final_factor=0.1)
    assert learning_rate(0, 0.0, settings) == pytest.approx(0.1)
    assert learning_rate(10, 0.0, settings) == 1.0
    assert learning_rate(10, 0.5, settings) == pytest.approx(0.55)
    assert learning_rate(10, 1.0, settings) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("schedule", "at_half", "at_end"),
    [("constant", 1.0, 1.0), ("linear", 0.55, 0.1), ("cosine", 0.55, 0.1), ("tri-stage", 0.1**0.2, 0.1)],
)
def test_schedules(schedule, at_half, at_end):
    settings = OptimSettings(
        learning_rate=1.0, warmup_steps=10, final_factor=0.1, schedule=schedule, hold=0.375
    )
    assert learning_rate(0, 0.0, settings) == pytest.approx(0.1)
    assert learning_rate(10, 0.0, settings) == 1.0
    assert learning_rate(10, 0.5, settings) == pytest.approx(at_half)
    assert learning_rate(10, 1.0, settings) == pytest.approx(at_end)


def test_the_plateau_schedule_cuts_down_to_its_floor():
    settings = OptimSettings(learning_rate=1.0, warmup_steps=0, schedule="plateau", final_factor=0.2)
    assert [learning_rate(9, 0.5, settings, cuts=cuts) for cuts in range(4)] == [1.0, 0.5, 0.25, 0.2]


@pytest.mark.parametrize("name", ["SGD", "Adam", "RAdam", "NAdam", "Adafactor", "RMSprop"])
def test_optimisers_go_by_their_name_in_torch(name):
    model = torch.nn.Linear(3, 2)
    optimiser = make_optimiser(model, OptimSettings(name=name))
    assert type(optimiser).__name__ == name
    before = model.weight.clone()
    model(torch.ones(1, 3)).sum().backward()
    optimiser.step()
    assert not torch.equal(before, model.weight)


def test_options_go_to_the_optimiser():
    sgd = make_optimiser(torch.nn.Linear(3, 2), OptimSettings(name="SGD", options={"momentum": 0.9}))
    assert sgd.param_groups[0]["momentum"] == 0.9


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "Adamant"}, "no such optimiser"),
        ({"name": "nn"}, "no such"),
        ({"options": {"speed": 1.0}}, "speed"),
    ],
)
def test_an_optimiser_that_cannot_be_made_is_named(change, message):
    with pytest.raises(InputRejected, match=message):
        make_optimiser(torch.nn.Linear(3, 2), OptimSettings(**change))


def test_the_average_follows_the_weights_and_is_put_in_their_place_for_a_while():
    model = torch.nn.Linear(1, 1, bias=False)
    model.weight.data.fill_(0.0)
    averaged = Averaged(model, 0.9)
    expected = 0.0
    for step in range(1, 200):
        model.weight.data.fill_(float(step))
        averaged.update(step)
        decay = min(0.9, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * step
    with averaged.applied():
        assert model.weight.item() == pytest.approx(expected, rel=1e-4)
    assert model.weight.item() == 199.0
    other = Averaged(model, 0.9)
    other.load(averaged.state)
    assert other.state["weight"].item() == pytest.approx(expected, rel=1e-4)


def test_only_matrices_decay():
    groups = make_optimiser(torch.nn.Linear(3, 2), OptimSettings()).param_groups
    assert [(len(group["params"]), group["weight_decay"]) for group in groups] == [(1, 0.01), (1, 0.0)]


def test_clipping_scales_the_gradient_and_reports_its_norm():
    parameter = torch.nn.Parameter(torch.zeros(2))
    parameter.grad = torch.tensor([30.0, 40.0])
    assert clip_gradients([parameter], most=5.0).item() == pytest.approx(50.0)
    torch.testing.assert_close(parameter.grad, torch.tensor([3.0, 4.0]), atol=1e-3, rtol=0)
