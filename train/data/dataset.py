"""The utterances of a split, read from memory-mapped shards, and padded batches of them.

Shapes: R rows of the split, N rows of a batch, S samples, L labels.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import soundfile
import torch
from torch import Tensor

from pipeline.contract.row_audio import find_header_problem
from pipeline.contract.shard import wav_samples
from train.data.sources import ShardSource

PcmSamples = npt.NDArray[np.int16]


class UnreadableRow(Exception):
    """The audio of one row cannot be decoded, or is not as long as the row says."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded utterances, in the memory of the CPU (pinned when a GPU will read them).

    Attributes:
        ids: N utterance ids.
        pcm_NS: int16, zero beyond each row's samples.
        samples_N: int64.
        labels_NL: int64, 1..V-1, zero beyond each row's labels.
        label_counts_N: int64.
        needed_frames_N: int64, the fewest output frames that CTC can put the labels in.
        unreadable: Ids of utterances left out because their audio could not be read.
        rows: The N rows: ids of different manifests may be equal.
    """

    ids: tuple[str, ...]
    pcm_NS: Tensor
    samples_N: Tensor
    labels_NL: Tensor
    label_counts_N: Tensor
    needed_frames_N: Tensor
    unreadable: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()


class Utterances:
    """The rows of one split, numbered across all shards of all manifests.

    Attributes:
        samples_R: int64, samples of each row.
        needed_frames_R: int64, the fewest output frames that CTC can put each row's labels in.
        label_counts_R: int64, labels of each row.
        source_R: int64, the index of the manifest that each row comes from.
    """

    def __init__(self, sources: Sequence[ShardSource], split: str) -> None:
        self.split = split
        parts = [source.open_shards(split) for source in sources]
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

    def value(self, row: int, column: str) -> str | None:
        """A text column (`id`, `speaker`, ...) of a row."""
        part, offset = self._locate(row)
        text: str | None = part.column(column)[offset].as_py()
        return text

    def snr_db(self, row: int) -> float | None:
        """The signal-to-noise ratio, measured before denoising; None where it is not finite."""
        part, offset = self._locate(row)
        measured = part.column("measurements")[offset].as_py()
        snr_db = measured["speech_level_db"] - measured["noise_floor_db"]
        return snr_db if np.isfinite(snr_db) else None

    def labels(self, row: int) -> npt.NDArray[np.uint8]:
        """The labels of a row, uint8, shape (L,)."""
        part, offset = self._locate(row)
        column = part.column("labels")
        start, end = column.offsets[offset].as_py(), column.offsets[offset + 1].as_py()
        labels: npt.NDArray[np.uint8] = column.values[start:end].to_numpy()
        return labels

    def audio(self, row: int) -> PcmSamples:
        """The samples of a row, int16, shape (S,): a view of the shard for WAV, decoded for FLAC.

        Raises:
            UnreadableRow: The bytes cannot be decoded, or the audio is not as long as the row says.
        """
        part, offset = self._locate(row)
        encoded = part.column("audio").field("bytes")[offset].as_buffer()
        samples = _decode(encoded, num_samples=int(self.samples_R[row]))
        if len(samples) != self.samples_R[row]:
            raise UnreadableRow(f"{len(samples)} samples; the row says {self.samples_R[row]}")
        return samples

    def collate(self, rows: Sequence[int], *, pin: bool = False) -> Batch:
        """The rows as one padded batch; those that cannot be read are left out and named."""
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
            rows=tuple(readable),
        )

    def recorded_spans(self) -> Iterator[int]:
        """A number for each row, equal for equal samples of an equal recording."""
        for part in self._parts:
            source = part.column("source")
            columns = (source.field(name).to_pylist() for name in ("sha256", "offset", "length"))
            yield from map(hash, zip(*columns, strict=True))

    def _id(self, row: int) -> str:
        return str(self.value(row, "id"))

    def _locate(self, row: int) -> tuple[pa.RecordBatch, int]:
        part = int(np.searchsorted(self._starts, row, side="right")) - 1
        return self._parts[part], row - int(self._starts[part])


def _label_counts(part: pa.RecordBatch) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The number of labels of each row, and its `min_ctc_frames`, computed for all rows at once."""
    column = part.column("labels")
    offsets = column.offsets.to_numpy().astype(np.int64)
    # A part may be a few rows of a large batch, whose labels are all in `values`.
    values = column.values.slice(offsets[0], offsets[-1] - offsets[0]).to_numpy()
    offsets -= offsets[0]
    repeats = np.zeros(len(values) + 1, np.int64)  # repeats[i] is 1 where label i equals label i - 1
    repeats[1:-1] = values[1:] == values[:-1]
    before = np.concatenate([[0], np.cumsum(repeats)])
    counts = np.diff(offsets)
    inner = before[offsets[1:]] - before[np.minimum(offsets[:-1] + 1, offsets[1:])]
    return counts, counts + inner


def _decode(encoded: pa.Buffer, *, num_samples: int) -> PcmSamples:
    content = memoryview(encoded)
    problem = find_header_problem(content, num_samples=num_samples)
    if problem is not None:
        raise UnreadableRow(problem)
    if bytes(content[:4]) == b"RIFF":
        view: PcmSamples = np.asarray(wav_samples(encoded), dtype=np.int16)
        view.flags.writeable = False  # the shard is mapped read-only: writing to it would crash
        return view
    try:
        with soundfile.SoundFile(io.BytesIO(encoded)) as file:
            samples: PcmSamples = file.read(num_samples, dtype="int16")
    except soundfile.LibsndfileError as error:
        raise UnreadableRow(str(error)) from error
    return samples


def _padded(rows: Sequence[npt.NDArray[np.int16] | npt.NDArray[np.uint8]], dtype: torch.dtype) -> Tensor:
    padded = torch.zeros((len(rows), max(map(len, rows), default=0)), dtype=dtype)
    view = padded.numpy()
    for index, row in enumerate(rows):
        view[index, : len(row)] = row
    return padded


def _joined(arrays: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    return np.concatenate([np.zeros(0, np.int64), *arrays]).astype(np.int64)
