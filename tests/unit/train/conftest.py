"""Synthetic shards: every symbol is a tone, so that CTC learns within seconds."""

import hashlib
import io
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import soundfile
import torch

from pipeline.contract.manifest import (
    CorpusRecord,
    Counts,
    DroppedRecord,
    Manifest,
    RunRecord,
    SettingsRecord,
    ShardRecord,
    SourceRecord,
    Statistics,
    VocabularyRecord,
)
from pipeline.contract.manifest_file import manifest_text
from pipeline.contract.schema import SAMPLE_RATE_HZ, shard_schema
from pipeline.contract.vocabulary import KOREAN, Vocabulary

TONE_S = 0.08

MICRO = """
[features]
mels = 24
[model]
channels = [4]
kernels = [[7, 5]]
bin_strides = [2]
time_strides = [2]
layers = 1
hidden = 32
dropout = 0.1
[augment]
bin_stripes = 1
bin_stripe_widest = 2
time_stripes = 1
time_stripe_widest = 2
[optim]
learning_rate = 1e-2
warmup_steps = 10
[batching]
most_padding = 2.0
budget_s = 8.0
longest_s = 4.0
[loop]
epochs = 20
"""


@dataclass(frozen=True)
class Row:
    id: str
    split: str
    labels: list[int]
    samples: np.ndarray
    speaker: str = "tones/s1"
    flac: bool = False
    audio: bytes | None = None
    spoken: str = ""
    pronunciation: str = ""


def wav(samples: np.ndarray) -> bytes:
    data = samples.astype("<i2").tobytes()
    head = struct.pack(
        "<4sI4s4sIHHIIHH", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1, 16_000, 32_000, 2, 16
    )
    return head + struct.pack("<4sI", b"data", len(data)) + data


def flac(samples: np.ndarray) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, samples, SAMPLE_RATE_HZ, format="FLAC", subtype="PCM_16")
    return stream.getvalue()


