import pytest

from train.metrics import Edits, align, count_edits


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
    assert total.per == pytest.approx(0.4)


def test_no_reference_has_no_rate():
    with pytest.raises(ZeroDivisionError):
        _ = Edits().per
