"""A corpus of short recordings listed in tables, made to measure."""

import csv
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import soundfile
from small_corpus import voiced

RATE_HZ = 16_000
TEXT = "오늘은 날씨가 아주 좋습니다"
COLUMNS = ("path", "text", "speaker", "id")


def make_recording(root: Path, name: str, *, seconds: float = 2.5, seed: int = 0) -> str:
    """Write a recording into `root`; returns its path as a table gives it."""
    (root / "wav").mkdir(parents=True, exist_ok=True)
    soundfile.write(root / "wav" / name, np.asarray(voiced(seconds, seed=seed)), RATE_HZ)
    return f"wav/{name}"


def write_table(path: Path, rows: Iterable[tuple[str, str, str, str]]) -> None:
    """Write a table of (path, text, speaker, id)."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([COLUMNS, *rows])


def make_table_corpus(root: Path, *, utterances: int, split: str = "train", speakers: int = 2) -> Path:
    """A table of one split, with a recording of its own for each utterance."""
    names = [f"{split}-{number}" for number in range(utterances)]
    rows = [
        (make_recording(root, f"{name}.wav", seed=number), TEXT, f"s{number % speakers}", name)
        for number, name in enumerate(names)
    ]
    write_table(root / f"{split}.csv", rows)
    return root


def table_arguments(corpus: Path, folder: Path) -> list[object]:
    """The command that makes `folder`/m.json and `folder`/shards of a table."""
    return [
        "preprocess", corpus, "--corpus", "table", "--out", folder / "shards",
        "--manifest", folder / "m.json", "--jobs", "1",
    ]  # fmt: skip
