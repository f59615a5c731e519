"""AI Hub's dialect sessions."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.contract.errors import InputRejected
from pipeline.contract.reasons import Reason
from pipeline.corpora import READERS
from pipeline.corpora.readers.dialect import MOST_NEIGHBOURS, Segment, find_overlapping
from pipeline.record import Dropped, Utterance

DIALECT = READERS["dialect"]


def _entry(number: str, start: object, end: object, dialect: str, **values: object) -> dict[str, object]:
    entry = {
        "id": number, "form": dialect, "standard_form": "표준어 문장이야", "dialect_form": dialect,
        "speaker_id": "1", "start": start, "end": end, "note": "", "eojeolList": [],
    }  # fmt: skip
    return entry | values


def _write_session(path: Path, *entries: object, encoding: str = "utf-8", **values: Any) -> Path:
    session = {
        "id": path.stem,
        "metadata": {"title": "경상도 방언", "sampling": "16000"},
        "speaker": [{"id": "1", "sex": "여"}, {"id": "2", "sex": "남"}],
        "setting": {"relation": "지인"},
        "utterance": list(entries),
    } | values
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(session, ensure_ascii=False), encoding=encoding)
    return path


@pytest.fixture
def dialect(tmp_path: Path, record_tone: Callable[..., Path]) -> Path:
    root = tmp_path / "한국어 방언 발화(경상도)"
    labels, sounds = root / "Training/라벨링데이터/1", root / "Training/원천데이터/1"
    record_tone(sounds / "DKSR20000001.wav", seconds=0.5, rate_hz=44_100)
    _write_session(
        labels / "DKSR20000001.json",
        _entry("DKSR20000001.1.1", 0.0, 1.5, "그래가 뭐라 카노"),
        _entry("DKSR20000001.1.2", 1.45, 3.0, "내사 모리겠다", speaker_id="2"),  # within the tolerance
        _entry("DKSR20000001.1.3", 4.0, 6.0, "&name&이는 밥 뭇나", speaker_id="0023"),
        _entry("DKSR20000001.1.4", "6.5", "8.25", "{laughing} 참말로 글캤다"),
        _entry("DKSR20000001.1.5", 9.0, 11.0, "둘이 같이 말한다"),
        _entry("DKSR20000001.1.6", 10.5, 12.0, "둘이 같이 말한다", speaker_id="2"),
        _entry("DKSR20000001.1.7", 13.0, 99_999.0, "끝이 없는 말"),
        _entry("DKSR20000001.1.8", 15.0, 14.0, "거꾸로 간 시간"),
        _entry("DKSR20000001.1.9", None, 14.0, "없는 시간"),
        _entry("1.10", 14.0, 15.0, "짧은 이름이다", speaker_id=None),
        _entry("DKSR20000001.1.11", 15.0, 16.0, " "),
        "목록",
        encoding="utf-8-sig",
    )
    _write_session(labels / "DKSR20000002.json", _entry("DKSR20000002.1.1", 0, 1, "녹음이 없다 아이가"))
    record_tone(sounds / "DKSR20000003.wav")
    (labels / "DKSR20000004.json").write_text('{"utterance": [', encoding="utf-8")
    valid = root / "Validation"
    record_tone(valid / "원천데이터/DKSR20000005.wav")
    _write_session(
        valid / "라벨링데이터/DKSR20000005.json", _entry("DKSR20000005.1.1", 0, 1, "개발용이다 아이가")
    )
    return root


def test_as_distributed(dialect: Path, matches_golden: Callable[..., None]) -> None:
    matches_golden("corpora_dialect.jsonl", DIALECT.read(dialect), dialect)


@pytest.mark.parametrize("content", ["[1, 2]", '{"utterance": 3}', "[" * 100_000, "null", "\\ud800"])
def test_a_broken_session_is_counted(dialect: Path, content: str) -> None:
    label = next(dialect.rglob("DKSR20000005.json"))
    label.write_text(content, encoding="utf-8")
    last = list(DIALECT.read(dialect))[-1]
    assert isinstance(last, Dropped)
    assert last.reason is Reason.MALFORMED_LISTING
    assert last.detail.startswith("Validation/라벨링데이터/DKSR20000005.json:1: ")


def test_an_hour_of_two_speakers_is_listed_in_order(tmp_path: Path, record_tone: Callable[..., Path]) -> None:
    entries = [
        _entry(f"DJES1.{n}", n * 3.6, n * 3.6 + 3.0, "혼저 옵서예", speaker_id=str(n % 2 + 1))
        for n in range(1000)
    ]
    _write_session(tmp_path / "DJES1.json", *entries)
    audio = record_tone(tmp_path / "DJES1.wav")
    listed = list(DIALECT.read(tmp_path))
    assert all(isinstance(item, Utterance) and item.audio.path == audio for item in listed)
    assert {item.speaker for item in listed if isinstance(item, Utterance)} == {
        "dialect/DJES1-1", "dialect/DJES1-2",
    }  # fmt: skip
    assert len({item.id for item in listed}) == 1000


def test_another_json(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"transcription": {"sentences": []}}')
    with pytest.raises(InputRejected, match="is not AI Hub dialect speech"):
        DIALECT.read(tmp_path)


@pytest.mark.parametrize(
    ("segments", "overlapping"),
    [
        ([], set()),
        ([(0, 1), (1, 2), (1.95, 3)], set()),
        ([(0, 1), (0.5, 2), (2, 3)], {0, 1}),
        ([(2, 3), (0, 2.5)], {0, 1}),
        ([(0, 10), (1, 2), (8, 9)], {0, 1, 2}),
        ([(0, 1), (0, 1)], {0, 1}),
        ([(0, 10_000), *((n, n + 0.9) for n in range(1, MOST_NEIGHBOURS + 3))], {0}),
    ],
)
def test_overlaps(segments: list[tuple[float, float]], overlapping: set[int]) -> None:
    assert find_overlapping([Segment(start, end) for start, end in segments]) == overlapping
