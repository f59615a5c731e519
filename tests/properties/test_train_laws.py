"""Laws of the trainer that hold for every input."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.contract.vocabulary import KOREAN, min_ctc_frames
from train.data.batching import padded_samples, plan_epoch
from train.decoding.greedy import Decoded, decode_greedily
from train.evaluation.metrics import align, count_edits
from train.loop.optim import ctc_losses
from train.model.deepspeech2 import Recogniser
from train.settings import BatchingSettings, FeatureSettings, ModelSettings, TrainSettings

labels = st.lists(st.integers(1, 4), max_size=9)


def levenshtein(one, other):
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, start=1):
        previous, row[0] = row[0], i
        for j, right in enumerate(other, start=1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (left != right))
    return row[-1]


@given(labels, labels)
def test_edits_are_the_edit_distance(reference, hypothesis):
    edits = count_edits(reference, hypothesis)
    assert edits.substitutions + edits.deletions + edits.insertions == levenshtein(reference, hypothesis)
    assert edits.insertions - edits.deletions == len(hypothesis) - len(reference)


@given(labels, labels)
def test_an_alignment_holds_both_sides_in_order(reference, hypothesis):
    pairs = align(reference, hypothesis)
    assert [meant for meant, _ in pairs if meant is not None] == reference
    assert [said for _, said in pairs if said is not None] == hypothesis


@given(
    lengths=st.lists(st.integers(1, 12 * SAMPLE_RATE_HZ), min_size=1, max_size=60),
    seed=st.integers(0, 2**31 - 1),
    epoch=st.integers(0, 5),
    batches_per_step=st.integers(1, 3),
)
def test_an_epoch_holds_every_row_once_within_the_budget(lengths, seed, epoch, batches_per_step):
    samples = np.array(lengths)
    budget = BatchingSettings(budget_s=15.0, longest_s=12.0, most_rows=7)
    rows = tuple(range(len(lengths)))
    steps = plan_epoch(
        rows, samples, settings=budget, seed=seed, epoch=epoch, batches_per_step=batches_per_step
    )
    batches = [batch for step in steps for batch in step]
    assert sorted(row for batch in batches for row in batch) == list(rows)
    assert all(padded_samples(batch, samples) <= 15 * SAMPLE_RATE_HZ for batch in batches)
    assert all(len(batch) <= 7 for batch in batches)
    assert all(len(step) <= batches_per_step for step in steps)


@pytest.fixture(scope="module")
def recogniser():
    torch.manual_seed(0)
    small = ModelSettings(
        channels=(3, 4), kernels=((7, 5), (5, 3)), time_strides=(2, 2), layers=2, hidden=8, dropout=0.0
    )
    return Recogniser(TrainSettings(features=FeatureSettings(mels=16), model=small), KOREAN).eval()


@settings(max_examples=40, deadline=None)
@given(lengths=st.lists(st.integers(1, 9_000), min_size=1, max_size=4), more=st.integers(0, 9_000))
def test_padding_never_changes_a_row(recogniser, lengths, more):
    generator = torch.Generator().manual_seed(sum(lengths))
    pcm = torch.zeros((len(lengths), max(lengths) + more), dtype=torch.int16)
    for row, length in enumerate(lengths):
        pcm[row, :length] = torch.randint(-20_000, 20_000, (length,), generator=generator)
    together, frames = recogniser(pcm, torch.tensor(lengths))
    for row, length in enumerate(lengths):
        alone, _ = recogniser(pcm[row : row + 1, :length], torch.tensor([length]))
        torch.testing.assert_close(together[: frames[row], row], alone[:, 0], atol=2e-5, rtol=1e-4)


@given(target=st.lists(st.integers(1, 3), min_size=1, max_size=6), frames=st.integers(1, 12))
def test_the_loss_is_finite_exactly_when_the_labels_fit(target, frames):
    log_probs = torch.zeros(frames, 1, 4).log_softmax(2)
    loss = ctc_losses(log_probs, torch.tensor([frames]), torch.tensor([target]), torch.tensor([len(target)]))
    assert loss.isfinite().item() == (frames >= min_ctc_frames(target))


@given(target=labels)
def test_a_spelled_out_path_decodes_to_its_labels(target):
    path = [symbol for label in target for symbol in (0, label, label)] or [0]
    log_probs = torch.nn.functional.one_hot(torch.tensor([path]), 5).float().transpose(0, 1)
    assert decode_greedily(log_probs, torch.tensor([len(path)])) == [Decoded(target)]
