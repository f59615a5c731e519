"""Hangul syllables as (onset, vowel, coda) and back, and spellings in Latin letters."""

from functools import cache, lru_cache
from typing import Any, Final, NamedTuple

ONSETS: Final = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS: Final = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
CODAS: Final = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")

FIRST: Final = 0xAC00
LAST: Final = 0xD7A3

_ONSET_CODE = {onset: FIRST + index * 588 for index, onset in enumerate(ONSETS)}
_VOWEL_CODE = {vowel: index * 28 for index, vowel in enumerate(VOWELS)}
_CODA_CODE = {coda: index for index, coda in enumerate(CODAS)}

_CACHED_WORDS: Final = 100_000


class Syllable(NamedTuple):
    """One syllable in compatibility jamo; `coda` is "" if there is none."""

    onset: str
    vowel: str
    coda: str


def is_syllable(character: str) -> bool:
    """Whether `character` is one of the 11,172 precomposed syllables."""
    return FIRST <= ord(character) <= LAST


def decompose(character: str) -> Syllable:
    """The parts of a precomposed syllable.

    >>> decompose("닭")
    Syllable(onset='ㄷ', vowel='ㅏ', coda='ㄺ')
    """
    index = ord(character) - FIRST
    return Syllable(ONSETS[index // 588], VOWELS[index % 588 // 28], CODAS[index % 28])


def compose(onset: str, vowel: str, coda: str) -> str:
    """The precomposed syllable of three jamo; `coda` is "" if there is none."""
    return chr(_ONSET_CODE[onset] + _VOWEL_CODE[vowel] + _CODA_CODE[coda])


def romanize(text: str) -> str:
    """The spelling in Latin letters by hangul-romanize's academic rules, which can be reversed.

    >>> romanize("할 일")
    'hal il'
    """
    # The academic rules look at neighbouring syllables, but never across a space.
    return " ".join([_romanize_word(word) for word in text.split(" ")])


@lru_cache(maxsize=_CACHED_WORDS)
def _romanize_word(word: str) -> str:
    romanized: str = _transliterator().translit(word)
    return romanized


@cache
def _transliterator() -> Any:
    from hangul_romanize import Transliter
    from hangul_romanize.rule import academic

    return Transliter(academic)
