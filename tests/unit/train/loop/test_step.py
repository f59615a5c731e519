import pytest
import torch

from pipeline.contract.errors import MissingResource
from train.data.sources import open_sources
from train.loop import step as step_module
from train.loop.optim import make_optimiser
from train.loop.setup import set_up_training
from train.loop.step import Stepper
from train.settings import read_settings


@pytest.fixture
def setup(tone_manifest, micro):
    return set_up_training(open_sources([tone_manifest]), read_settings(str(micro), []))


@pytest.fixture
def stepper(setup):
    return Stepper(setup.recogniser, make_optimiser(setup.recogniser, setup.settings.optim), setup.settings)


def state_of(stepper):
    return {name: tensor.clone() for name, tensor in stepper.recogniser.state_dict().items()}


def batches(setup, count=1):
    return [setup.utterances.collate(step[0]) for step in setup.plan(1)[:count]]


def test_a_step_moves_weights_and_statistics(setup, stepper):
    before = state_of(stepper)
    result = stepper.take(batches(setup), step=0)
    assert result.problem is None
    assert result.loss > 0
    assert result.gradient_norm > 0
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
def test_a_step_that_is_not_finite_changes_nothing(setup, stepper, monkeypatch, poison, problem):
    (batch,) = batches(setup)
    stepper.take([batch], step=0)
    before = state_of(stepper)
    moments = str(stepper.optimiser.state_dict())
    monkeypatch.setattr(step_module, "ctc_losses", poison)
    result = stepper.take([batch], step=1)
    assert result.problem == problem
    assert result.ids == batch.ids
    for name, tensor in state_of(stepper).items():
        assert torch.equal(before[name], tensor), name
    assert str(stepper.optimiser.state_dict()) == moments


def test_features_that_are_not_finite_change_nothing(setup, stepper):
    before = state_of(stepper)
    stepper.recogniser.features.filters_KM.fill_(float("nan"))
    result = stepper.take(batches(setup), step=0)
    assert result.problem == "the features are not finite"
    assert all(torch.equal(before[name], tensor) for name, tensor in state_of(stepper).items())


def test_a_step_of_unreadable_utterances_is_skipped(setup, stepper):
    result = stepper.take([setup.utterances.collate([])], step=0)
    assert result.problem == "no utterance could be read"


def test_an_accumulated_step_has_the_mean_of_all_its_labels(setup, stepper):
    parts = batches(setup, 2)
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


def test_the_same_step_gives_the_same_loss(setup, stepper):
    stepper.optimiser = torch.optim.SGD(stepper.recogniser.parameters(), lr=0.0)
    one, other, third = (stepper.take(batches(setup), step=step).loss for step in (4, 4, 5))
    assert one == other
    assert one != third  # dropout and stripes differ from step to step


def with_settings(setup, *assignments, micro):
    settings = read_settings(str(micro), assignments)
    return Stepper(setup.recogniser, make_optimiser(setup.recogniser, settings.optim), settings)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_takes_steps_like_the_full_one(setup, micro, precision):
    plain = ["model.dropout=0.0", "optim.learning_rate=1e-9"]
    batch = batches(setup)
    expected = with_settings(setup, *plain, micro=micro).take(batch, step=0)
    found = with_settings(setup, *plain, f"optim.precision={precision}", micro=micro).take(batch, step=0)
    assert found.problem is None
    assert found.loss == pytest.approx(expected.loss, rel=0.02)
    assert found.loss != expected.loss
    assert found.gradient_norm == pytest.approx(expected.gradient_norm, rel=0.1)


def test_an_overflow_of_fp16_is_a_skipped_step_that_lowers_the_scale(setup, micro):
    stepper = with_settings(setup, "optim.precision=fp16", micro=micro)
    stepper.scaler.load_state_dict(stepper.scaler.state_dict() | {"scale": 2.0**60})
    before = state_of(stepper)
    result = stepper.take(batches(setup), step=0)
    assert result.problem in {"the gradient's norm is inf", "the gradient's norm is nan"}
    assert stepper.scaler.get_scale() == 2.0**59
    assert all(torch.equal(before[name], tensor) for name, tensor in state_of(stepper).items())


@pytest.mark.parametrize("precision", ["float32", "fp16"])
def test_probing_memory_changes_nothing(setup, micro, precision):
    stepper = with_settings(setup, f"optim.precision={precision}", micro=micro)
    before, scale = state_of(stepper), stepper.scaler.state_dict()
    stepper.probe_memory(setup.largest_batch())
    assert all(torch.equal(before[name], tensor) for name, tensor in state_of(stepper).items())
    assert all(parameter.grad is None for parameter in stepper.recogniser.parameters())
    assert stepper.scaler.state_dict() == scale
    assert stepper.take(batches(setup), step=0).problem is None


def test_memory_that_is_too_small_shows_when_it_is_probed(setup, stepper, monkeypatch):
    def no_memory(*_):
        raise torch.OutOfMemoryError("tried to allocate 9 GiB")

    monkeypatch.setattr(step_module, "ctc_losses", no_memory)
    with pytest.raises(MissingResource, match=r"largest batch \(\d+ rows.*lower batching.budget_s.*9 GiB"):
        stepper.probe_memory(setup.largest_batch())


def test_a_row_is_not_played_faster_than_its_labels_allow(make_corpus, make_row, micro):
    noise = torch.randint(-999, 999, (16_000,), dtype=torch.int16).numpy()
    dense = make_row("tones/s1/dense", "train", [1, 2] * 24, noise)  # 48 labels, 50 frames
    loose = make_row("tones/s1/loose", "train", [1, 2], noise)
    fast = read_settings(str(micro), ["augment.speed_percents=[150]", "augment.gain_db=3.0"])
    setup = set_up_training(open_sources([make_corpus([dense, loose])]), fast)
    stepper = Stepper(setup.recogniser, make_optimiser(setup.recogniser, fast.optim), fast)
    batch = setup.utterances.collate([0, 1])
    _, frames, samples = stepper._features(batch, torch.Generator().manual_seed(0))
    assert samples.tolist() == [16_000, 10_667]
    assert frames.tolist() == [100, 67]
    assert stepper.take([batch], step=0).problem is None


def test_an_unreadable_batch_beside_a_good_one_leaves_no_trace(setup, stepper):
    (batch,) = batches(setup)
    again = Stepper(
        stepper.recogniser, torch.optim.SGD(stepper.recogniser.parameters(), lr=0.0), stepper.settings
    )
    alone = again.take([batch], step=0)
    nobody = setup.utterances.collate([])
    assert again.take([batch, nobody], step=0).loss == pytest.approx(alone.loss, rel=1e-5)
