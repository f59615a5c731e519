"""Sentences from patterns and word lists, with the particle that fits the word before it."""

import random
import re
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from wordlists import read_table

from pipeline.phonology.korean.hangul import decompose, is_syllable

MIN_SYLLABLES: Final = 8
MAX_SYLLABLES: Final = 24
_PLACE = re.compile(r"\{([^}]+)\}|\[([^/\]]+)/([^\]]+)\]")  # {slot}, {slot|slot} or [을/를]
_DUAL = re.compile(r"\(([^)]*)\)/\(([^)]*)\)")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence as KsponSpeech writes it and as it is said; they differ in dual transcriptions."""

    written: str
    spoken: str


def make_sentences(count: int, *, table: str, seed: int, used: set[str]) -> list[Sentence]:
    """Fill the patterns of `table` in turn until there are `count` sentences.

    Args:
        count: How many.
        table: "patterns", or "counted_patterns" for dual transcriptions.
        seed: Of the choice of patterns and words.
        used: Letters of sentences that must not come again; those made here are added.

    Returns:
        Sentences of 8 to 24 syllables, no two of the same letters.
    """
    rng = seeded(seed)
    words = _Words(rng)
    patterns = _Deck([pattern for _, pattern in read_table(table)], rng)
    made: list[Sentence] = []
    while len(made) < count:
        written = _fill(patterns.draw(), words)
        spoken = _DUAL.sub(r"\2", written)
        key = letters(spoken)
        if MIN_SYLLABLES <= len(key) <= MAX_SYLLABLES and key not in used:
            used.add(key)
            made.append(Sentence(written, spoken))
    return made


def seeded(seed: int) -> random.Random:
    """A source of choices that gives the same ones for the same seed, in every Python."""
    return random.Random(seed)  # noqa: S311 - choices that can be repeated, not secrets


def letters(text: str) -> str:
    """The syllables of `text`, without white space and punctuation."""
    return "".join(filter(is_syllable, text))


def fitting_particle(before: str, *, closed: str, open_: str) -> str:
    """The form of a particle that follows `before`: `closed` after a consonant (을), else `open_` (를).

    >>> fitting_particle("서울", closed="으로", open_="로")
    '로'
    """
    coda = decompose(letters(before)[-1]).coda
    if not coda or (coda == "ㄹ" and closed == "으로"):
        return open_
    return closed


class _Deck:
    """Draws from a list like from a deck of cards, so that all are used about equally often."""

    def __init__(self, cards: list[str], rng: random.Random) -> None:
        self._cards = cards
        self._rng = rng
        self._left: list[str] = []

    def draw(self) -> str:
        if not self._left:
            self._left = self._rng.sample(self._cards, len(self._cards))
        return self._left.pop()


@dataclass
class _Words:
    rng: random.Random
    decks: dict[str, _Deck] = field(default_factory=dict)

    def draw(self, slots: str, drawn: set[str]) -> str:
        """A word of one of the `slots` (separated by `|`) that is not in `drawn` yet."""
        deck = self.decks.get(slots)
        if deck is None:
            cards = list(chain.from_iterable(_slots()[slot] for slot in slots.split("|")))
            deck = self.decks[slots] = _Deck(cards, self.rng)
        while (word := deck.draw()) in drawn:
            pass
        drawn.add(word)
        return word


def _slots() -> dict[str, list[str]]:
    slots: dict[str, list[str]] = defaultdict(list)
    for slot, words in read_table("words"):
        slots[slot] += words.split(", ")
    for slot, spelling, said in read_table("counted"):
        slots[slot].append(f"({spelling})/({said})")
    return dict(slots)


def _fill(pattern: str, words: _Words) -> str:
    drawn: set[str] = set()
    text, end = "", 0
    for place in _PLACE.finditer(pattern):
        text += pattern[end : place.start()]
        slots, closed, open_ = place.groups()
        text += words.draw(slots, drawn) if slots else fitting_particle(text, closed=closed, open_=open_)
        end = place.end()
    return text + pattern[end:]
