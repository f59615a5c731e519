"""FLEURS."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.contract.errors import InputRejected
from pipeline.corpora import READERS

FLEURS = READERS["fleurs"]


def _line(sentence: int, file: str, raw: str) -> str:
    text = raw.replace(".", "").lower()
    return "\t".join([str(sentence), file, raw, text, " ".join(text), "160000", "FEMALE"])


@pytest.fixture
def fleurs(tmp_path: Path, record_tone: Callable[..., Path]) -> Path:
    root = tmp_path / "ko_kr"
    for split, number in (("train", 11), ("train", 12), ("dev", 21), ("test", 31)):
        record_tone(root / f"audio/{split}/{number}.wav")
    lists = {
        "train": [
            _line(1, "11.wav", "1989년에 KBS가 방송했다."),
            _line(1, "12.wav", "1989년에 KBS가 방송했다."),
            _line(2, "13.wav", "녹음이 없는 문장이다."),
            "3\t14.wav",
        ],
        "dev": [_line(4, "21.wav", '그는 "좋다"고 했다.')],
        "test": [_line(5, "31.wav", "평가용 문장이다.")],
    }
    for split, lines in lists.items():
        (root / f"{split}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def test_as_distributed(fleurs: Path, matches_golden: Callable[..., None]) -> None:
    matches_golden("corpora_fleurs.jsonl", FLEURS.read(fleurs), fleurs)


def test_another_table(tmp_path: Path) -> None:
    (tmp_path / "train.tsv").write_text("path\ttext\na.wav\t안녕\n", encoding="utf-8")
    with pytest.raises(InputRejected, match=r"is not FLEURS.*seven|is not FLEURS.*7 columns"):
        FLEURS.read(tmp_path)
