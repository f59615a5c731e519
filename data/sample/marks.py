"""KsponSpeech's annotation marks, put on a sentence, and the sentence as it is said with them."""

import random
from collections.abc import Callable
from types import MappingProxyType
from typing import Final

from sentences import Sentence, letters
from wordlists import read_table

from pipeline.phonology.korean.hangul import decompose

MUMBLE: Final = "므느므"


def add_mark(kind: str, sentence: Sentence, rng: random.Random) -> Sentence:
    """`sentence` with the mark of `kind` (a kind of lists/counts.tsv), or as it is."""
    mark = _MARKS.get(kind)
    return mark(sentence, rng) if mark else sentence


def _filler(sentence: Sentence, rng: random.Random) -> Sentence:
    (filler,) = rng.choice(read_table("fillers"))
    return _insert(sentence, rng.choice([0, 0, 1]), written=f"{filler}/", spoken=filler)


def _repetition(sentence: Sentence, rng: random.Random) -> Sentence:
    """A false start: the first syllable of a word, or the whole word where that has a coda."""
    words = sentence.written.split()
    place = rng.randrange(len(words) - 1)
    word = letters(words[place])
    start = word if decompose(word[0]).coda else word[0]
    return _insert(sentence, place, written=f"{start}+", spoken=start)


def _unclear(sentence: Sentence, rng: random.Random) -> Sentence:
    words = sentence.written.split()
    words[rng.randrange(len(words) - 1)] += "*"
    return Sentence(" ".join(words), sentence.spoken)


def _unknown(sentence: Sentence, _: random.Random) -> Sentence:
    """Something said that nobody wrote down."""
    return _insert(sentence, 0, written="u/", spoken=MUMBLE)


def _tag(tag: str) -> Callable[[Sentence, random.Random], Sentence]:
    return lambda sentence, _: Sentence(f"{tag}/ {sentence.written}", sentence.spoken)


def _insert(sentence: Sentence, place: int, *, written: str, spoken: str) -> Sentence:
    return Sentence(_with(sentence.written, place, written), _with(sentence.spoken, place, spoken))


def _with(text: str, place: int, word: str) -> str:
    words = text.split()
    return " ".join([*words[:place], word, *words[place:]])


_MARKS: Final = MappingProxyType(
    {
        "filler": _filler,
        "repetition": _repetition,
        "unclear": _unclear,
        "breath": _tag("b"),
        "noise": _tag("n"),
        "laugh": _tag("l"),
        "overlap": _tag("o"),
        "unknown": _unknown,
    }
)
