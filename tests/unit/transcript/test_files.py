"""Reading a transcript's file in the encoding it has."""

from pathlib import Path

import pytest

from pipeline.contract.reasons import Reason
from pipeline.record import Rejection, TextFile
from pipeline.transcript import read_transcript
from pipeline.transcript.files import MAX_TRANSCRIPT_BYTES

TEXT = "아 몬 소리야, 그건 또."


def _reason(transcript: str | TextFile | None) -> Reason:
    refused = read_transcript(transcript)
    assert isinstance(refused, Rejection)
    return refused.reason


@pytest.mark.parametrize("content", [TEXT.encode("cp949"), TEXT.encode(), TEXT.encode("utf-8-sig")])
@pytest.mark.parametrize("declared", ["cp949", "utf-8"])
def test_encodings(tmp_path: Path, content: bytes, declared: str) -> None:
    path = tmp_path / "한글 이름.txt"
    path.write_bytes(content)
    if declared == "utf-8" and content == TEXT.encode("cp949"):
        assert _reason(TextFile(path, declared)) is Reason.TRANSCRIPT_ENCODING
    else:
        assert read_transcript(TextFile(path, declared)) == TEXT


def test_cp949_that_happens_to_be_utf_8_stays_cp949(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes("칼".encode("cp949"))  # C4 AE, also a Latin letter in UTF-8
    assert read_transcript(TextFile(path, "cp949")) == "칼"


def test_a_list_gives_the_text_itself() -> None:
    assert read_transcript(TEXT) == TEXT


@pytest.mark.parametrize("content", [b"", b" \r\n"])
def test_missing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.txt"
    assert _reason(TextFile(path, "cp949")) is Reason.MISSING_TRANSCRIPT
    path.write_bytes(content)
    assert _reason(TextFile(path, "cp949")) is Reason.MISSING_TRANSCRIPT
    assert _reason(TextFile(tmp_path, "cp949")) is Reason.MISSING_TRANSCRIPT
    assert _reason(None) is Reason.MISSING_TRANSCRIPT
    assert _reason("  ") is Reason.MISSING_TRANSCRIPT


@pytest.mark.parametrize("content", [b"\xff\xfe\x44\xc5", b"a" * (MAX_TRANSCRIPT_BYTES + 1)])
def test_not_a_transcript(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes(content)
    assert _reason(TextFile(path, "cp949")) is Reason.TRANSCRIPT_ENCODING


def test_details_do_not_depend_on_where_the_corpus_lies(tmp_path: Path) -> None:
    refused = read_transcript(TextFile(tmp_path / "x.txt", "cp949"))
    assert isinstance(refused, Rejection)
    assert refused.detail == "x.txt: No such file or directory"
