"""Fixtures of the readers' tests: golden files of listed utterances, and tiny recordings."""

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.corpora.corpus import Listed
from pipeline.record import FORMS_SEPARATOR, Dropped, TextFile, Utterance

GOLDEN = Path(__file__).parents[2] / "golden"


def _row(listed: Listed, root: Path) -> dict[str, object]:
    if isinstance(listed, Dropped):
        return {"id": listed.id, "dropped": listed.reason, "detail": listed.detail.replace(f"{root}/", "")}
    row: dict[str, object] = {"id": listed.id, "speaker": listed.speaker, "split": listed.split}
    audio = listed.audio
    row["audio"] = str(audio.path.relative_to(root)) + ("" if audio.path.is_file() else " (missing)")
    if audio.offset_s or audio.length_s is not None:
        row["offset_s"], row["length_s"] = audio.offset_s, audio.length_s
    text = listed.transcript
    if isinstance(text, TextFile):
        row["transcript_file"] = f"{text.path.relative_to(root)} ({text.encoding})"
    else:
        row["transcript"] = text.split(FORMS_SEPARATOR) if text and FORMS_SEPARATOR in text else text
    return row


@pytest.fixture
def matches_golden() -> Callable[[str, Iterable[Listed], Path], None]:
    """Compare what a reader listed with tests/golden/<name>; UPDATE_GOLDEN=1 rewrites it and fails."""

    def compare(name: str, listed: Iterable[Listed], root: Path) -> None:
        path = GOLDEN / name
        rows = [json.dumps(_row(item, root), ensure_ascii=False) for item in listed]
        found = "\n".join(rows) + "\n"
        if os.environ.get("UPDATE_GOLDEN"):
            path.write_text(found, encoding="utf-8")
            pytest.fail(f"{path} was rewritten: review the difference, then run without UPDATE_GOLDEN")
        assert found == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture
def record_tone() -> Callable[..., Path]:
    """Write a short tone as the file's name says (.pcm is headerless 16 kHz)."""

    def record(path: Path, *, seconds: float = 0.05, rate_hz: int = 16_000) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        times = np.arange(int(seconds * rate_hz)) / rate_hz
        wave = (0.1 * np.sin(2 * np.pi * 440 * times)).astype(np.float32)
        if path.suffix == ".pcm":
            path.write_bytes((wave * 32767).astype("<i2").tobytes())
        else:
            soundfile.write(path, wave, rate_hz)
        return path

    return record


@pytest.fixture
def utterances() -> Callable[[Iterable[Listed]], dict[str, Utterance]]:
    """Collect the listed utterances by id; fails on a drop or on an id listed twice."""

    def by_id(listed: Iterable[Listed]) -> dict[str, Utterance]:
        found: dict[str, Utterance] = {}
        for item in listed:
            assert isinstance(item, Utterance), item
            assert item.id not in found
            found[item.id] = item
        return found

    return by_id
