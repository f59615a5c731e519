"""Punctuation, signs and look-alike characters: which are folded, read, or become a pause."""

import re
import unicodedata
from typing import Final

from pipeline.phonology.korean.hangul import FIRST, LAST
from pipeline.phonology.korean.tables import read_pairs

SILENT: Final = frozenset("\"'`´‘’‚“”„「」『』‹›«»")
"""Quotation marks: they are dropped and leave no pause."""
_SPACES: Final = frozenset("()[]{}<>《》〈〉【】_|\\·ㆍ・‧∙•-‐‑~∼〜～※▶▷►★☆●○■□◆◇▲△▼▽")
"""Brackets, dashes, bullets and middle dots: they end a word but not the phrase."""
_PAUSES: Final = {",": ",", ";": ",", ":": ",", "、": ",", "—": ",", "–": ",", "―": ",", "/": ",",
                  ".": ".", "…": ".", "。": ".", "⋯": ".", "!": "!", "?": "?"}  # fmt: skip
_ROMAN: Final = {chr(0x2160 + i): str(i + 1) for i in range(12)} | {
    chr(0x2170 + i): str(i + 1) for i in range(12)
}
_CIRCLED: Final = {chr(0x2460 + i): f"{i + 1}" for i in range(20)}
_FOLDED: Final = (
    (0x00A0, 0x00A0), (0x00B2, 0x00BE), (0x2000, 0x200A), (0x202F, 0x202F), (0x2070, 0x209F),
    (0x2100, 0x214F), (0x2150, 0x215F), (0x3000, 0x3000), (0x3380, 0x33DF), (0xF900, 0xFAFF),
    (0xFF01, 0xFF60), (0xFFE0, 0xFFE6),
)  # fmt: skip
"""Ranges of compatibility characters that stand for plain ones: full-width forms, ㎏, ½, ℃, 樂."""

SIGNS: Final = read_pairs("signs")
LETTER_NAMES: Final = dict(
    zip(
        "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ",
        "기역 니은 디귿 리을 미음 비읍 시옷 이응 지읒 치읓 키읔 티읕 피읖 히읗".split(),
        strict=True,
    )
)
_LETTER: Final = re.compile(r"(?<![ㄱ-ㆎ])[ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ](?=\s?(?:자|받침|모양|소리))")
"""A single consonant is read by its name if the text speaks of the letter (ㄱ자); ㅋㅋ has no reading."""
_SIGN: Final = re.compile("|".join(re.escape(sign) for sign in sorted(SIGNS, key=len, reverse=True)))


def fold(text: str) -> str:
    """`text` in NFC, with look-alikes folded and invisible format characters removed."""
    text = unicodedata.normalize("NFC", text)
    return "".join(_fold_character(character) for character in text)


def read_signs(text: str) -> str:
    """`text` with the signs of the table read: & + = and the like, and Greek letters."""
    text = _LETTER.sub(lambda match: LETTER_NAMES[match[0]], text)
    return _SIGN.sub(lambda match: f" {SIGNS[match[0]]} ", text)


def settle_punctuation(text: str) -> str:
    """`text` with its punctuation reduced to `, . ? !`, each directly after a word."""
    out: list[str] = []
    for character in text:
        if character in _PAUSES:
            out.append(_PAUSES[character] + " ")
        elif character in _SPACES:
            out.append(" ")
        elif character not in SILENT:
            out.append(character)
    joined = " ".join("".join(out).split())
    joined = re.sub(r"\s+([,.?!])", r"\1", joined)
    joined = re.sub(r"[,.?!]{2,}", _strongest, joined)
    return joined.lstrip(",.?! ")


def _strongest(match: re.Match[str]) -> str:
    return next(mark for mark in "?!.," if mark in match[0])


def _fold_character(character: str) -> str:
    code = ord(character)
    if code < 0x80 or FIRST <= code <= LAST or character in SIGNS:
        return character
    if character in _ROMAN:
        return _ROMAN[character]
    if character in _CIRCLED:
        return f"{_CIRCLED[character]} "
    if any(first <= code <= last for first, last in _FOLDED):
        return unicodedata.normalize("NFKC", character).replace("\u2044", "/")
    if unicodedata.category(character) == "Cf" or 0xFE00 <= code <= 0xFE0F:
        return ""  # zero-width and variation marks: nothing to hear
    return character
