"""Hanja -> Hangul by the commonest reading, with the initial-sound rule (두음법칙)."""

import re
from functools import cache
from typing import Final

from pipeline.phonology.korean.hangul import compose, decompose
from pipeline.phonology.korean.tables import read_table

_HANJA: Final = re.compile("[㐀-䶿一-鿿豈-﫿]+")
_GLOSS: Final = re.compile(r"(?<![가-힣])([가-힣]+)\s?[(（]([㐀-䶿一-鿿豈-﫿]+)[)）]")
"""The first looks back: a long word would be searched again from every syllable of it."""
_GLIDES: Final = frozenset("ㅑㅕㅖㅛㅠㅣㅒ")


def read_hanja(text: str) -> str:
    """`text` with its Hanja read; characters that the table lacks stay as they are.

    Hanja in brackets that repeat the Hangul before them, as in 한국(韓國), are left out.
    """
    text = _GLOSS.sub(_drop_gloss, text)
    return _HANJA.sub(lambda match: _read(match[0]), text)


def _drop_gloss(match: re.Match[str]) -> str:
    return match[1] if match[1].endswith(_read(match[2])) else match[0]


def _read(word: str) -> str:
    readings = _readings()
    said = ""
    for character in word:
        reading = readings.get(character, character)
        if reading != character:
            reading = _initial(reading) if not said else _after(said[-1], reading)
        said += reading
    return said


def _initial(reading: str) -> str:
    """A reading at the beginning of a word: 녀자 -> 여자, 력사 -> 역사, 락원 -> 낙원."""
    onset, vowel, coda = decompose(reading)
    if onset in "ㄴㄹ" and vowel in _GLIDES:
        onset = "ㅇ"
    elif onset == "ㄹ":
        onset = "ㄴ"
    return compose(onset, vowel, coda)


def _after(before: str, reading: str) -> str:
    """렬 and 률 after a vowel or ㄴ are 열 and 율 (비율, 선열)."""
    if reading in ("렬", "률") and "가" <= before <= "힣" and decompose(before).coda in ("", "ㄴ"):
        return {"렬": "열", "률": "율"}[reading]
    return reading


@cache
def _readings() -> dict[str, str]:
    return {character: reading for reading, characters in read_table("hanja") for character in characters}
