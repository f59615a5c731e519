"""Text -> words with their morphemes, by the tagger that g2pk uses (mecab-ko-dic).

The dictionary's compounds are split into their parts, because articles 15, 28 and 29 depend on
where a part begins.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final, NamedTuple

from pipeline.phonology.korean.word import Morpheme

_LONGEST_PIECE: Final = 2_000
"""Characters. The tagger's time grows with the square of the length; no utterance is this long."""
WORD: Final = re.compile("[가-힣]+")


class Token(NamedTuple):
    """A token of the tagger: its spelling, and the dictionary's entry for it."""

    surface: str
    entry: Any
    """`mecab.Feature`: pos, type (Compound, Inflect), expression, ..."""


@cache
def _tagger() -> Any:
    from mecab import MeCab

    return MeCab()


def tag_morphemes(text: str) -> list[tuple[int, Token]]:
    """The tokens of `text` in order, each with the index of its first character."""
    parse = _tagger().parse
    return [
        (start + span[0], Token(surface, entry))
        for start, piece in _pieces(text)
        for span, surface, entry in parse(piece)
    ]


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """`text` in pieces short enough for the tagger, each with its start; cut at spaces if there are any."""
    start = 0
    while len(text) - start > _LONGEST_PIECE:
        end = text.rfind(" ", start, start + _LONGEST_PIECE) + 1 or start + _LONGEST_PIECE
        yield start, text[start:end]
        start = end
    yield start, text[start:]


def split_word(tokens: tuple[Token, ...], *, length: int) -> tuple[Morpheme, ...]:
    """The morphemes of a word of `length` syllables; one unknown morpheme if its tokens do not fill it."""
    found: list[Morpheme] = []
    start = 0
    for token in tokens:
        found += _parts(token, start)
        start += len(token.surface)
    if start != length:
        return (Morpheme(0, length, "", "UNKNOWN"),)
    return tuple(found)


def _parts(token: Token, start: int) -> list[Morpheme]:
    surface, entry = token
    if entry.type == "Compound" and entry.expression:
        parts = [part.split("/") for part in entry.expression.split("+")]
        if "".join(part[0] for part in parts) == surface:
            return list(_placed(parts, start))
    ending = ""
    if entry.type == "Inflect" and entry.expression:
        ending = entry.expression.rpartition("+")[2].partition("/")[0]
    return [Morpheme(start, start + len(surface), surface, entry.pos, ending)]


def _placed(parts: list[list[str]], start: int) -> Iterator[Morpheme]:
    for surface, pos, *_ in parts:
        yield Morpheme(start, start + len(surface), surface, pos)
        start += len(surface)
