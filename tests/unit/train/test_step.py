import pytest
import torch

from pipeline.contract.errors import InputRejected
from train.data.dataset import open_sources
from train.loop import step as step_module
from train.loop.optim import make_optimiser
from train.loop.setup import prepare
from train.loop.step import Stepper
from train.settings import read_settings


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


def with_settings(job, *assignments, micro):
    settings = read_settings(str(micro), assignments)
    return Stepper(job.recogniser, make_optimiser(job.recogniser, settings.optim), settings)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_takes_steps_like_the_full_one(job, micro, precision):
    plain = ["model.dropout=0.0", "optim.learning_rate=1e-9"]
    batch = batches(job)
    expected = with_settings(job, *plain, micro=micro).take(batch, step=0)
    found = with_settings(job, *plain, f"optim.precision={precision}", micro=micro).take(batch, step=0)
    assert found.problem is None
    assert found.loss == pytest.approx(expected.loss, rel=0.02)
    assert found.loss != expected.loss
    assert found.gradient_norm == pytest.approx(expected.gradient_norm, rel=0.1)


def test_an_overflow_of_fp16_is_a_skipped_step_that_lowers_the_scale(job, micro):
    stepper = with_settings(job, "optim.precision=fp16", micro=micro)
    stepper.scaler.load_state_dict(stepper.scaler.state_dict() | {"scale": 2.0**60})
    before = state_of(stepper)
    outcome = stepper.take(batches(job), step=0)
    assert outcome.problem in {"the gradient's norm is inf", "the gradient's norm is nan"}
    assert stepper.scaler.get_scale() == 2.0**59
    assert all(torch.equal(before[name], tensor) for name, tensor in state_of(stepper).items())


@pytest.mark.parametrize("precision", ["float32", "fp16"])
def test_the_rehearsal_changes_nothing(job, micro, precision):
    stepper = with_settings(job, f"optim.precision={precision}", micro=micro)
    before, scale = state_of(stepper), stepper.scaler.state_dict()
    stepper.rehearse(job.largest_batch())
    assert all(torch.equal(before[name], tensor) for name, tensor in state_of(stepper).items())
    assert all(parameter.grad is None for parameter in stepper.recogniser.parameters())
    assert stepper.scaler.state_dict() == scale
    assert stepper.take(batches(job), step=0).problem is None


def test_memory_that_is_too_small_shows_in_the_rehearsal(job, stepper, monkeypatch):
    def no_memory(*_):
        raise torch.OutOfMemoryError("tried to allocate 9 GiB")

    monkeypatch.setattr(step_module, "ctc_losses", no_memory)
    with pytest.raises(InputRejected, match=r"largest batch \(\d+ rows.*lower batching.budget_s.*9 GiB"):
        stepper.rehearse(job.largest_batch())


def test_no_batch_is_larger_than_the_one_rehearsed(tone_manifest, micro):
    settings = read_settings(str(micro), ["augment.speed_percents=[80, 100]"])
    job = prepare(open_sources([tone_manifest]), settings)
    largest = job.largest_batch()
    assert largest.pcm_NS.numel() <= 8 * 16_000
    assert largest.samples_N.tolist() == [largest.pcm_NS.size(1)] * len(largest.ids)
    for epoch in range(5):
        for (rows,) in job.plan(epoch):
            longest = max(-(-job.utterances.samples_R[row] * 100 // 80) for row in rows)
            assert len(rows) * longest <= 8 * 16_000


def test_a_row_is_not_played_faster_than_its_labels_allow(make_corpus, make_row, micro):
    noise = torch.randint(-999, 999, (16_000,), dtype=torch.int16).numpy()
    dense = make_row("tones/s1/dense", "train", [1, 2] * 24, noise)  # 48 labels, 50 frames
    loose = make_row("tones/s1/loose", "train", [1, 2], noise)
    fast = read_settings(str(micro), ["augment.speed_percents=[150]", "augment.gain_db=3.0"])
    job = prepare(open_sources([make_corpus([dense, loose])]), fast)
    stepper = Stepper(job.recogniser, make_optimiser(job.recogniser, fast.optim), fast)
    batch = job.utterances.collate([0, 1])
    _, frames, samples = stepper._features(batch, torch.Generator().manual_seed(0))
    assert samples.tolist() == [16_000, 10_667]
    assert frames.tolist() == [100, 67]
    assert stepper.take([batch], step=0).problem is None


def test_an_unreadable_batch_beside_a_good_one_leaves_no_trace(job, stepper):
    (batch,) = batches(job)
    again = Stepper(
        stepper.recogniser, torch.optim.SGD(stepper.recogniser.parameters(), lr=0.0), stepper.settings
    )
    alone = again.take([batch], step=0)
    nobody = job.utterances.collate([])
    assert again.take([batch, nobody], step=0).loss == pytest.approx(alone.loss, rel=1e-5)
