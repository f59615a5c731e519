"""Utterances of a manifest's split, read from memory-mapped shards.

Shapes: N batch, S samples, L labels.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import soundfile
import torch
from torch import Tensor

from pipeline.contract.errors import HandOffBroken, InputRejected
from pipeline.contract.files import file_sha256
from pipeline.contract.manifest import Manifest, ShardRecord, VocabularyRecord
from pipeline.contract.opened import OpenedManifest, open_manifest
from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.contract.shard import wav_samples
from train.data.remote import RemoteShards, is_url, open_remote

PcmSamples = npt.NDArray[np.int16]


class UnreadableRow(Exception):
    """A row whose audio is not what its columns say: one utterance's problem."""


@dataclass(frozen=True, slots=True)
class ShardSource:
    """A manifest, and how its shards are reached.

    Attributes:
        path: The path or the URL that it was given as.
        remote: Copies shards of a URL to this machine; None for a local manifest.
    """

    path: str
    opened: OpenedManifest
    remote: RemoteShards | None = None

    @property
    def manifest(self) -> Manifest:
        """The manifest."""
        return self.opened.manifest


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded utterances, on the CPU (pinned when a GPU will read them).

    Attributes:
        ids: N utterance ids.
        pcm_NS: int16, zero beyond each row's samples.
        samples_N: int64.
        labels_NL: int64, 1..V-1, zero beyond each row's labels.
        label_counts_N: int64.
        needed_frames_N: int64, output frames that CTC needs for the labels.
        unreadable: Ids left out because their audio could not be read.
    """

    ids: tuple[str, ...]
    pcm_NS: Tensor
    samples_N: Tensor
    labels_NL: Tensor
    label_counts_N: Tensor
    needed_frames_N: Tensor
    unreadable: tuple[str, ...] = ()

    def references(self) -> list[list[int]]:
        """The labels of each row, without padding."""
        counts = self.label_counts_N.tolist()
        return [row[:count] for row, count in zip(self.labels_NL.tolist(), counts, strict=True)]


class Utterances:
    """The rows of one split, over all shards of all manifests, by index.

    Attributes:
        samples_R: Length of each row, int64, shape (R,).
        needed_frames_R: Output frames that CTC needs for each row's labels, int64, shape (R,).
        label_counts_R: Labels of each row, int64, shape (R,).
        source_R: Which of the manifests each row is from, int64, shape (R,).
    """

    def __init__(self, sources: Sequence[ShardSource], split: str) -> None:
        self.split = split
        parts = [_open_parts(source, split) for source in sources]
        self._parts = [part for of_source in parts for part in of_source]
        rows = [sum(part.num_rows for part in of_source) for of_source in parts]
        self.source_R = np.repeat(np.arange(len(sources)), rows)
        self._starts = np.cumsum([0, *(part.num_rows for part in self._parts)])
        self.samples_R = _joined([part.column("num_samples").to_numpy() for part in self._parts])
        counts = [_label_counts(part) for part in self._parts]
        self.label_counts_R = _joined([count for count, _ in counts])
        self.needed_frames_R = _joined([needed for _, needed in counts])

    def __len__(self) -> int:
        return int(self._starts[-1])

    @property
    def hours(self) -> float:
        """Audio of the split."""
        return float(self.samples_R.sum()) / SAMPLE_RATE_HZ / 3600

    def value(self, row: int, column: str) -> str | None:
        """A text column (`id`, `speaker`, ...) of a row."""
        part, offset = self._locate(row)
        text: str | None = part.column(column)[offset].as_py()
        return text

    def snr_db(self, row: int) -> float | None:
        """Speech level over noise floor, as measured before denoising; None where it is not finite."""
        part, offset = self._locate(row)
        measured = part.column("measurements")[offset].as_py()
        snr_db = measured["speech_level_db"] - measured["noise_floor_db"]
        return snr_db if np.isfinite(snr_db) else None

    def labels(self, row: int) -> npt.NDArray[np.uint8]:
        """Labels of a row, uint8, shape (L,)."""
        part, offset = self._locate(row)
        column = part.column("labels")
        start, end = column.offsets[offset].as_py(), column.offsets[offset + 1].as_py()
        labels: npt.NDArray[np.uint8] = column.values[start:end].to_numpy()
        return labels

    def audio(self, row: int) -> PcmSamples:
        """Samples of a row, int16, shape (S,): a view of the shard for WAV, decoded for FLAC.

        Raises:
            UnreadableRow: The bytes are not audio of the length that the row gives.
        """
        part, offset = self._locate(row)
        encoded = part.column("audio").field("bytes")[offset].as_buffer()
        samples = _decode(encoded, num_samples=int(self.samples_R[row]))
        if len(samples) != self.samples_R[row]:
            raise UnreadableRow(f"{len(samples)} samples, the row says {self.samples_R[row]}")
        return samples

    def collate(self, rows: Sequence[int], *, pin: bool = False) -> Batch:
        """The rows as one padded batch; unreadable ones are left out and named."""
        readable: list[int] = []
        audio: list[PcmSamples] = []
        unreadable = []
        for row in rows:
            try:
                audio.append(self.audio(row))
                readable.append(row)
            except UnreadableRow:
                unreadable.append(self._id(row))
        labels = [self.labels(row) for row in readable]
        pcm_NS, labels_NL = _padded(audio, torch.int16), _padded(labels, torch.int64)
        return Batch(
            ids=tuple(map(self._id, readable)),
            pcm_NS=pcm_NS.pin_memory() if pin else pcm_NS,
            samples_N=torch.from_numpy(self.samples_R[readable]),
            labels_NL=labels_NL.pin_memory() if pin else labels_NL,
            label_counts_N=torch.from_numpy(self.label_counts_R[readable]),
            needed_frames_N=torch.from_numpy(self.needed_frames_R[readable]),
            unreadable=tuple(unreadable),
        )

    def _id(self, row: int) -> str:
        return str(self.value(row, "id"))

    def _locate(self, row: int) -> tuple[pa.RecordBatch, int]:
        part = int(np.searchsorted(self._starts, row, side="right")) - 1
        return self._parts[part], row - int(self._starts[part])


def open_sources(paths: Sequence[Path | str]) -> list[ShardSource]:
    """Read the manifests; their vocabularies must be one and the same.

    Args:
        paths: Paths, or URLs of any kind that fsspec knows.

    Raises:
        InputRejected: No manifest, or a file that is not one.
        HandOffBroken: A broken manifest, or two with different vocabularies.
        MissingResource: A URL that cannot be read.
    """
    if not paths:
        raise InputRejected("no manifest given; `malsori preprocess` writes one")
    sources = [_open_source(str(path)) for path in paths]
    for first, other in pairwise(sources):
        require_same_vocabulary(
            first.manifest.vocabulary, other.manifest.vocabulary, f"{first.path} and {other.path}"
        )
    return sources


def _open_source(path: str) -> ShardSource:
    if not is_url(path):
        return ShardSource(path, open_manifest(_present(Path(path))))
    remote, manifest = open_remote(path)
    return ShardSource(path, open_manifest(manifest, root=remote.folder), remote)


def require_same_vocabulary(one: VocabularyRecord, other: VocabularyRecord, between: str) -> None:
    """Raise HandOffBroken unless both records are of the same vocabulary."""
    if one.sha256 != other.sha256:
        raise HandOffBroken(
            f"{between} have different vocabularies ({one.name}, {len(one.symbols)} symbols;"
            f" {other.name}, {len(other.symbols)} symbols): preprocess them with one malsori"
        )


def check_hashes(sources: Sequence[ShardSource], split: str | None = None) -> None:
    """Raise HandOffBroken unless every shard (of `split`) has the bytes that its manifest says."""
    for source in sources:
        wanted = {shard.path: shard for shard in source.manifest.shards if split in {None, shard.split}}
        for path, record in wanted.items():
            if source.remote:
                source.remote.fetch(record)
            place = source.opened.locate(path)
            if not place.is_file():
                raise HandOffBroken(f"shard {path} of {source.path} is missing; copy it beside the others")
            if file_sha256(place) != record.sha256:
                raise HandOffBroken(
                    f"shard {path} of {source.path} is not the one that its manifest describes: copy it again"
                    " (malsori verify names all that is wrong)"
                )


def _present(path: Path) -> Path:
    if not path.is_file():
        raise InputRejected(f"no manifest at {path}; `malsori preprocess` writes one")
    return path


def _open_parts(source: ShardSource, split: str) -> list[pa.RecordBatch]:
    parts: list[pa.RecordBatch] = []
    for record in source.manifest.split_shards(split):
        if source.remote:
            source.remote.fetch(record)
        _check_size(source.opened.locate(record.path), record)
        parts.extend(source.opened.rows(record).to_batches())
    return parts


def _check_size(path: Path, record: ShardRecord) -> None:
    size = path.stat().st_size if path.is_file() else None
    if size not in {None, record.bytes}:
        raise HandOffBroken(f"shard {path} has {size} bytes, its manifest says {record.bytes}; copy it again")


def _label_counts(part: pa.RecordBatch) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Labels of each row, and the frames they need: `min_ctc_frames` for all rows at once."""
    column = part.column("labels")
    offsets = column.offsets.to_numpy().astype(np.int64)
    values = column.values.to_numpy()
    repeats = np.zeros(len(values) + 1, np.int64)  # repeats[i]: label i equals label i - 1
    repeats[1:-1] = values[1:] == values[:-1]
    before = np.concatenate([[0], np.cumsum(repeats)])
    counts = np.diff(offsets)
    inner = before[offsets[1:]] - before[np.minimum(offsets[:-1] + 1, offsets[1:])]
    return counts, counts + inner


