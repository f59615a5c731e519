import pytest

from train.evaluation.metrics import Edits, align, bootstrap_interval, count_edits


@pytest.mark.parametrize(
    ("reference", "hypothesis", "edits"),
    [
        ([1, 2, 3], [1, 2, 3], (0, 0, 0)),
        ([1, 2, 3], [1, 3], (0, 1, 0)),
        ([1, 3], [1, 2, 3], (0, 0, 1)),
        ([1, 2, 3], [1, 4, 3], (1, 0, 0)),
        ([], [1, 2], (0, 0, 2)),
        ([1, 2], [], (0, 2, 0)),
        ([], [], (0, 0, 0)),
        ([1, 2, 3, 4], [2, 3, 4, 5], (0, 1, 1)),
    ],
)
def test_edits(reference, hypothesis, edits):
    assert count_edits(reference, hypothesis) == Edits(*edits, len(reference))


def test_an_alignment_pairs_what_was_meant_with_what_was_said():
    assert align([1, 2, 3], [1, 9, 3, 4]) == [(1, 1), (2, 9), (3, 3), (None, 4)]


def test_rates_add_up_over_utterances():
    total = Edits(1, 0, 0, 4) + Edits(0, 2, 1, 6)
    assert total.rate == pytest.approx(0.4)


def test_no_reference_has_no_rate():
    with pytest.raises(ZeroDivisionError):
        _ = Edits().rate


def test_characters_and_symbols_align_like_labels():
    assert align("가나다", "가다") == [("가", "가"), ("나", None), ("다", "다")]
    assert count_edits(["a", "b"], ["a", "c", "d"]) == Edits(1, 0, 1, 2)


def test_the_interval_holds_the_rate_and_shrinks_with_more_utterances():
    few = [Edits(number % 3, 0, 0, 10) for number in range(12)]
    low, high = bootstrap_interval(few)
    assert low < sum(few, Edits()).rate < high
    assert bootstrap_interval(few) == (low, high)
    closer = bootstrap_interval(few * 20)
    assert low < closer[0] < closer[1] < high


def test_speakers_that_differ_widen_the_interval():
    edits = [Edits(1, 0, 0, 10)] * 20 + [Edits(5, 0, 0, 10)] * 20
    speakers = ["a"] * 20 + ["b"] * 20
    assert bootstrap_interval(edits, speakers) == (0.1, 0.5)
    low, high = bootstrap_interval(edits)
    assert 0.1 < low < high < 0.5
