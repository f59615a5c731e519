"""Fuzzing targets: users' own tables, as spreadsheets, scripts and accidents write them.

However a table is written, each of its records is listed, or dropped by name, or the table is refused.
"""

import csv
import io
import json
import random
from pathlib import Path

from fuzz_ends import Target
from mutations import ODD_TEXTS, mutate_lines

from pipeline.corpora import READERS
from pipeline.corpora.corpus import Listed
from pipeline.record import Dropped

ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "cp949", "utf-16", "utf-16-le", "utf-32", "johab", "utf-7")
ENDS = ("\n", "\n", "\r\n", "\r")
HEADERS = (
    ("path", "text"), ("Path", "Speaker", "TEXT"), ("audio", "sentence", "split"),
    ("id", "wav", "transcript"), ("path", "text", "text"), ("filename", "text"),
    ("file", "offset", "duration", "text"), ("path",), ("", "text"),
)  # fmt: skip
CELLS = (
    "오늘은 날씨가 좋다", "네, 맞아요", 'say "hi"', "3 | 4", "a;b", " ", "", "1.5", "-1", "nan", "train",
    "=1+1", "가" * 2_000, "x" * 131_073, "'", "../a.wav", "/etc/passwd", "\u2028", "\x1b[2J", "é",
)  # fmt: skip


def read_table(seed: int, folder: Path) -> str:
    """A table out of the csv module, in some encoding: nothing of it is lost, and nothing added.

    A row of odd spaces may be blank or not: UTF-7 is read as the ASCII that it is.
    """
    rng = random.Random(seed)
    header = rng.choice(HEADERS)
    rows = [_row(header, number, rng) for number in range(rng.choice((1, 3, 20)))]
    ending, delimiter = rng.choice(
        ((".csv", ","), (".csv", ";"), (".csv", "|"), (".tsv", "\t"), (".CSV", ","))
    )
    text = _write(header, rows, delimiter, rng)
    (folder / f"meta{ending}").write_bytes(text.encode(rng.choice(ENCODINGS), errors="replace"))
    listed = _listed(folder, "table")
    filled = sum(any(cell.strip() for cell in row) for row in rows)
    assert filled <= len(listed) <= len(rows), f"{len(listed)} of {filled} to {len(rows)} rows came out"
    return "read"


def _row(header: tuple[str, ...], number: int, rng: random.Random) -> list[str]:
    row = [rng.choice(CELLS) for _ in header]
    row[0] = f"a{number}.wav" if rng.random() < 0.9 else row[0]
    return row


def _write(header: tuple[str, ...], rows: list[list[str]], delimiter: str, rng: random.Random) -> str:
    ends = rng.choice(ENDS)
    if delimiter == "\t":  # which never quotes
        return ends.join("\t".join(row) for row in [header, *rows])
    stream = io.StringIO(newline="")
    quoting = rng.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
    csv.writer(stream, delimiter=delimiter, quoting=quoting, lineterminator=ends).writerows([header, *rows])
    return stream.getvalue()


def read_quotes(seed: int, folder: Path) -> str:
    """A table with one quotation mark too many: the rows that it swallows are noticed."""
    rng = random.Random(seed)
    count = rng.choice((12, 40, 150))
    rows = [f"a{number}.wav,{rng.choice(CELLS[:2]).replace(',', '')} {number}" for number in range(count)]
    at = rng.randrange(count)
    rows[at] = rows[at].replace(",", rng.choice((',"', ',""', ', "', ',"가" ')), 1)
    (folder / "meta.csv").write_text("path,text\n" + rng.choice(ENDS[1:3]).join(rows), encoding="utf-8")
    listed = _listed(folder, "table")
    kept = sum(not isinstance(item, Dropped) for item in listed)
    assert kept == count or kept < len(listed), f"{count - kept} of {count} rows are gone without a word"
    return "read" if kept == count else "noticed"


def read_several(seed: int, folder: Path) -> str:
    """Beside a good table lies another: what it holds is read, or the folder is refused.

    Damage to its text leaves lines in every encoding; damage to its bytes may leave none.
    """
    rng = random.Random(seed)
    (folder / "train.csv").write_text("path,text\na.wav,가\n", encoding="utf-8")
    header = rng.choice(HEADERS)
    rows = [_row(header, number, rng) for number in range(3)]
    text = _write(header, rows, ",", rng)
    if rng.random() < 0.2:
        text = mutate_lines(text.encode(), rng).decode(errors="replace")
    content = text.encode(rng.choice(ENCODINGS), errors="replace")
    if rng.random() < 0.1:
        content, text = mutate_lines(content, rng), ""
    (folder / "test.csv").write_bytes(content)
    listed = _listed(folder, "table")
    below = [line for line in io.StringIO(text, newline=None).readlines()[1:] if line.strip(' ,"\r\n')]
    assert len(listed) > 1 or not below, f"a table that begins with {content[:30]!r} is passed over"
    return "read"


def read_json_lines(seed: int, folder: Path) -> str:
    """A NeMo manifest: every line that is not blank is listed or dropped."""
    rng = random.Random(seed)
    lines = [
        json.dumps(
            {"audio_filepath": f"{number}.wav", "text": rng.choice(CELLS), "duration": 1.0},
            ensure_ascii=rng.random() < 0.5,
        ).encode()
        for number in range(10)
    ]
    for _ in range(rng.choice((0, 1, 3))):
        at = rng.randrange(1, len(lines))
        lines[at] = rng.choice((b"", b"[]", b"null", b"{}", lines[at][:-1], *ODD_TEXTS))
    content = b"\n".join(lines)
    text = content.decode(errors="replace")
    if rng.random() < 0.3:
        content = text.encode(rng.choice(ENCODINGS), errors="replace")
    (folder / "train_manifest.json").write_bytes(content)
    listed = _listed(folder, "nemo")
    filled = sum(bool(line.strip()) for line in text.split("\n"))  # "\n" is half a letter in UTF-16
    assert len(listed) >= filled, f"{len(listed)} of {filled} lines came out"
    return "read"


def _listed(folder: Path, name: str) -> list[Listed]:
    listed = list(READERS[name].read(folder))
    for item in listed:
        f"{item.id} {item.detail if isinstance(item, Dropped) else item.transcript}".encode()
    return listed


TARGETS = {
    "table": Target(read_table),
    "table quotes": Target(read_quotes),
    "table beside": Target(read_several),
    "table of JSON": Target(read_json_lines),
}
