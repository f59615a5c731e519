"""Hangul syllables as (onset, vowel, coda), and back."""

from typing import Final, NamedTuple

ONSETS: Final = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS: Final = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
CODAS: Final = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")

FIRST: Final = 0xAC00
LAST: Final = 0xD7A3

_ONSET_CODE = {onset: FIRST + index * 588 for index, onset in enumerate(ONSETS)}
_VOWEL_CODE = {vowel: index * 28 for index, vowel in enumerate(VOWELS)}
_CODA_CODE = {coda: index for index, coda in enumerate(CODAS)}


class Syllable(NamedTuple):
    """One syllable in compatibility jamo; `coda` is "" where there is none."""

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


def compose(syllable: Syllable) -> str:
    """The precomposed syllable of `syllable`'s parts."""
    return assemble(*syllable)


def assemble(onset: str, vowel: str, coda: str) -> str:
    """The precomposed syllable of three jamo."""
    return chr(_ONSET_CODE[onset] + _VOWEL_CODE[vowel] + _CODA_CODE[coda])
