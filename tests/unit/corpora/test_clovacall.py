"""ClovaCall."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.contract.errors import InputRejected
from pipeline.corpora import READERS
from pipeline.record import Dropped

CLOVACALL = READERS["clovacall"]


@pytest.fixture
def clovacall(tmp_path: Path, record_tone: Callable[..., Path]) -> Path:
    for name in ("wavs_train/4_0001.wav", "wavs_train/4_0002.wav", "wavs_test/9_0001.wav"):
        record_tone(tmp_path / "clean" / name)
    train = [
        {"wav": "4_0001.wav", "text": "예약하려고 하는데요", "speaker_id": "4"},
        {"wav": "4_0002.wav", "text": "", "speaker_id": 4},
        {"wav": "4_0003.wav", "text": "녹음이 없는 문장이에요"},
        {"text": "녹음 이름이 없어요"},
        ["목록"],
    ]
    test = [{"wav": "wavs_test/9_0001.wav", "text": "주차 되나요", "speaker_id": "9"}]
    (tmp_path / "train_ClovaCall.json").write_text(json.dumps(train, ensure_ascii=False), encoding="utf-8")
    (tmp_path / "test_ClovaCall.json").write_text(json.dumps(test), encoding="utf-8-sig")
    return tmp_path


def test_as_distributed(clovacall: Path, matches_golden: Callable[..., None]) -> None:
    matches_golden("corpora_clovacall.jsonl", CLOVACALL.read(clovacall), clovacall)


def test_a_broken_array_is_counted_and_the_next_one_read(clovacall: Path) -> None:
    listing = clovacall / "test_ClovaCall.json"
    listing.write_text(listing.read_text(encoding="utf-8")[:-10], encoding="utf-8")
    first, *rest = CLOVACALL.read(clovacall)
    assert isinstance(first, Dropped)
    assert first.detail.startswith("test_ClovaCall.json:1: not JSON")
    assert len(rest) == 5


def test_another_json(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"wav": "a", "text": "b"}')
    with pytest.raises(InputRejected, match="is not ClovaCall"):
        CLOVACALL.read(tmp_path)
