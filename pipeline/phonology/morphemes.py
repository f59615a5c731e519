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
    """A token of the tagger: where it begins in the text, and what the dictionary says of it."""

    start: int
    surface: str
    tag: str
    type: str | None
    expression: str | None


@cache
def _tagger() -> Any:
    from mecab import MeCab

    return MeCab()


def tag(text: str) -> list[Token]:
    """The tokens of `text` in order."""
    return [
        Token(m.span.start, m.surface, m.feature.pos, m.feature.type, m.feature.expression)
        for m in _tagger().parse(text)
    ]


def split(tokens: tuple[Token, ...], *, length: int) -> tuple[Morpheme, ...]:
    """The morphemes of one word.

    Args:
        tokens: The tokens of the word; `start` counts from the word's beginning.
        length: Syllables in the word.
    """
    found = [morpheme for token in tokens for morpheme in _parts(token)]
    if not found or found[0].start != 0 or found[-1].end != length:
        return (Morpheme(0, length, "", "UNKNOWN"),)
    return tuple(found)


def _parts(token: Token) -> list[Morpheme]:
    if token.type == "Compound" and token.expression:
        parts = [part.split("/") for part in token.expression.split("+")]
        if "".join(part[0] for part in parts) == token.surface:
            return list(_placed(parts, token.start))
    ending = ""
    if token.type == "Inflect" and token.expression:
        ending = token.expression.rpartition("+")[2].partition("/")[0]
    return [Morpheme(token.start, token.start + len(token.surface), token.surface, token.tag, ending)]


def _placed(parts: list[list[str]], start: int) -> Iterator[Morpheme]:
    for surface, tag_, *_ in parts:
        yield Morpheme(start, start + len(surface), surface, tag_)
        start += len(surface)
