import numpy as np
import pytest

from pipeline.contract.schema import SAMPLE_RATE_HZ
from train.data.batching import cut_batches, padded_samples, plan_epoch, select_trainable
from train.settings import BatchingSettings

SETTINGS = BatchingSettings(budget_s=30.0, longest_s=12.0, most_rows=9)
SAMPLES = np.random.default_rng(0).integers(8_000, 10 * SAMPLE_RATE_HZ, 500)


def plan(epoch, seed=0, **changes):
    settings = SETTINGS.model_copy(update=changes)
    rows = tuple(range(len(SAMPLES)))
    return plan_epoch(rows, SAMPLES, settings=settings, seed=seed, epoch=epoch, batches_per_step=1)


def batches(steps):
    return [batch for step in steps for batch in step]


@pytest.mark.parametrize("ranks", [1, 2, 4])
@pytest.mark.parametrize("count", [7, 60, 500])
def test_no_batch_is_padded_by_more_than_a_tenth(count, ranks):
    """Few rows of very different lengths, within a budget that could hold them all."""
    settings = BatchingSettings(budget_s=240.0)
    steps = plan_epoch(
        tuple(range(count)), SAMPLES, settings=settings, seed=0, epoch=1, batches_per_step=1, ranks=ranks
    )
    assert sorted(row for batch in batches(steps) for row in batch) == list(range(count))
    for batch in batches(steps):
        shares = [batch[rank::ranks] for rank in range(min(ranks, len(batch)))]
        padded = sum(padded_samples(share, SAMPLES) for share in shares)
        assert padded <= 1.1 * SAMPLES[list(batch)].sum()


def test_epochs_and_seeds_differ_and_repeat():
    assert plan(1) == plan(1)
    assert plan(1) != plan(2)
    assert plan(1, seed=1) != plan(1, seed=2)


def test_the_first_epoch_goes_from_short_to_long():
    longest = [SAMPLES[list(batch)].max() for batch in batches(plan(0))]
    assert np.corrcoef(longest, range(len(longest)))[0, 1] > 0.95
    shuffled = [SAMPLES[list(batch)].max() for batch in batches(plan(0, shortest_first=False))]
    assert abs(np.corrcoef(shuffled, range(len(shuffled)))[0, 1]) < 0.5


def test_the_batches_of_a_step_are_neighbours_in_length():
    rows = tuple(range(len(SAMPLES)))
    steps = plan_epoch(rows, SAMPLES, settings=SETTINGS, seed=0, epoch=1, batches_per_step=2)
    assert sorted(batches(steps)) == sorted(batches(plan(1)))
    spans = [abs(SAMPLES[list(one)].max() - SAMPLES[list(two)].max()) for one, two in steps[:-1]]
    assert np.median(spans) < SAMPLE_RATE_HZ


def test_a_row_over_the_budget_goes_alone():
    samples = np.array([100, 60 * SAMPLE_RATE_HZ, 200])
    assert cut_batches(np.array([0, 1, 2]), samples, SETTINGS) == [(0,), (1,), (2,)]


def test_no_rows_make_no_batches():
    assert cut_batches(np.zeros(0, np.int64), SAMPLES, SETTINGS) == []


def test_rows_that_cannot_be_trained_on_are_named():
    rows, left_out = select_trainable(
        np.array([16_000, 16_000, 16_000, 16_000 * 900, 16_000]),
        np.array([5, 0, 30, 5, 25]),
        needed=np.array([5, 0, 31, 5, 25]),
        available=np.array([25, 25, 25, 22_500, 25]),
        longest_s=30.0,
    )
    assert rows == (0, 4)
    assert {group.reason: group.rows for group in left_out} == {
        "no_labels": (1,),
        "too_long": (3,),
        "labels_do_not_fit": (2,),
    }


@pytest.mark.parametrize("count", [1, 2])
def test_a_last_step_may_hold_fewer_batches(count):
    steps = plan_epoch((0, 1, 2), SAMPLES, settings=SETTINGS, seed=0, epoch=0, batches_per_step=count)
    assert sorted(row for batch in batches(steps) for row in batch) == [0, 1, 2]
