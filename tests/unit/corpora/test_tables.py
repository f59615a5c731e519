"""Rows of tables: whatever quotation marks do, every row is read or named."""

import codecs
import csv
import io
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contract.errors import InputRejected
from pipeline.contract.reasons import Reason
from pipeline.corpora import READERS
from pipeline.corpora.lines import MOST_LINE_CHARACTERS, read_lines
from pipeline.corpora.tables import MOST_ROW_LINES
from pipeline.record import Dropped, Utterance

TABLE = READERS["table"]
ORDERS = [("path", "text"), ("text", "path"), ("path", "speaker", "text"), ("text", "speaker", "path")]
MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
    codecs.BOM_UTF32_LE: "utf-32-le",
}
TEXTS = st.text(alphabet='가나다 ,."\n', min_size=1, max_size=12).filter(str.strip)


def _rows(texts: list[str]) -> list[dict[str, str]]:
    return [
        {"path": f"wavs/{number}.wav", "speaker": "kim", "text": text} for number, text in enumerate(texts)
    ]


def _write(rows: list[dict[str, str]], order: tuple[str, ...], *, stray: set[int]) -> str:
    """A table as csv writes it; rows in `stray` open a quotation mark before their text and leave it open."""
    written = [",".join(order) + "\n"]
    for number, row in enumerate(rows):
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow([row[name] for name in order])
        plain = ",".join(f'"{row[name]}' if name == "text" else row[name] for name in order)
        written.append(f"{plain}\n" if number in stray else line.getvalue())
    return "".join(written)


def _read(table: str) -> tuple[dict[str, object], list[Dropped]]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "meta.csv").write_text(table, encoding="utf-8", newline="")
        listed = list(TABLE.read(Path(folder)))
        texts: dict[str, object] = {
            str(item.audio.path.relative_to(folder)): item.transcript
            for item in listed
            if isinstance(item, Utterance)
        }
    return texts, [item for item in listed if isinstance(item, Dropped)]


@given(texts=st.lists(TEXTS, min_size=1, max_size=12), order=st.sampled_from(ORDERS))
def test_what_csv_writes_is_read_with_its_line_breaks(texts: list[str], order: tuple[str, ...]) -> None:
    rows = _rows(texts)
    found, dropped = _read(_write(rows, order, stray=set()))
    assert dropped == []
    assert found == {row["path"]: row["text"].strip() for row in rows}


@given(data=st.data(), texts=st.lists(TEXTS, min_size=2, max_size=12), order=st.sampled_from(ORDERS))
def test_a_stray_quotation_mark_costs_its_own_row_alone(
    data: st.DataObject, texts: list[str], order: tuple[str, ...]
) -> None:
    stray = data.draw(st.sets(st.integers(0, len(texts) - 1), min_size=1, max_size=3))
    rows = _rows(["가나 다" if number in stray else text for number, text in enumerate(texts)])
    found, dropped = _read(_write(rows, order, stray=stray))
    whole = {row["path"]: row["text"].strip() for number, row in enumerate(rows) if number not in stray}
    assert found == whole
    assert len(dropped) == len(stray)
    assert {item.reason for item in dropped} == {Reason.MALFORMED_LISTING}
    assert all(
        re.search(r"meta\.csv:\d+: a quotation mark opens a cell here", item.detail) for item in dropped
    )


def test_a_quotation_mark_that_swallows_90_rows_of_100_is_named_with_its_line() -> None:
    rows = _rows([f"문장 {number}" for number in range(100)])
    found, (dropped,) = _read(_write(rows, ("path", "text"), stray={9}))
    assert len(found) == 99
    assert dropped.id == "table/meta.csv:11"


def test_a_cell_of_many_lines_is_not_a_transcript() -> None:
    text = "\n".join(["줄"] * (MOST_ROW_LINES + 5))
    found, dropped = _read(f'path,text\n1.wav,"{text}"\n2.wav,둘\n')
    assert found["2.wav"] == "둘"
    assert "1.wav" not in found
    assert dropped[0].id == "table/meta.csv:2"


