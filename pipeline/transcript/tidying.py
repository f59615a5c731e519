"""Normalisation that the text of every corpus gets: Unicode form, punctuation, white space.

Characters are kept, removed or replaced by a space, and full-width ones get their usual width;
none is invented. What remains is letters, digits, and the signs that are read aloud or divide a
sentence or a number: reading them is left to phonology.
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


def tidy(text: str) -> str:
    """Normalise `text` until nothing changes any more (after two passes, for nearly every text)."""
    while (tidied := _tidy_once(text)) != text:
        text = tidied
    return text


def _tidy_once(text: str) -> str:
    text = _keep_readable(normalise_characters(text))
    return _tidy_spacing(_drop_stray_apostrophes(text))


def normalise_characters(text: str) -> str:
    """Unicode NFC, with full-width letters, digits and signs in their usual width."""
    return normalize("NFC", normalize("NFC", text).translate(_USUAL_FORMS))


def single_spaces(text: str) -> str:
    """`text` with one space between words and none around them."""
    return " ".join(text.split())


def _keep_readable(text: str) -> str:
    # “밥”을 ♪ 먹었다… becomes 밥을   먹었다 : a quotation mark vanishes, other signs part words.
    return normalise_characters(text.translate(_REPLACEMENTS))


class _Replacements(dict[int, str]):
    """What each character becomes, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        self[code] = _replace(chr(code))
        return self[code]


def _replace(character: str) -> str:
    if character in _ENCLOSING:
        return ""  # a quoted word and its particle are one word: "밥"을
    kind = category(character)
    if kind in ("Cf", "Cs", "Co", "Cn") or character in _INVISIBLE:
        return ""
    is_read = kind[0] in "LNM" or character in _KEPT_SIGNS or ord(character) in _UNIT_SIGNS
    return character if is_read else " "


_REPLACEMENTS = _Replacements()


def _drop_stray_apostrophes(text: str) -> str:
    # An apostrophe stays between Latin letters or digits: `I'm`, not `'밥'`.
    return re.sub(r"(?<![A-Za-z0-9])'+|'+(?![A-Za-z0-9])", "", text)


def _tidy_spacing(text: str) -> str:
    # Single spaces, none before punctuation; no doubled punctuation, and none at the front.
    text = re.sub(r" ([.,?!])(?=[ .,?!]|$)", r"\1", single_spaces(text))
    text = re.sub(r"([.,?!])[.,?!]*", r"\1", text)
    return re.sub(r"^[.,?!](?: |$)", "", text)
