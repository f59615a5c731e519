"""Which phone was recognised as which: counts, as a table and as a picture."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from html import escape
from typing import Any, Final

from pipeline.contract.text import printable
from pipeline.contract.vocabulary import KOREAN
from train.evaluation.metrics import align

NOTHING: Final = "-"  # the reference of an insertion, the hypothesis of a deletion
FORMULA: Final = ("=", "+", "-", "@")  # how a cell begins that a spreadsheet computes
CELL: Final = 16  # pixels
MARGIN: Final = 44

Confusions = Counter[tuple[str, str]]
"""Counts of (reference, hypothesis) symbols."""


def count_confusions(rows: Sequence[dict[str, Any]]) -> Confusions:
    """Count the pairs in the alignments of all rows."""
    return Counter(
        (meant or NOTHING, said or NOTHING)
        for row in rows
        for meant, said in align(row["reference"].split(), row["hypothesis"].split())
    )


def symbols_of(confusions: Confusions) -> list[str]:
    """The symbols that occur, related ones side by side, `NOTHING` last."""
    found = {symbol for pair in confusions for symbol in pair} - {NOTHING}
    known = [symbol for symbol in KOREAN.symbols if symbol in found]
    return [*known, *sorted(found.difference(known)), NOTHING]


def confusions_csv(confusions: Confusions) -> str:
    """A table with a row for each reference symbol and a column for each recognised one."""
    stream = io.StringIO()
    symbols = symbols_of(confusions)
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(["reference", *map(_as_cell, symbols)])
    table.writerows([_as_cell(meant), *(confusions[meant, said] for said in symbols)] for meant in symbols)
    return stream.getvalue()


def _as_cell(symbol: str) -> str:
    """A symbol as a spreadsheet's cell: one that would be taken for a formula begins with '."""
    cell = printable(symbol)
    return f"'{cell}" if cell.startswith(FORMULA) and cell != NOTHING else cell


def _as_xml(symbol: str) -> str:
    """A symbol as XML's text, which holds no control characters, not even escaped ones."""
    return escape(printable(symbol))


def confusions_svg(confusions: Confusions) -> str:
    """A picture of the table: the darker a cell, the larger its share of its row."""
    symbols = symbols_of(confusions)
    totals = Counter[str]()
    for (meant, _), count in confusions.items():
        totals[meant] += count
    side = MARGIN + CELL * len(symbols) + 4
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" width="{side}" height="{side}"'
        ' font-family="sans-serif" font-size="10" fill="#808080" role="img">'
        "<title>Phone confusions: reference down, recognised across</title>"
    )
    parts = [head]
    for at, symbol in enumerate(symbols):
        middle = MARGIN + CELL * at + CELL // 2
        parts.append(f'<text x="{MARGIN - 4}" y="{middle + 3}" text-anchor="end">{_as_xml(symbol)}</text>')
        place = f'x="{middle}" y="{MARGIN - 6}" transform="rotate(-90 {middle} {MARGIN - 6})"'
        parts.append(f"<text {place}>{_as_xml(symbol)}</text>")
    for down, meant in enumerate(symbols):
        for across, said in enumerate(symbols):
            count = confusions[meant, said]
            if count:
                colour = "#3b82f6" if meant == said else "#ef4444"
                place = f'x="{MARGIN + CELL * across}" y="{MARGIN + CELL * down}"'
                share = max(count / totals[meant], 0.04) ** 0.5
                title = f"<title>{_as_xml(meant)} as {_as_xml(said)}: {count}</title>"
                parts.append(
                    f'<rect {place} width="{CELL - 1}" height="{CELL - 1}" fill="{colour}"'
                    f' fill-opacity="{share:.2f}">{title}</rect>'
                )
    return "\n".join([*parts, "</svg>", ""])


def commonest(confusions: Confusions, count: int) -> list[tuple[str, str, int]]:
    """The most frequent errors, as (reference, hypothesis, count)."""
    wrong = [(meant, said, times) for (meant, said), times in confusions.items() if meant != said]
    return sorted(wrong, key=lambda one: (-one[2], one[0], one[1]))[:count]