def _decode(encoded: pa.Buffer, *, num_samples: int) -> PcmSamples:
    if encoded[:4].to_pybytes() == b"RIFF":
        try:
            view: PcmSamples = np.asarray(wav_samples(encoded), dtype=np.int16)
        except TypeError as error:
            raise UnreadableRow(f"a WAV of {encoded.size} bytes") from error
        view.flags.writeable = False  # the shard is mapped for reading: a write would be a crash
        return view
    try:
        with soundfile.SoundFile(io.BytesIO(encoded)) as file:
            rate_hz, channels = file.samplerate, file.channels
            samples = file.read(num_samples + 1, dtype="int16")  # never as many as a header may claim
    except soundfile.LibsndfileError as error:
        raise UnreadableRow(str(error)) from error
    if rate_hz != SAMPLE_RATE_HZ or channels != 1:
        raise UnreadableRow(f"{rate_hz} Hz, {channels} channels; expected {SAMPLE_RATE_HZ} Hz mono")
    decoded: PcmSamples = samples
    return decoded


def _padded(rows: Sequence[npt.NDArray[np.int16] | npt.NDArray[np.uint8]], dtype: torch.dtype) -> Tensor:
    padded = torch.zeros((len(rows), max(map(len, rows), default=0)), dtype=dtype)
    view = padded.numpy()
    for index, row in enumerate(rows):
        view[index, : len(row)] = row
    return padded


def _joined(arrays: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    return np.concatenate([np.zeros(0, np.int64), *arrays]).astype(np.int64)
