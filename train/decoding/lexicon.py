"""Words and how they sound, from the transcripts of the train split.

A row has what was said (`spoken`), the same as pronounced (`pronunciation`), and its labels. At
word edges codas move to the next word and consonants change (막 예전에는 -> 마 계저네느), so that
a word sounds different beside different words: every pronunciation that occurs is kept. Where a
word's labels begin follows from the pronunciation, without a pronouncer: each syllable has one
label for its vowel, one for an onset other than ㅇ and one for a coda.

Korean has too many words for a list: after two hours of talks, 41 % of the next talks' words are
not on it. So rare words are split into syllables, which are marked unless they begin a word, and
any word can be written.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final

from train.data.dataset import Utterances
from train.decoding.hangul import count_phones, is_hangul_syllable

Labels = tuple[int, ...]
Spelled = tuple[str, Labels]
HOMOPHONES: Final = 6  # as many words of one pronunciation fit into flashlight's trie
RARE: Final = 1  # words seen at most this often are split into syllables
LONGEST_WORD: Final = 1_000  # labels; longer ones are texts without spaces
INSIDE: Final = "+"  # marks a syllable that continues a word


@dataclass(frozen=True, slots=True)
class WordLexicon:
    """Words and syllables with their pronunciations, and the sentences that they occur in.

    Attributes:
        pronunciations: Those of each word or syllable, the most frequent ones first.
        sentences: The rows, with rare words split into syllables.
        undivided: The number of rows without text, or that `divide` cannot divide.
    """

    pronunciations: dict[str, list[Labels]]
    sentences: list[tuple[str, ...]]
    undivided: int


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word of a row, its labels, and its syllables with their labels (none for a number)."""

    spelling: str
    labels: Labels
    syllables: tuple[Spelled, ...]


def read_lexicon(utterances: Utterances, rows: Sequence[int], *, most_words: int) -> WordLexicon:
    """The `most_words` most frequent words of the rows, and all syllables.

    Where too many words sound the same, the most frequent ones are kept.
    """
    divided = []
    for row in rows:
        spoken, pronunciation = (utterances.value(row, key) or "" for key in ("spoken", "pronunciation"))
        words = divide(spoken, pronunciation, utterances.labels(row).tolist())
        if words is not None:
            divided.append(words)
    counts = Counter(word.spelling for words in divided for word in words)
    ranked = sorted(counts, key=lambda word: (-counts[word], word))[:most_words]
    frequent = {word for word in ranked if counts[word] > RARE}
    met: Counter[Spelled] = Counter()
    sentences = []
    for words in divided:
        pieces = [piece for word in words for piece in _pieces(word, whole=word.spelling in frequent)]
        sentences.append(tuple(token for token, _ in pieces))
        met.update(pieces)
        met.update(syllable for word in words if word.spelling in frequent for syllable in word.syllables)
    return WordLexicon(_pronunciations(met), sentences, len(rows) - len(divided))


def join_pieces(tokens: Iterable[str]) -> tuple[str, ...]:
    """Join words and marked syllables of the lexicon to words.

    >>> join_pieces(["가", "+나", "다"])
    ('가나', '다')
    """
    return tuple(" ".join(tokens).replace(f" {INSIDE}", "").lstrip(INSIDE).split())


def divide(spoken: str, pronunciation: str, labels: Sequence[int]) -> list[SpokenWord] | None:
    """The words of a row with their labels; None if words and labels do not match, or one is too long.

    Words are paired with pronunciations by position. That is right only if both sides have as
    many words and every Hangul word has as many syllables as its partner; a number, or another
    spacing, breaks one of the two rules.
    """
    words, sounds = _words(spoken), _words(pronunciation)
    if not words or len(words) != len(sounds) or not all(map(_is_hangul, sounds)):
        return None
    if any(_is_hangul(word) and len(word) != len(sound) for word, sound in zip(words, sounds, strict=True)):
        return None
    ends = [0, *accumulate(count_phones(syllable) for sound in sounds for syllable in sound)]
    if ends[-1] != len(labels):
        return None
    parts = iter([tuple(labels[start:end]) for start, end in pairwise(ends)])
    found = []
    for word, sound in zip(words, sounds, strict=True):
        own = [next(parts) for _ in sound]
        if sum(map(len, own)) > LONGEST_WORD:
            return None
        marked = (word[0], *(INSIDE + syllable for syllable in word[1:]))
        syllables = tuple(zip(marked, own, strict=True)) if _is_hangul(word) else ()
        found.append(SpokenWord(word, tuple(label for part in own for label in part), syllables))
    return found


def _pieces(word: SpokenWord, *, whole: bool) -> tuple[Spelled, ...]:
    return word.syllables if word.syllables and not whole else ((word.spelling, word.labels),)


def _pronunciations(met: Counter[Spelled]) -> dict[str, list[Labels]]:
    """The pronunciations of each token; beyond `HOMOPHONES`, the rarest are left out."""
    homophones: Counter[Labels] = Counter()
    pronunciations: dict[str, list[Labels]] = {token: [] for token, _ in sorted(met)}
    for token, labels in sorted(met, key=lambda spelled: (-met[spelled], spelled)):
        if homophones[labels] < HOMOPHONES:
            homophones[labels] += 1
            pronunciations[token].append(labels)
    return pronunciations


def _words(text: str) -> list[str]:
    """The words of a text without punctuation; what is only punctuation is left out."""
    stripped = ("".join(filter(str.isalnum, word)) for word in text.split())
    return [word for word in stripped if word]


def _is_hangul(word: str) -> bool:
    return all(map(is_hangul_syllable, word))
