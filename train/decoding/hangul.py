"""IPA to Hangul as pronounced: phones to jamo to syllables.

The result shows how a sentence sounded (무러봐써요), not how it is spelled (물어봤어요); the word
decoder writes spelling. Letters that sound the same are written the same: ㅔ also stands for ㅐ,
ㅚ for ㅙ and ㅞ, and there are only seven codas.
"""

from collections.abc import Iterable, Sequence
from typing import Final

FIRST: Final = 0xAC00
LAST: Final = 0xD7A3
NO_ONSET: Final = 11  # ㅇ
PLAIN_VOWEL: Final = 18  # ㅡ, for a consonant without a vowel

ONSETS: Final = {
    symbol: number
    for number, symbols in enumerate("k,ɡ k* n t,d t* l,ɾ m p,b p* s s* - tɕ,dʑ tɕ* tɕʰ kʰ tʰ pʰ h".split())
    for symbol in symbols.split(",")
    if symbol != "-"
}
VOWELS: Final = {
    symbol: number
    for number, symbol in enumerate("ɑ - ja - ʌ ɛ jʌ jɛ o wa - wɛ jo u wʌ - wi ju ɯ ɰi i".split())
    if symbol != "-"
}
CODAS: Final = {"k": 1, "n": 4, "t": 7, "l": 8, "m": 16, "p": 17, "ŋ": 21}


def is_hangul_syllable(character: str) -> bool:
    """Whether `character` is one of the 11,172 precomposed syllables."""
    return FIRST <= ord(character) <= LAST


def count_phones(syllable: str) -> int:
    """The number of phones in a pronounced syllable: a vowel, an onset other than ㅇ, a coda."""
    code = ord(syllable) - FIRST
    return 1 + (code // 588 != NO_ONSET) + (code % 28 != 0)


def compose_syllables(symbols: Sequence[str]) -> str:
    """Write IPA symbols as syllables, without spaces; symbols of other languages are left out.

    A consonant before a vowel is its onset, except ŋ. Any other consonant is the coda of the
    vowel before it, if it can be one, or else gets a syllable of its own with ㅡ. Every sequence
    is accepted: what a recogniser hears need not be a word.

    >>> compose_syllables("h ɑ l l i l".split())
    '할릴'
    """
    syllables: list[list[int]] = []
    onset: int | None = None
    for at, symbol in enumerate(symbols):
        if symbol in VOWELS:
            syllables.append([NO_ONSET if onset is None else onset, VOWELS[symbol], 0])
            onset = None
        elif symbol in ONSETS and _before_vowel(symbols, at):
            onset = ONSETS[symbol]
        elif symbol in CODAS and syllables and not syllables[-1][2]:
            syllables[-1][2] = CODAS[symbol]
        elif symbol in ONSETS:
            syllables.append([ONSETS[symbol], PLAIN_VOWEL, 0])
        elif symbol in CODAS:
            syllables.append([NO_ONSET, PLAIN_VOWEL, CODAS[symbol]])
    return "".join(_join(syllables))


def letters(text: str) -> str:
    """`text` without spaces and punctuation, which character error rates do not count."""
    return "".join(filter(str.isalnum, text))


def _before_vowel(symbols: Sequence[str], at: int) -> bool:
    return at + 1 < len(symbols) and symbols[at + 1] in VOWELS


def _join(syllables: Iterable[Sequence[int]]) -> Iterable[str]:
    return (chr(FIRST + 588 * onset + 28 * vowel + coda) for onset, vowel, coda in syllables)
