"""AI Hub 130, both shapes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.contract.errors import InputRejected
from pipeline.corpora import READERS

AIHUB130 = READERS["aihub130"]


@pytest.fixture
def lists(tmp_path: Path, record_tone: Callable[..., Path]) -> Path:
    """Shape a, Training and Validation, audio in another tree."""
    root = tmp_path / "한국인 대화음성"
    for split, number in (("1.Training", 1), ("2.Validation", 2)):
        labels = root / split / f"1.라벨링데이터/1.방송/broadcast_{number:02}"
        sounds = root / split / f"2.원천데이터/1.방송/broadcast_{number:02}"
        folder = f"/broadcast/broadcast_{number:02}/001"
        lines = []
        for clip in (1, 2, 3):
            stem = f"broadcast_{number:02}00000{clip}"
            lines.append(f"{folder}/{stem}.wav | 방송 | 20대 | 여 | 서울 | 3.2 | 1 | x")
            if clip != 2:
                record_tone(sounds / f"001/{stem}.wav")
            if clip != 3:
                (labels / "001").mkdir(parents=True, exist_ok=True)
                text = f"어 (3)/(세) 번째 문장이에요 {clip}"
                (labels / f"001/{stem}.txt").write_text(text, encoding="utf-8")
        lines.append(" | 이름 없는 줄")
        (labels / f"broadcast_{number:02}_metadata.txt").write_text("\n".join(lines), encoding="utf-8")
        record_tone(sounds / f"001/broadcast_{number:02}000009.wav")  # in no list
    return root


@pytest.fixture
def triples(tmp_path: Path, record_tone: Callable[..., Path]) -> Path:
    """Shape b: .wav, .txt and .json of one stem."""
    root = tmp_path / "b"
    for number in (1, 2, 3, 4):
        audio = record_tone(root / f"일상/대화_{number}.wav")
        if number != 4:
            label = {
                "original": f"어 (2)/(두) 번째 {number}",
                "start": 0,
                "end": 1,
                "length": 1,
                "metadata": {},
            }
            text = json.dumps(label) if number != 3 else "{잘린"
            audio.with_suffix(".json").write_text(text, encoding="utf-8")
        if number == 1:
            audio.with_suffix(".txt").write_text("어 (2)/(두) 번째 파일", encoding="utf-8")
    return root


def test_metadata_lists(lists: Path, matches_golden: Callable[..., None]) -> None:
    matches_golden("corpora_aihub130a.jsonl", AIHUB130.read(lists), lists)


def test_files_of_one_name(triples: Path, matches_golden: Callable[..., None]) -> None:
    matches_golden("corpora_aihub130b.jsonl", AIHUB130.read(triples), triples)


def test_another_corpus(tmp_path: Path) -> None:
    (tmp_path / "a_metadata.txt").write_text("a|b")
    with pytest.raises(InputRejected, match="is not AI Hub 130"):
        AIHUB130.read(tmp_path)
