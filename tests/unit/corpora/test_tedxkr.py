"""Pansori-TEDxKR."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from miniature_corpora import TEDXKR_TALKS, encode_name, make_tedxkr_miniature

from pipeline.corpora import READERS
from pipeline.record import Utterance

TEDXKR = READERS["tedxkr"]
MINI = Path(__file__).parents[3].parent / "shared/corpora/tedxkr-mini"


@pytest.fixture
def faulty(tmp_path: Path, record_tone: Callable[..., Path]) -> Path:
    """A talk with a recording in no line, a line without a recording, and a key listed twice."""
    root = tmp_path / "pansori"
    key = "6rmA6rK966y1-gwg56V-GE_Q"
    folder = root / "data/6rmA6rK966y1/gwg56V-GE_Q"
    for number in (1, 7, 10):
        record_tone(folder / f"{key}-{number:04}.flac")
    (folder / f"{key}.trans.txt").write_text(
        f"{key}-0001 안녕하세요 여러분\n{key}-0010\t1839년 8월 19일\n{key}-0011 녹음이 없는 줄\n\n"
        f"{key}-0001 같은 이름이 다시\n{key}-0012\n",
        encoding="utf-8",
    )
    return root


def test_faults(faulty: Path, matches_golden: Callable[..., None]) -> None:
    matches_golden("corpora_tedxkr.jsonl", TEDXKR.read(faulty), faulty)


def test_video_ids_are_never_taken_apart(
    tmp_path: Path, utterances: Callable[..., dict[str, Utterance]]
) -> None:
    root = make_tedxkr_miniature(tmp_path)
    found = utterances(TEDXKR.read(root))
    assert {utterance.audio.path for utterance in found.values()} == set(root.rglob("*.flac"))
    assert Counter(utterance.speaker for utterance in found.values()) == {
        f"tedxkr/{encode_name(speaker)}": 5 * len(videos) for speaker, videos in TEDXKR_TALKS.items()
    }
    unlisted = [name for name, utterance in found.items() if utterance.transcript is None]
    assert len(unlisted) == 3
    assert all(name.endswith("-0009") for name in unlisted)


@pytest.mark.skipif(not MINI.is_dir(), reason="the real recordings are not beside the repository")
def test_real_mini(utterances: Callable[..., dict[str, Utterance]]) -> None:
    found = utterances(TEDXKR.read(MINI))
    assert len(found) == 266
    assert sum(utterance.transcript is None for utterance in found.values()) == 2
    assert len({utterance.speaker for utterance in found.values()}) == 5
    assert {utterance.audio.path for utterance in found.values()} == set(MINI.rglob("*.flac"))
