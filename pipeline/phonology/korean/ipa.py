"""Hangul as pronounced -> the 41 IPA symbols, allophones last.

The input is a pronunciation: its codas are the seven of article 8 (ㄱㄴㄷㄹㅁㅂㅇ), and only
allophones remain to be chosen. Plain p t k tɕ are voiced between a sonorant and a vowel; a liquid
between two vowels is the flap ɾ.
"""

from typing import Final

from pipeline.contract.vocabulary import KOREAN_VOWELS
from pipeline.phonology.korean.hangul import CODAS, FIRST, LAST, ONSETS, VOWELS

ONSET_IPA: Final = dict(
    zip(ONSETS, "k k* n t t* l m p p* s s* - tɕ tɕ* tɕʰ kʰ tʰ pʰ h".split(), strict=True)
) | {"ㅇ": ""}
VOWEL_IPA: Final = dict(
    zip(VOWELS, "ɑ ɛ ja jɛ ʌ ɛ jʌ jɛ o wa wɛ wɛ jo u wʌ wɛ wi ju ɯ ɰi i".split(), strict=True)
)
NEUTRALISED: Final = dict(
    zip(CODAS, [*" ㄱㄱㄱㄴㄴㄴㄷㄹㄱㅁㄹㄹㄹㅂㄹㅁㅂㅂㄷㄷㅇㄷㄷㄱㄷㅂㄷ"], strict=True)
) | {"": ""}
CODA_IPA: Final = {"": "", "ㄱ": "k", "ㄴ": "n", "ㄷ": "t", "ㄹ": "l", "ㅁ": "m", "ㅂ": "p", "ㅇ": "ŋ"}

_VOICED: Final = {"p": "b", "t": "d", "k": "ɡ", "tɕ": "dʑ"}
_VOWELS: Final = frozenset(KOREAN_VOWELS)
_SONORANTS: Final = _VOWELS | frozenset("nmŋlɾ")


def hangul_to_ipa(pronunciation: str, *, connected: bool = True, initial_liquid: str = "l") -> list[str]:
    """The phones of a pronunciation, as symbols of `pipeline.contract.vocabulary.KOREAN`.

    Args:
        pronunciation: Hangul as pronounced. Punctuation (anything but syllables and spaces)
            ends a phrase.
        connected: Whether voicing and flapping cross a space.
        initial_liquid: The symbol of a ㄹ that begins a phrase: "l" or "ɾ".

    >>> hangul_to_ipa("할 릴")
    ['h', 'ɑ', 'l', 'l', 'i', 'l']
    """
    phones: list[str] = []
    phrase: list[str] = []
    for character in pronunciation:
        if FIRST <= ord(character) <= LAST:
            phrase += _PHONES[ord(character) - FIRST]
        elif phrase and not (character == " " and connected):
            phones += _allophones(phrase, initial_liquid)
            phrase = []
    return phones + _allophones(phrase, initial_liquid)


def _allophones(phrase: list[str], initial_liquid: str) -> list[str]:
    surface = list(phrase)
    for index in range(len(phrase) - 1):
        phone = phrase[index]
        if phrase[index + 1] not in _VOWELS:
            continue
        if phone == "l":
            if index == 0:
                surface[0] = initial_liquid
            elif phrase[index - 1] in _VOWELS:
                surface[index] = "ɾ"
        elif index and phone in _VOICED and phrase[index - 1] in _SONORANTS:
            surface[index] = _VOICED[phone]
    return surface


def _phones(onset: str, vowel: str, coda: str) -> tuple[str, ...]:
    symbols = (ONSET_IPA[onset], VOWEL_IPA[vowel], CODA_IPA[NEUTRALISED[coda]])
    return tuple(symbol for symbol in symbols if symbol)


_PHONES: Final = [_phones(onset, vowel, coda) for onset in ONSETS for vowel in VOWELS for coda in CODAS]
