"""IPA -> espeak-ng's phoneme mnemonics, so that what is said is what the labels say.

espeak-ng's own Korean front end is not given the pronounced Hangul: its ㅅ and ㅆ sound the
same, one of two ㄹ is lost, ㄱ between vowels becomes an uvular stop and its voicing is not
ours (README.md has the measurement). It is given the phones of the pronounced Hangul instead.
"""

from functools import cache
from itertools import islice
from typing import NamedTuple

from wordlists import read_table

from pipeline.contract.vocabulary import KOREAN_VOWELS
from pipeline.phonology.korean.hangul import decompose, is_syllable

_PRIMARY, _SECONDARY = "'", ","
_VOWELS = frozenset(KOREAN_VOWELS)


class Sound(NamedTuple):
    """espeak-ng's mnemonics of a symbol.

    Attributes:
        first: A consonant before its vowel, or the glide of a vowel.
        second: A consonant after its vowel, or the vowel without its glide.
    """

    first: str
    second: str


def phoneme_text(pronunciation: str, ipa: list[str]) -> str:
    """Text for espeak-ng that says exactly `ipa`.

    Words and phrases are those of `pronunciation`; a word has its main stress on the first
    syllable and a weaker one on every second after it, as espeak-ng's own Korean has.

    Args:
        pronunciation: Hangul as pronounced, with spaces and punctuation.
        ipa: Its phones, in order, from `pipeline.phonology.ipa_of`.

    Returns:
        Phoneme mnemonics in double square brackets between the punctuation.

    Raises:
        ValueError: `ipa` has not one phone for each letter of `pronunciation`.

    >>> phoneme_text("나도, 가.", ["n", "ɑ", "d", "o", "k", "ɑ"])
    "[[n|'a|d|o]], [[k|'a]]."
    """
    needed = sum(map(_num_phones, filter(is_syllable, pronunciation)))
    if needed != len(ipa):
        raise ValueError(f"{pronunciation!r} has {needed} phones, and {len(ipa)} are given: {' '.join(ipa)}")
    phones = iter(ipa)
    parts: list[str] = []
    for word in pronunciation.split():
        syllables = [list(islice(phones, count)) for count in map(_num_phones, filter(is_syllable, word))]
        mark = word[-1] if not is_syllable(word[-1]) else ""
        parts.append(f"[[{_word(syllables)}]]{mark}")
    return " ".join(parts).replace("]] [[", " ")


@cache
def sounds() -> dict[str, Sound]:
    """Every symbol's mnemonics, from lists/phonemes.tsv."""
    return {symbol: Sound(first, second) for symbol, first, second in read_table("phonemes")}


def _num_phones(syllable: str) -> int:
    onset, _, coda = decompose(syllable)
    return 1 + (onset != "ㅇ") + (coda != "")


def _word(syllables: list[list[str]]) -> str:
    return "|".join(_syllable(phones, _stress(index)) for index, phones in enumerate(syllables))


def _stress(index: int) -> str:
    if index == 0:
        return _PRIMARY
    return _SECONDARY if index % 2 == 0 else ""


def _syllable(phones: list[str], stress: str) -> str:
    nucleus = next(index for index, phone in enumerate(phones) if phone in _VOWELS)
    onset = [sounds()[phone].first for phone in phones[:nucleus]]
    glide, vowel = sounds()[phones[nucleus]]
    coda = [sounds()[phone].second for phone in phones[nucleus + 1 :]]
    return "|".join(part for part in (*onset, glide, stress + vowel, *coda) if part)
