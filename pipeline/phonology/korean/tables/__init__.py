"""The linguist's tables: tab-separated, one header line, `#` begins a comment line."""

from functools import cache
from importlib import resources


@cache
def read_table(name: str) -> tuple[tuple[str, ...], ...]:
    """The rows of `<name>.tsv` below its header.

    Raises:
        ValueError: A row has more or fewer cells than the header.
    """
    text = (resources.files(__name__) / f"{name}.tsv").read_text(encoding="utf-8")
    header, *rows = parse_rows(text)
    for row in rows:
        if len(row) != len(header):
            raise ValueError(f"{name}.tsv: {row} has {len(row)} cells, its header has {len(header)}")
    return tuple(rows)


@cache
def read_pairs(name: str) -> dict[str, str]:
    """`<name>.tsv` as a mapping from its first column to its second."""
    return {row[0]: row[1] for row in read_table(name)}


@cache
def read_column(name: str) -> frozenset[str]:
    """The first column of `<name>.tsv` as a set."""
    return frozenset(row[0] for row in read_table(name))


def parse_rows(text: str) -> list[tuple[str, ...]]:
    """The cells of every line, without empty lines and comments."""
    return [
        tuple(cell.strip() for cell in line.split("\t"))
        for line in text.splitlines()
        if line.strip() and not line.startswith("#")
    ]
