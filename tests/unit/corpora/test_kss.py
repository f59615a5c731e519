"""KSS."""

from collections.abc import Callable
from pathlib import Path
from unicodedata import normalize

import pytest

from pipeline.contract.errors import InputRejected
from pipeline.corpora import READERS
from pipeline.record import Utterance, two_forms

KSS = READERS["kss"]


def _line(path: str, original: str, expanded: str, *, english: bool = True) -> str:
    cells = [path, original, expanded, normalize("NFD", expanded), "3.5", "He is here."]
    return "|".join(cells if english else cells[:5])


@pytest.fixture
def kss(tmp_path: Path, record_tone: Callable[..., Path]) -> Path:
    record_tone(tmp_path / "1/1_0000.wav", rate_hz=44_100)
    record_tone(tmp_path / "1/1_0001.wav")
    record_tone(tmp_path / "2/2_0000.wav")
    record_tone(tmp_path / "2/2_0001.wav")  # in no list
    (tmp_path / "transcript.v.1.4.txt").write_text(
        "\n".join(
            [
                _line("1/1_0000.wav", "그는 27살이다.", "그는 스물 일곱살이다."),
                _line("1/1_0001.wav", normalize("NFD", "오늘은 맑다."), "오늘은 맑다."),
                _line("1/1_1005.wav", "녹음이 없는 문장.", "녹음이 없는 문장."),
                "2/2_0000.wav|칸이 모자란 줄",
                "2/2_0000.wav|칸|이|너무|많은|줄|입니다",
                _line("2/2_0000.wav", '그는 "네"라고 했다.', '그는 "네"라고 했다.'),
            ]
        )
        + "\n",
        encoding="utf-8",
    )
    return tmp_path


def test_as_distributed(kss: Path, matches_golden: Callable[..., None]) -> None:
    matches_golden("corpora_kss.jsonl", KSS.read(kss), kss)


def test_older_lists_have_five_columns(tmp_path: Path, record_tone: Callable[..., Path]) -> None:
    audio = record_tone(tmp_path / "kss/1/1_0000.wav")
    line = _line("1/1_0000.wav", "3시에 만나.", "세시에 만나.", english=False)
    (tmp_path / "transcript.v.1.2.txt").write_text(f"\ufeff{line}\n", encoding="utf-8")
    (utterance,) = KSS.read(tmp_path)
    assert isinstance(utterance, Utterance)
    assert utterance.audio.path == audio
    assert utterance.transcript == two_forms(spelling="3시에 만나.", spoken="세시에 만나.")


def test_another_corpus(tmp_path: Path) -> None:
    (tmp_path / "transcript.txt").write_text("1_0000 안녕하세요", encoding="utf-8")
    with pytest.raises(InputRejected, match=r"is not KSS.*found 1 file: 1 \.txt"):
        KSS.read(tmp_path)
