"""Latin letters -> Hangul: known words, acronyms, English by the CMU dictionary, letter names."""

import re
import unicodedata
from functools import cache
from typing import Final

from pipeline.phonology.korean.g2pk_parts import english_to_hangul
from pipeline.phonology.korean.tables import read_pairs

LETTER_NAMES: Final = dict(
    zip("ABCDEFGHIJKLM", "에이 비 씨 디 이 에프 지 에이치 아이 제이 케이 엘 엠".split(), strict=True)
) | dict(zip("NOPQRSTUVWXYZ", "엔 오 피 큐 알 에스 티 유 브이 더블유 엑스 와이 제트".split(), strict=True))
_ENGLISH_DIGITS: Final = "제로 원 투 쓰리 포 파이브 식스 세븐 에이트 나인".split()
_LONGEST_ACRONYM: Final = 3
"""Capitals are spelled out up to this length; longer ones may be a word of a dictionary (NASA)."""

_TOKEN: Final = re.compile(r"[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ]*(?:['’][A-Za-z]+)?")
_LETTER_DIGITS: Final = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{1,4})-?(\d+)([A-Za-z]{0,2})(?![A-Za-z0-9])")


def read_mixed(text: str) -> str:
    """`text` with words that mix letters with digits or signs read: mp3, A4, R&D, H2O, 5G."""
    text = _known_mixed().sub(lambda match: _words()[match[0].lower()], text)
    return _LETTER_DIGITS.sub(_read_letter_digits, text)


def read_latin(text: str) -> str:
    """`text` with every Latin word read."""
    return _TOKEN.sub(lambda match: _read_word(match[0]), text)


def spell_out(letters: str) -> str:
    """The Korean names of `letters`, joined: NHK 엔에이치케이."""
    return "".join(LETTER_NAMES[letter] for letter in letters.upper())


def _read_letter_digits(match: re.Match[str]) -> str:
    letters, digits, rest = match.groups()
    if rest and rest.islower():
        return match[0]  # a unit: B12cm is not a word
    number = _ENGLISH_DIGITS[int(digits)] if len(digits) == 1 else digits
    return f"{_read_word(letters)}{number}{spell_out(rest)}"


@cache
def _read_word(word: str) -> str:
    plain = _without_accents(word).replace("’", "'")
    known = _words().get(plain.lower())
    if known is not None:
        return known
    if plain.isupper() and len(plain) <= _LONGEST_ACRONYM:
        return spell_out(plain)
    letters = plain.replace("'", "")
    return english_to_hangul(plain) or english_to_hangul(letters) or _read_unknown(letters)


def _read_unknown(letters: str) -> str:
    """A word that no dictionary has: part by part if capitals mark parts (YouTube), or letter by letter."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", letters)
    if len(parts) > 1:
        return "".join(_read_word(part) for part in parts)
    return spell_out(letters)


def _without_accents(word: str) -> str:
    decomposed = unicodedata.normalize("NFD", word)
    return "".join(character for character in decomposed if character.isascii() or character == "’")


@cache
def _words() -> dict[str, str]:
    return {spelling.lower(): reading for spelling, reading in read_pairs("latin_words").items()}


@cache
def _known_mixed() -> re.Pattern[str]:
    """Table entries that are not purely letters, longest first."""
    mixed = sorted((word for word in _words() if not word.isalpha()), key=len, reverse=True)
    choices = "|".join(re.escape(word) for word in mixed)
    return re.compile(rf"(?<![A-Za-z0-9])(?:{choices})(?![A-Za-z0-9])", re.IGNORECASE)
