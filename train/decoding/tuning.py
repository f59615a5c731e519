"""Choosing a decoder's weights: a walk to the lowest error rate on rows of the valid split."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from pipeline.contract.errors import HandOffBroken
from train.data.dataset import Utterances
from train.decoding.beam import Weights
from train.decoding.greedy import Decode
from train.decoding.hangul import letters
from train.evaluation.metrics import Edits, count_edits
from train.model.deepspeech2 import Recogniser
from train.model.inference import recognise_rows

START: Final = Weights(ngram=1.5, blank=-1.0)  # near the best ones on Pansori TEDxKR
NGRAM_STEP: Final = 0.5
BONUS_STEP: Final = 1.0


def tune_weights(
    make: Callable[[Weights], Decode],
    recogniser: Recogniser,
    valid: Utterances,
    rows: Sequence[int],
    *,
    words: bool,
) -> tuple[Weights, float]:
    """The weights of the lowest error rate that a walk from `START` finds, and that error rate.

    Args:
        make: Makes the decoder with given weights.
        recogniser: Recognises the rows, once for all weights.
        valid: The valid split.
        rows: The rows of it to measure on; each has a reference.
        words: Measure the CER of the words instead of the PER.

    Raises:
        HandOffBroken: None of the rows can be recognised.
    """
    outputs = list(recognise_rows(recogniser, valid, rows))
    if not any(part.rows for part in outputs):
        raise HandOffBroken(
            f"none of {len(rows)} rows of split valid could be read: make its shards again, or decode with"
            " greedy"
        )

    def error(weights: Weights) -> float:
        decode, edits = make(weights), Edits()
        for part in outputs:
            for row, found in zip(part.rows, decode(part.log_probs_TNV, part.frames_N), strict=True):
                said = found.labels if found.words is None else "".join(found.words)
                edits += count_edits(reference_of(valid, row, words=words), said)
        return edits.rate

    return _descend(error, words=words)


def reference_of(utterances: Utterances, row: int, *, words: bool) -> Sequence[int] | str:
    """What a decoder should find in a row: the labels, or the characters of the words."""
    if words:
        return letters(utterances.value(row, "spoken") or "")
    labels: list[int] = utterances.labels(row).tolist()
    return labels


def _descend(error: Callable[[Weights], float], *, words: bool) -> tuple[Weights, float]:
    """Walk from `START` to the neighbour with the lowest error until no neighbour is better."""
    known = {START: error(START)}
    best = START
    while True:
        for near in _neighbours(best, words=words):
            if near not in known:
                known[near] = error(near)
        found = min(known, key=lambda weights: (known[weights], weights.ngram, -weights.blank, weights.word))
        if known[found] >= known[best]:
            return best, known[best]
        best = found


def _neighbours(at: Weights, *, words: bool) -> Iterable[Weights]:
    """The weights one step away from `at` in one direction; `word` moves only for words."""
    steps = [(-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0)] + [(0, 0, -1), (0, 0, 1)] * words
    for ngram, blank, word in steps:
        near = Weights(
            ngram=at.ngram + ngram * NGRAM_STEP,
            blank=at.blank + blank * BONUS_STEP,
            word=at.word + word * BONUS_STEP,
        )
        if near.ngram > 0:
            yield near
