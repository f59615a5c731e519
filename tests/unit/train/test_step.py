import pytest
import torch

from train import step as step_module
from train.dataset import open_sources
from train.job import prepare
from train.optim import make_optimiser
from train.settings import read_settings
from train.step import Stepper


@pytest.fixture
def job(tone_manifest, micro):
    return prepare(open_sources([tone_manifest]), read_settings(str(micro), []))


@pytest.fixture
def stepper(job):
    return Stepper(job.recogniser, make_optimiser(job.recogniser, job.settings.optim), job.settings)


def state_of(stepper):
    return {name: tensor.clone() for name, tensor in stepper.recogniser.state_dict().items()}


def batches(job, count=1):
    return [job.utterances.collate(step[0]) for step in job.plan(1)[:count]]


def test_a_step_moves_weights_and_statistics(job, stepper):
    before = state_of(stepper)
    outcome = stepper.take(batches(job), step=0)
    assert outcome.problem is None
    assert outcome.loss > 0
    assert outcome.gradient_norm > 0
    assert all(not torch.equal(before[name], tensor) for name, tensor in state_of(stepper).items())


def poisoned_loss(*arguments):
    return step_module.torch.full((1,), float("nan"), requires_grad=True) * 1


def poisoned_gradient(log_probs, *_):
    class Poison(torch.autograd.Function):
        @staticmethod
        def forward(_context, x):
            return x.sum().reshape(1)

        @staticmethod
        def backward(_context, _gradient):
            return torch.full_like(log_probs, float("nan"))

    return Poison.apply(log_probs)


@pytest.mark.parametrize(
    ("poison", "problem"),
    [(poisoned_loss, "the loss is nan"), (poisoned_gradient, "the gradient's norm is nan")],
)
def test_a_step_that_is_not_finite_changes_nothing(job, stepper, monkeypatch, poison, problem):
    (batch,) = batches(job)
    stepper.take([batch], step=0)
    before = state_of(stepper)
    moments = str(stepper.optimiser.state_dict())
    monkeypatch.setattr(step_module, "ctc_losses", poison)
    outcome = stepper.take([batch], step=1)
    assert outcome.problem == problem
    assert outcome.ids == batch.ids
    for name, tensor in state_of(stepper).items():
        assert torch.equal(before[name], tensor), name
    assert str(stepper.optimiser.state_dict()) == moments


def test_features_that_are_not_finite_change_nothing(job, stepper):
    before = state_of(stepper)
    stepper.recogniser.features.filters_KM.fill_(float("nan"))
    outcome = stepper.take(batches(job), step=0)
    assert outcome.problem == "the features are not finite"
    assert all(torch.equal(before[name], tensor) for name, tensor in state_of(stepper).items())


def test_a_step_of_unreadable_utterances_is_skipped(job, stepper):
    outcome = stepper.take([job.utterances.collate([])], step=0)
    assert outcome.problem == "no utterance could be read"


def test_an_accumulated_step_has_the_mean_of_all_its_labels(job, stepper):
    parts = batches(job, 2)
    stepper.settings = stepper.settings.model_copy(
        update={"optim": stepper.settings.optim.model_copy(update={"clip_norm": 1e9})}
    )
    stepper.recogniser.network.dropout.p = 0.0
    alone = []
    for part in parts:
        again = Stepper(
            stepper.recogniser, torch.optim.SGD(stepper.recogniser.parameters(), lr=0.0), stepper.settings
        )
        alone.append(again.take([part], step=0).loss * int(part.label_counts_N.sum()))
    labels = sum(int(part.label_counts_N.sum()) for part in parts)
    together = stepper.take(parts, step=0).loss
    assert together == pytest.approx(sum(alone) / labels, rel=0.05)


def test_the_same_step_gives_the_same_loss(job, stepper):
    stepper.optimiser = torch.optim.SGD(stepper.recogniser.parameters(), lr=0.0)
    one, other, third = (stepper.take(batches(job), step=step).loss for step in (4, 4, 5))
    assert one == other
    assert one != third  # dropout and stripes differ from step to step
