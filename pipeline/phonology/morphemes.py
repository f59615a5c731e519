"""Text -> words with their morphemes, by the tagger that g2pk uses (mecab-ko-dic).

Compounds of the dictionary are split into their parts: where a part begins is what most of
articles 15, 28 and 29 ask.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final, NamedTuple

from pipeline.phonology.word import Morpheme

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


def tag(text: str) -> list[tuple[int, Token]]:
    """The tokens of `text` in order, each with the position where it begins."""
    return [(span[0], Token(surface, entry)) for span, surface, entry in _tagger().parse(text)]


def split(tokens: tuple[Token, ...], *, length: int) -> tuple[Morpheme, ...]:
    """The morphemes of one word of `length` syllables, whose tokens follow each other."""
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
