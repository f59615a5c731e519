"""Zeroth-Korean."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.corpora import READERS
from pipeline.record import Utterance

ZEROTH = READERS["zeroth"]


@pytest.fixture
def zeroth(tmp_path: Path, record_tone: Callable[..., Path]) -> Path:
    for split, script, reader in (("train_data_01", "003", "104"), ("test_data_01", "003", "205")):
        folder = tmp_path / split / script / reader
        for number in (1, 2, 3):
            record_tone(folder / f"{reader}_{script}_{number:04}.flac")
        lines = [f"{reader}_{script}_{number:04} 오늘은 {number}번째 문장입니다" for number in (1, 2, 4)]
        (folder / f"{reader}_{script}.trans.txt").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "AUDIO_INFO").write_text("SPEAKERID|NAME|SEX|SCRIPTID\n104|김민지|f|003\n205|이준호|m|003\n")
    return tmp_path


def test_as_distributed(zeroth: Path, matches_golden: Callable[..., None]) -> None:
    matches_golden("corpora_zeroth.jsonl", ZEROTH.read(zeroth), zeroth)


@pytest.mark.parametrize("below", ["train_data_01", "train_data_01/003", "train_data_01/003/104"])
def test_a_part_keeps_its_ids(
    zeroth: Path, below: str, utterances: Callable[..., dict[str, Utterance]]
) -> None:
    whole, part = utterances(ZEROTH.read(zeroth)), utterances(ZEROTH.read(zeroth / below))
    assert len(part) == 4
    assert all(whole[name] == utterance for name, utterance in part.items())
