"""Beam search with torchaudio's flashlight decoder.

Shapes: N batch, T frames, V vocabulary and blank.

flashlight has two traps. It numbers an n-gram's tokens by their line in `lm_dict`, not by their
name: with a dictionary in another order (such as torchaudio's own when `lm_dict` is not given) it
silently scores the wrong symbols. And it starts in the state of `sil_token`, so that this token's
first label would cost nothing: ours is the blank. The n-gram's scores are log10.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from platform import python_version, system
from typing import Any, Final

from torch import Tensor

from pipeline.contract.errors import HandOffBroken, MissingResource
from pipeline.contract.files import named_in_utf8, open_regular_text, write_text
from pipeline.contract.settings import Settings
from pipeline.contract.text import shorten
from pipeline.contract.vocabulary import BLANK_ID, Vocabulary
from train.decoding.greedy import Decode, Decoded
from train.decoding.lexicon import LONGEST_WORD, join_pieces
from train.decoding.ngram import UNKNOWN

BLANK: Final = "<blank>"
PRUNED_NATS: Final = 10.0  # hypotheses this much worse than a frame's best are dropped
TOKENS: Final = 12  # symbols tried in each frame; measured, more take time and change nothing


class Weights(Settings):
    """What is added to the network's log-probabilities in the score of a hypothesis.

    Attributes:
        ngram: The factor of the n-gram's log10 probability.
        blank: Added to the blank's log-probability in every frame. Below zero it makes up for
            what the n-gram costs each symbol, so that fewer symbols are deleted.
        word: Added for each word.
    """

    ngram: float = 0.0
    blank: float = 0.0
    word: float = 0.0


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """An n-gram loaded by KenLM, and the file that numbers its tokens."""

    kenlm: Any
    dictionary: Path


def read_language_model(arpa: Path, *, dictionary: Path) -> LanguageModel:
    """Load an ARPA file; its tokens are numbered by their lines in `dictionary`.

    Raises:
        HandOffBroken: KenLM cannot read it.
    """
    require_flashlight()
    from flashlight.lib.text.decoder.kenlm import KenLM
    from flashlight.lib.text.dictionary import Dictionary

    with _quiet(), named_in_utf8(arpa) as grams, named_in_utf8(dictionary) as tokens:
        try:
            return LanguageModel(KenLM(grams, Dictionary(tokens)), dictionary)
        except (RuntimeError, ValueError) as error:
            problem = " ".join(str(error).split())
            raise HandOffBroken(f"{arpa} is not a language model: {shorten(problem)}") from error


def write_tokens(path: Path, vocabulary: Vocabulary) -> None:
    """Write the dictionary of a phone n-gram: the blank and the symbols, in order of their ids."""
    write_text(path, "".join(f"{token}\n" for token in (BLANK, *vocabulary.symbols)))


def write_lexicon(
    lexicon: Path,
    dictionary: Path,
    pronunciations: Mapping[str, Sequence[Sequence[int]]],
    vocabulary: Vocabulary,
) -> None:
    """Write the words with their spellings in symbols, and the dictionary of a word n-gram.

    flashlight allows a word's last symbol only one frame. A second spelling that doubles the
    symbol allows it to last any number of frames.
    """
    lines = []
    for word, spellings in pronunciations.items():
        for labels in spellings:
            symbols = vocabulary.decode(labels)
            lines += [f"{word}\t{' '.join(spelling)}\n" for spelling in (symbols, [*symbols, symbols[-1]])]
    write_text(lexicon, "".join(lines))
    write_text(dictionary, "".join(f"{word}\n" for word in (*pronunciations, UNKNOWN)))


MOST_SYMBOLS: Final = 3_000_000  # of all words: flashlight takes 440 bytes for each
MOST_LINE_CHARACTERS: Final = 2**16


def check_lexicon(path: Path, vocabulary: Vocabulary) -> None:
    """Check that each line is a word and its symbols: flashlight trusts it, and recurses for each symbol.

    Raises:
        HandOffBroken: One is not, or has more symbols than any word that we write; or all have more than
            memory should hold.
    """
    symbols, num_symbols = set(vocabulary.symbols), 0
    with open_regular_text(path, errors="replace", newline="\n") as stream:
        for number, line in enumerate(iter(lambda: stream.readline(MOST_LINE_CHARACTERS), ""), 1):
            word, *spelling = line.split() or [""]
            num_symbols += len(spelling)
            if num_symbols > MOST_SYMBOLS:
                raise HandOffBroken(
                    f"{path} has over {MOST_SYMBOLS:,} symbols: remove its folder, and it is made again"
                )
            known = 0 < len(spelling) <= LONGEST_WORD + 1 and symbols.issuperset(spelling)
            if not known or "\ufffd" in word:
                raise HandOffBroken(
                    f"{path}, line {number}: {shorten(line.strip())!r} is no word and its symbols: remove its"
                    " folder, and it is made again"
                )


def beam_decoder(
    vocabulary: Vocabulary,
    weights: Weights,
    *,
    beam: int,
    model: LanguageModel | None = None,
    lexicon: Path | None = None,
) -> Decode:
    """Prefix beam search: alone, with a phone n-gram, or with a lexicon and a word n-gram.

    Raises:
        HandOffBroken: The lexicon or a dictionary is not one as we write them.
        MissingResource: flashlight-text is not installed.
    """
    make = require_flashlight()
    with ExitStack() as names:
        words = names.enter_context(named_in_utf8(lexicon)) if lexicon else None
        numbered = names.enter_context(named_in_utf8(model.dictionary)) if model else None
        try:
            search = make(
                lexicon=words,
                tokens=[BLANK, *vocabulary.symbols],
                lm=model.kenlm if model else None,
                lm_dict=numbered,
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
        except (RuntimeError, ValueError, LookupError) as error:
            if model is None:
                raise
            problem = " ".join(str(error).split())
            raise HandOffBroken(
                f"{lexicon or model.dictionary} is not as `malsori-train` writes it:"
                f" {shorten(problem)}; remove its folder, and it is made again"
            ) from error

    def decode(log_probs_TNV: Tensor, frames_N: Tensor) -> list[Decoded]:
        scores_NTV = log_probs_TNV.transpose(0, 1).cpu().contiguous().clone()
        scores_NTV[:, :, BLANK_ID] += weights.blank
        rows = search(scores_NTV, frames_N.cpu())
        return [_decoded(row[0], with_words=lexicon is not None) for row in rows]

    return decode


def _decoded(best: Any, *, with_words: bool) -> Decoded:
    return Decoded(best.tokens.tolist(), join_pieces(best.words) if with_words else None)


def require_flashlight() -> Callable[..., Any]:
    """Torchaudio's `ctc_decoder`, which needs flashlight-text.

    Raises:
        MissingResource: flashlight-text is not installed.
    """
    try:
        from torchaudio.models.decoder import ctc_decoder
    except RuntimeError as error:
        raise MissingResource(
            "the decoders beam, ngram and words need flashlight-text, which exists only for Python 3.11"
            f" and 3.12 on Linux (this is Python {python_version()} on {system()}):"
            " use --decoder greedy (for fit: --set decode.decoder=greedy)"
        ) from error
    found: Callable[..., Any] = ctc_decoder
    return found


@contextmanager
def _quiet() -> Iterator[None]:
    """A block without stderr, to which KenLM draws progress bars from C++."""
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
