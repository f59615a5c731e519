"""Beam search with torchaudio's flashlight decoder.

Shapes: N batch, T frames, V vocabulary and blank.

The decoder numbers an n-gram's tokens by their place in `lm_dict`, not by their name: a dictionary
in another order, as torchaudio makes one without `lm_dict`, scores the wrong symbols and says
nothing. It also takes the frame before the first for one of `sil_token`, whose first label would
then cost nothing: ours is the blank. Scores of the n-gram are log10.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from torch import Tensor

from pipeline.contract.errors import MissingResource
from pipeline.contract.files import write_text
from pipeline.contract.settings import Settings
from pipeline.contract.vocabulary import BLANK_ID, Vocabulary
from train.decoding.greedy import Decode, Decoded
from train.decoding.lexicon import join_pieces
from train.decoding.ngram import UNKNOWN

BLANK: Final = "<blank>"
PRUNED_NATS: Final = 10.0  # hypotheses this much worse than a frame's best are dropped
TOKENS: Final = 12  # the likeliest symbols of a frame; more cost time and, measured, change nothing


class Weights(Settings):
    """How much each part of a hypothesis' score counts beside the network's log-probabilities.

    `blank` is added to the blank's log-probability of every frame: below zero it makes up for
    what the n-gram costs each symbol, so that symbols are not deleted. `word` is added for
    each word.
    """

    ngram: float = 0.0
    blank: float = 0.0
    word: float = 0.0


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """An n-gram in KenLM's memory, and the file that numbers its tokens."""

    kenlm: Any
    dictionary: Path


def read_language_model(arpa: Path, *, dictionary: Path) -> LanguageModel:
    """Load an ARPA file; its tokens get the numbers of their lines in `dictionary`."""
    _require_flashlight()
    from flashlight.lib.text.decoder.kenlm import KenLM
    from flashlight.lib.text.dictionary import Dictionary

    with _quiet():
        return LanguageModel(KenLM(str(arpa), Dictionary(str(dictionary))), dictionary)


def write_tokens(path: Path, vocabulary: Vocabulary) -> None:
    """Write the dictionary of a phone n-gram: the blank and the symbols, in the order of their ids."""
    write_text(path, "".join(f"{token}\n" for token in (BLANK, *vocabulary.symbols)))


def write_lexicon(
    lexicon: Path,
    dictionary: Path,
    pronunciations: Mapping[str, Sequence[Sequence[int]]],
    vocabulary: Vocabulary,
) -> None:
    """Write words with their spellings in symbols, and the words alone for a word n-gram.

    The decoder gives a word's last symbol one frame only; a second spelling that doubles it
    stands for all longer ones.
    """
    lines = []
    for word, spellings in pronunciations.items():
        for labels in spellings:
            symbols = vocabulary.decode(labels)
            lines += [f"{word}\t{' '.join(spelling)}\n" for spelling in (symbols, [*symbols, symbols[-1]])]
    write_text(lexicon, "".join(lines))
    write_text(dictionary, "".join(f"{word}\n" for word in (*pronunciations, UNKNOWN)))


def beam_decoder(
    vocabulary: Vocabulary,
    weights: Weights,
    *,
    beam: int,
    model: LanguageModel | None = None,
    lexicon: Path | None = None,
) -> Decode:
    """Prefix beam search; with a phone n-gram, or with a lexicon and a word n-gram.

    Raises:
        MissingResource: flashlight-text is not installed.
    """
    search = _require_flashlight()(
        lexicon=str(lexicon) if lexicon else None,
        tokens=[BLANK, *vocabulary.symbols],
        lm=model.kenlm if model else None,
        lm_dict=str(model.dictionary) if model else None,
        beam_size=beam,
        beam_size_token=TOKENS,
        beam_threshold=PRUNED_NATS,
        lm_weight=weights.ngram,
        word_score=weights.word,
        log_add=True,
        blank_token=BLANK,
        sil_token=BLANK,
        unk_word=UNKNOWN,
    )

    def decode(log_probs_TNV: Tensor, frames_N: Tensor) -> list[Decoded]:
        scores_NTV = log_probs_TNV.transpose(0, 1).cpu().contiguous().clone()
        scores_NTV[:, :, BLANK_ID] += weights.blank
        rows = search(scores_NTV, frames_N.cpu())
        return [_decoded(row[0], with_words=lexicon is not None) for row in rows]

    return decode


def _decoded(best: Any, *, with_words: bool) -> Decoded:
    return Decoded(best.tokens.tolist(), join_pieces(best.words) if with_words else None)


def _require_flashlight() -> Callable[..., Any]:
    try:
        from torchaudio.models.decoder import ctc_decoder
    except RuntimeError as error:
        raise MissingResource(
            "beam search needs flashlight-text, which is made for Linux and Python below 3.13:"
            " install malsori[train] there, or decode with --decoder greedy"
        ) from error
    found: Callable[..., Any] = ctc_decoder
    return found


@contextmanager
def _quiet() -> Iterator[None]:
    """A block whose progress bars, which KenLM draws from C++, do not reach stderr."""
    sys.stderr.flush()
    kept = os.dup(2)
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(silent)
