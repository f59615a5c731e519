"""A small corpus with faults in KsponSpeech's layout, and how to look at what became of it."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.contract.opened import open_manifest

RATE_HZ = 16_000
SENTENCES = (
    "오늘은 날씨가 아주 좋습니다", "친구와 함께 학교에 갑니다", "저녁에는 비가 온다고 해요",
    "어제 산 책을 다 읽었어요", "b/ 아/ 그래서 저는 (3명)/(세 명)이 왔다고 했어요", "내일 아침 일찍 만나요",
    "커피를 한 잔 마시고 싶어요", "우리 집 앞에는 큰 나무가 있어요",
)  # fmt: skip


def voiced(seconds: float, *, seed: int) -> np.ndarray:
    """A buzz with syllable-like loudness: webrtcvad takes it for speech. Int16, shape (S,)."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    pitch_hz = 120 + 60 * rng.random()
    buzz = sum(np.sin(2 * np.pi * pitch_hz * harmonic * time_s) / harmonic for harmonic in range(1, 20))
    loudness = 0.15 * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * time_s))
    return np.rint((buzz * loudness + rng.normal(0, 0.001, time_s.size)) * 8_000).astype("<i2")


def make_kspon_corpus(root: Path, *, utterances: int) -> Path:
    """A corpus in KsponSpeech's layout; utterances 3, 5 and 7 are at fault."""
    folder = root / "한국어_음성_분야" / "KsponSpeech_01" / "KsponSpeech_0001"
    folder.mkdir(parents=True)
    lines = []
    for number in range(1, utterances + 1):
        stem = f"KsponSpeech_{number:06d}"
        text = "네네" if number == 3 else SENTENCES[number % len(SENTENCES)]
        lines.append(f"KsponSpeech_01/KsponSpeech_0001/{stem}.pcm :: {text}\n")
        if number == 5:
            continue
        wave = voiced(2.5 + number % 3, seed=number)
        if number == 6:
            pause = np.zeros(5 * RATE_HZ, "<i2")
            wave = np.concatenate([wave, pause, wave])
        (folder / f"{stem}.pcm").write_bytes(b"" if number == 7 else wave.tobytes())
    scripts = root / "전시문_통합_스크립트" / "KsponSpeech_scripts"
    scripts.mkdir(parents=True)
    (scripts / "train.trn").write_text("".join(lines[:-4]), encoding="utf-8")
    (scripts / "dev.trn").write_text("".join(lines[-4:]), encoding="utf-8")
    return root


def preprocess_arguments(corpus: Path, folder: Path, *, corpus_name: str = "kspon") -> list[object]:
    """The command that makes `folder`/small.json and `folder`/shards of a corpus."""
    return [
        "preprocess", corpus, "--corpus", corpus_name, "--out", folder / "shards",
        "--manifest", folder / "small.json", "--set", "denoise.engine=gate",
    ]  # fmt: skip


def manifest_content(manifest: Path) -> dict[str, Any]:
    """A manifest without the facts of its run."""
    return {key: value for key, value in json.loads(manifest.read_text()).items() if key != "run"}


def shard_bytes(manifest: Path) -> dict[str, bytes]:
    """Every file of a dataset that must not depend on how it was run."""
    folder = open_manifest(manifest).folder
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if path.suffix in {".arrow", ".json"} or path.name.endswith(".dropped.jsonl")
    }


def rows_by_id(manifest: Path) -> dict[str, dict[str, Any]]:
    """The rows of a dataset, audio and all."""
    opened = open_manifest(manifest)
    tables = [opened.rows(shard) for shard in opened.manifest.shards]
    return {row["id"]: row for table in tables for row in table.to_pylist()}
