"""Romanisation of a spelling by hangul-romanize (academic rules)."""

from functools import cache, lru_cache
from typing import Any, Final

_CACHED_WORDS: Final = 100_000


def romanize(text: str) -> str:
    """The spelling in Latin letters, reversible: 할 일 -> hal il."""
    # The academic rules look at neighbouring syllables, and never across a space.
    return " ".join([_romanize_word(word) for word in text.split(" ")])


@lru_cache(maxsize=_CACHED_WORDS)
def _romanize_word(word: str) -> str:
    romanized: str = _transliterator().translit(word)
    return romanized


@cache
def _transliterator() -> Any:
    from hangul_romanize import Transliter
    from hangul_romanize.rule import academic

    return Transliter(academic)
