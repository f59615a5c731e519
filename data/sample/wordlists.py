"""The plain-text lists that a reader of Korean can review: tab-separated, `#` for comments."""

from functools import cache
from pathlib import Path
from typing import Final

LISTS: Final = Path(__file__).parent / "lists"


@cache
def read_table(name: str) -> tuple[tuple[str, ...], ...]:
    """The rows of `lists/<name>.tsv`, without its comments and empty lines."""
    lines = (LISTS / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    return tuple(tuple(line.split("\t")) for line in lines if line and not line.startswith("#"))
