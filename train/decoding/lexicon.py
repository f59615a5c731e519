"""Words and how they sound, from the transcripts of the train split.

A row has what was said (`spoken`), the same as pronounced (`pronunciation`) and its labels. A
coda moves to the next word and consonants change at its edge (막 예전에는 -> 마 계저네느), so
that a word sounds different beside different words: every way that it was met is kept. The
rows need no converter: a syllable of the pronunciation is one label for its vowel, one for an
onset other than ㅇ and one for a coda, which says where each word's labels begin.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from train.dataset import Utterances
from train.decoding.hangul import is_syllable, phones_of

Labels = tuple[int, ...]
HOMOPHONES: Final = 6  # words that flashlight's trie keeps for one pronunciation


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words with their pronunciations, and the sentences that they came in.

    Attributes:
        pronunciations: Of each word, by the word.
        sentences: The rows that are made of these words only.
        undivided: Rows whose words and labels do not match up, or that have no text.
    """

    pronunciations: dict[str, list[Labels]]
    sentences: list[tuple[str, ...]]
    undivided: int


def read_lexicon(utterances: Utterances, rows: Sequence[int], *, most_words: int) -> Lexicon:
    """The `most_words` most frequent words of the rows; of homophones the most frequent ones."""
    divided = []
    for row in rows:
        spoken, pronunciation = (utterances.value(row, key) or "" for key in ("spoken", "pronunciation"))
        words = divide(spoken, pronunciation, utterances.labels(row).tolist())
        if words is not None:
            divided.append(words)
    counts = Counter(word for words in divided for word, _ in words)
    frequent = sorted(counts, key=lambda word: (-counts[word], word))[:most_words]
    said_like: dict[Labels, list[str]] = {}
    pronunciations: dict[str, list[Labels]] = {}
    met = {word: set[Labels]() for word in frequent}
    for words in divided:
        for word, labels in words:
            met.get(word, set[Labels]()).add(labels)
    for word in frequent:
        for labels in sorted(met[word]):
            homophones = said_like.setdefault(labels, [])
            if len(homophones) < HOMOPHONES:
                homophones.append(word)
                pronunciations.setdefault(word, []).append(labels)
    sentences = [tuple(word for word, _ in words) for words in divided]
    known = [sentence for sentence in sentences if all(word in pronunciations for word in sentence)]
    return Lexicon(dict(sorted(pronunciations.items())), known, len(rows) - len(divided))


def divide(spoken: str, pronunciation: str, labels: Sequence[int]) -> list[tuple[str, Labels]] | None:
    """The words of a row and the labels of each; None where they do not match up.

    Words pair by their position. That is right only if there are as many of them on both
    sides and no Hangul word has other syllables than its partner: a number, or a spacing
    that differs, shows in one of the two.
    """
    words, sounds = _words(spoken), _words(pronunciation)
    if not words or len(words) != len(sounds):
        return None
    if any(_is_hangul(word) and len(word) != len(sound) for word, sound in zip(words, sounds, strict=True)):
        return None
    ends = [0]
    for sound in sounds:
        if not _is_hangul(sound):
            return None
        ends.append(ends[-1] + sum(map(phones_of, sound)))
    if ends[-1] != len(labels):
        return None
    pairs = zip(words, ends, ends[1:], strict=False)
    return [(word, tuple(labels[start:end])) for word, start, end in pairs]


def _words(text: str) -> list[str]:
    """Words without their punctuation; what is nothing else is not a word."""
    stripped = ("".join(filter(str.isalnum, word)) for word in text.split())
    return [word for word in stripped if word]


def _is_hangul(word: str) -> bool:
    return all(map(is_syllable, word))