def test_lines_and_cells_without_end_are_dropped_alone() -> None:
    line, cell = "가" * (3 * MOST_LINE_CHARACTERS), "나" * 200_000
    found, dropped = _read(f'path,text\n1.wav,하나\n2.wav,{line}\n3.wav,{cell}\n4.wav,"{cell}"\n5.wav,다섯\n')
    assert found == {"1.wav": "하나", "5.wav": "다섯"}
    assert [item.id for item in dropped] == [f"table/meta.csv:{number}" for number in (3, 4, 5)]


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        (b"path,text,\xff\n", "not UTF-8"),
        (b"path,text," + b"x" * MOST_LINE_CHARACTERS + b"\n", "over 1,048,576 characters"),
        (b"path,text," + b"x" * MOST_LINE_CHARACTERS + b" where the line breaks of a table were", "over"),
    ],
)
@pytest.mark.parametrize("rows", ["1.wav,하나\n2.wav,둘\n", ""])
def test_what_is_wrong_with_a_header_is_said_though_its_columns_are_found(
    tmp_path: Path, header: bytes, problem: str, rows: str
) -> None:
    (tmp_path / "good.csv").write_text("path,text\n3.wav,셋\n", encoding="utf-8")
    (tmp_path / "meta.csv").write_bytes(header + (rows.encode() if header.endswith(b"\n") else b""))
    listed = list(TABLE.read(tmp_path))
    (dropped,) = [item for item in listed if isinstance(item, Dropped)]
    assert dropped.id == "table/meta.csv:1"
    assert problem in dropped.detail
    assert len(listed) == 2 + (rows.count("\n") if header.endswith(b"\n") else 0)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be", "utf-32-be", "cp949"]
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_second_table_is_read_in_the_encoding_it_has(tmp_path: Path, encoding: str, newline: str) -> None:
    (tmp_path / "a.csv").write_text("path,text\n1.wav,하나\n", encoding="utf-8")
    (tmp_path / "b.csv").write_bytes(newline.join(["path,text", "2.wav,둘", ""]).encode(encoding))
    texts = [item.transcript for item in TABLE.read(tmp_path) if isinstance(item, Utterance)]
    assert texts == ["하나", "둘"]


@pytest.mark.parametrize("name", ["zz.csv", "zz.tsv"])
@pytest.mark.parametrize("mark", [b"", *MARKS])
@pytest.mark.parametrize(
    "header",
    [
        "path,text",
        "path\ttext",
        '"path","text"',
        '"path"\t"text"',
        "path,text,비고",
        'path,text,"',
        "path|text|x,y",
    ],
)
def test_a_table_is_found_by_the_header_that_it_is_read_by(
    tmp_path: Path, header: str, mark: bytes, name: str
) -> None:
    encoding = MARKS.get(mark, "cp949")
    (tmp_path / "good.csv").write_text("path,text\n1.wav,하나\n", encoding="utf-8")
    row = header.replace("path", "2.wav")
    (tmp_path / name).write_bytes(mark + f"{header}\n{row}\n".encode(encoding))
    try:
        listed = [item.id for item in TABLE.read(tmp_path)]
    except InputRejected as error:
        listed = [str(error)]
    assert listed in (["table/1", "table/2"], ["table/1", f"table/{name}:2"]) or name in listed[0]


def test_a_listing_marked_as_utf_8_is_not_taken_for_cp949(tmp_path: Path) -> None:
    content = codecs.BOM_UTF8 + b"path,text\r\n1.wav,a\r\n2.wav,\xbb\xbf\r\n"
    content.decode("cp949")  # its mark too
    (tmp_path / "meta.csv").write_bytes(content)
    kinds = [(type(item), item.id) for item in TABLE.read(tmp_path)]
    assert kinds == [(Utterance, "table/1"), (Dropped, "table/meta.csv:3")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_a_broken_line_in_utf_16_is_dropped_alone(tmp_path: Path, encoding: str) -> None:
    listing = tmp_path / "a.csv"
    broken = "1.wav,하나\n".encode(encoding) + b"\x00\xd8\x00\xd8" + "\n2.wav,둘\n".encode(encoding)[4:]
    listing.write_bytes(broken + b"\x01")
    assert {line.problem for line in read_lines(listing)} <= {None, f"not {encoding.upper()}"}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"filename,text\n2.wav,x\n", "its header names filename, text"),
        (b"wav_path,script\n2.wav,x\n", "its header names wav_path, script"),
        (b"path\n2.wav\n", "its header names path"),
        (b"", "it is empty"),
        (b"\n\n", "its header names nothing"),
        (codecs.BOM_UTF16_LE + b"\x00\xd8\n", "not UTF-16"),
        (b"\xff\xfe\xff\x00" * 9, "header names|not UTF"),
        (b"\xff\xd8\xff\xe0 JFIF\n", "not UTF-8"),
    ],
)
@pytest.mark.parametrize("name", ["zz.csv", "deep/zz.tsv", "AA.CSV"])
def test_a_table_that_cannot_be_read_beside_a_good_one_is_refused_by_name(
    tmp_path: Path, name: str, content: bytes, problem: str
) -> None:
    (tmp_path / "train.csv").write_text("path,text\n1.wav,하나\n", encoding="utf-8")
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(content.replace(b",", b"\t") if name.endswith("tsv") else content)
    with pytest.raises(InputRejected, match=re.escape(str(tmp_path / name))) as refused:
        list(TABLE.read(tmp_path))
    assert re.search(problem, str(refused.value))
    assert "expected a column of path, audio" in str(refused.value)
    (tmp_path / name).rename(tmp_path / f".{Path(name).name}")
    assert len(list(TABLE.read(tmp_path))) == 1
