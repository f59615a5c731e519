"""Romanisation of a spelling by hangul-romanize (academic rules)."""

from functools import cache
from typing import Any


@cache
def _transliterator() -> Any:
    from hangul_romanize import Transliter
    from hangul_romanize.rule import academic

    return Transliter(academic)


def romanize(text: str) -> str:
    """The spelling in Latin letters, reversible: 할 일 -> hal il."""
    romanized: str = _transliterator().translit(text)
    return romanized
