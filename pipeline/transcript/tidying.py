"""Normalisation that every corpus' text gets: Unicode form, punctuation, white space.

Characters are removed, replaced by a space or kept, and full-width ones get their usual form;
none is invented. What remains is letters, digits, and signs that are read aloud or that tell
where a sentence or a number is divided: reading them is phonology's business.
"""

import re
from typing import Literal, TypeAlias
from unicodedata import category, normalize

Side: TypeAlias = Literal["spelling", "spoken"]
"""Which form of a transcript is wanted: as it is written, or as it was said."""

_KEPT_SIGNS = frozenset(".,?!%~-:/+&@=·×°'$€£¥₩℃℉")
_UNIT_SIGNS = range(0x3380, 0x33E0)  # ㎏ ㎞ ㎡: read aloud
_ENCLOSING = frozenset('"“”„‟‘‛´`«»‹›()[]{}<>〈〉《》「」『』【】〔〕')
_INVISIBLE = frozenset("\u115f\u1160\u3164\uffa0") | {chr(code) for code in range(0xFE00, 0xFE10)}
_USUAL_FORMS = {0xFF01 + offset: chr(0x21 + offset) for offset in range(94)} | {
    ord("’"): "'",
    ord("ʼ"): "'",
}


class _Repertoire(dict[int, str]):
    """What each character becomes, worked out at its first use."""

    def __missing__(self, code: int) -> str:
        self[code] = _replacement(chr(code))
        return self[code]


def _replacement(character: str) -> str:
    if character in _ENCLOSING:
        return ""  # a quoted word and its particle are one word: "밥"을
    kind = category(character)
    if kind in ("Cf", "Cs", "Co", "Cn") or character in _INVISIBLE:
        return ""
    readable = kind[0] in "LNM" or character in _KEPT_SIGNS or ord(character) in _UNIT_SIGNS
    return character if readable else " "


_REPERTOIRE = _Repertoire()


def compose(text: str) -> str:
    """Unicode NFC, with full-width letters, digits and signs in their usual width."""
    return normalize("NFC", normalize("NFC", text).translate(_USUAL_FORMS))


def keep_readable(text: str) -> str:
    """Leave what is read aloud or divides a sentence; quotation marks vanish, the rest parts words.

    >>> keep_readable("“밥”을 ♪ 먹었다…")
    '밥을   먹었다 '
    """
    return compose(text.translate(_REPERTOIRE))


def keep_apostrophes_in_words(text: str) -> str:
    """Remove every apostrophe that is not between Latin letters or digits: `I'm`, not `'밥'`."""
    return re.sub(r"(?<![A-Za-z0-9])'+|'+(?![A-Za-z0-9])", "", text)


def one_blank(text: str) -> str:
    """`text` with one blank between words and none around."""
    return " ".join(text.split())


def close_up(text: str) -> str:
    """One space between words, none before a sentence's punctuation, and none of it at the front."""
    text = re.sub(r" ([.,?!])(?=[ .,?!]|$)", r"\1", one_blank(text))
    text = re.sub(r"([.,?!])[.,?!]*", r"\1", text)
    return re.sub(r"^[.,?!](?: |$)", "", text)


TIDYING = (compose, keep_readable, keep_apostrophes_in_words, close_up)
"""The rules, in order."""


def tidy(text: str) -> str:
    """Apply every rule of `TIDYING` until nothing changes (twice, for nearly every text)."""
    while (tidied := _apply(text)) != text:
        text = tidied
    return text


def _apply(text: str) -> str:
    for rule in TIDYING:
        text = rule(text)
    return text