def tones(labels: Sequence[int], random: np.random.Generator) -> np.ndarray:
    """A tone for each label, a fade at either end of it, a little noise over all."""
    time = np.arange(int(TONE_S * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    fade = np.minimum(1, np.minimum(time, time[::-1]) / 0.01)
    parts = [np.sin(2 * np.pi * 250 * 1.35**label * time) * fade for label in labels]
    wave = np.concatenate([np.zeros(800), *parts, np.zeros(800)])
    wave = 0.3 * wave + 0.003 * random.standard_normal(len(wave))
    return np.round(wave * 32_767).astype(np.int16)


def tone_rows(count: int, split: str, *, seed: int, symbols: int = 8) -> list[Row]:
    random = np.random.default_rng(seed)
    rows = []
    for index in range(count):
        labels = random.integers(1, symbols + 1, random.integers(4, 12)).tolist()
        rows.append(Row(f"tones/s1/{split}{index:04}", split, labels, tones(labels, random)))
    return rows


def write_shard(path: Path, rows: Sequence[Row]) -> ShardRecord:
    empty = dict.fromkeys(shard_schema({}).names, "") | {
        "kept": [],
        "measurements": {
            "silence_removed_samples": 0,
            "noise_floor_db": 0.0,
            "speech_level_db": 0.0,
            "peak": 0.0,
        },
    }
    columns = [
        empty
        | {
            "id": row.id,
            "speaker": row.speaker,
            "audio": {
                "bytes": row.audio or (flac if row.flac else wav)(row.samples),
                "path": f"{row.id}.wav",
            },
            "num_samples": len(row.samples),
            "source": {
                "path": "",
                "rate_hz": SAMPLE_RATE_HZ,
                "offset": 0,
                "length": 1,
                "sha256": hashlib.sha256(row.samples.tobytes()).hexdigest(),
            },
            "labels": row.labels,
            "split": row.split,
            "spoken": row.spoken,
            "pronunciation": row.pronunciation,
        }
        for row in rows
    ]
    table = pa.Table.from_pylist(columns, schema=shard_schema({}))
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=16)
    content = path.read_bytes()
    return ShardRecord(
        path=path.name,
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
        stored_rows=len(rows),
        rows=len(rows),
        ranges=None,
        settings=0,
        seconds=sum(len(row.samples) for row in rows) / SAMPLE_RATE_HZ,
        split=rows[0].split,
    )


def write_corpus(folder: Path, rows: Sequence[Row], vocabulary: Vocabulary = KOREAN) -> Path:
    """Shards (one for each split) and their manifest, in `folder`; the manifest's path."""
    folder.mkdir(parents=True, exist_ok=True)
    shards = []
    for split in dict.fromkeys(row.split for row in rows):
        of_split = [row for row in rows if row.split == split]
        shards.append(write_shard(folder / f"{split}-00000.arrow", of_split))
    seconds = sum(shard.seconds for shard in shards)
    none = hashlib.sha256(b"").hexdigest()
    corpus = CorpusRecord(name="tones", title="Tones", licence="CC0-1.0")
    manifest = Manifest(
        contract_version=1,
        name="tones",
        part=None,
        sources=(SourceRecord(corpus=corpus, listing_sha256=none, utterances=len(rows)),),
        settings=(SettingsRecord(fingerprint=none, values={}, versions={}),),
        vocabulary=VocabularyRecord.of(vocabulary),
        root=".",
        shards=tuple(shards),
        counts=Counts(read=len(rows), kept=len(rows), dropped={}),
        dropped=DroppedRecord(path="dropped.jsonl", sha256=none, rows=0),
        statistics=Statistics(
            seconds_in=seconds,
            seconds_out=seconds,
            silence_removed_s=0.0,
            shortest_s=0.0,
            longest_s=0.0,
            phones=sum(len(row.labels) for row in rows),
            phones_per_second=0.0,
            phone_counts={},
            speakers={},
        ),
        history=(),
        run=RunRecord(command="", host="", started="", seconds=0.0, jobs=1),
    )
    (folder / "tones.json").write_text(manifest_text(folder, manifest), encoding="utf-8")
    return folder / "tones.json"


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def one_seed() -> None:
    """What a test draws does not depend on the tests before it."""
    torch.manual_seed(0)


@pytest.fixture
def make_corpus(tmp_path: Path) -> Callable[..., Path]:
    """Writes rows to shards; takes a folder's name too."""

    def make(rows: Sequence[Row], *, name: str = "corpus", vocabulary: Vocabulary = KOREAN) -> Path:
        return write_corpus(tmp_path / name, rows, vocabulary)

    return make


@pytest.fixture
def make_tones() -> Callable[..., list[Row]]:
    """`tone_rows(count, split, seed=...)`."""
    return tone_rows


@pytest.fixture(scope="session")
def make_row() -> Callable[..., Row]:
    """A `Row`."""
    return Row


@pytest.fixture(scope="session")
def write_rows() -> Callable[..., Path]:
    """`write_corpus(folder, rows)`, for fixtures that outlive a test."""
    return write_corpus


@pytest.fixture(scope="session")
def tone_manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """96 train, 12 valid and 12 test utterances of eight symbols."""
    rows = [
        *tone_rows(96, "train", seed=1),
        *tone_rows(12, "valid", seed=2),
        *tone_rows(12, "test", seed=3),
    ]
    return write_corpus(tmp_path_factory.mktemp("tones"), rows)


@pytest.fixture(scope="session")
def micro(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A preset small enough for a test: 17,000 parameters, ten steps an epoch."""
    path = tmp_path_factory.mktemp("preset") / "micro.toml"
    path.write_text(MICRO)
    return path


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, tone_manifest: Path, micro: Path) -> Path:
    """The folder of a finished run on the tones."""
    from train.run.fit import fit
    from train.run.folder import RunFolder

    run = RunFolder(tmp_path_factory.mktemp("runs") / "trained")
    fit([tone_manifest], run, preset=str(micro), assignments=["loop.epochs=6"], resume=False)
    return run.path
