"""Writing one shard: rows go to the disk batch by batch, and are hashed on the way."""

import hashlib
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from pipeline.audio.samples import to_pcm16
from pipeline.contract.files import replacing
from pipeline.contract.row_audio import wav_header
from pipeline.contract.schema import ROWS_PER_BATCH, SAMPLE_RATE_HZ, shard_schema
from pipeline.record import Example, Waveform
from pipeline.shards.settings import ShardSettings


@dataclass(frozen=True, slots=True)
class ShardFile:
    """A finished shard."""

    sha256: str
    num_bytes: int
    rows: int
    num_samples: int


class _HashingStream(io.RawIOBase):
    """A write-only stream that counts and hashes the bytes that pass through it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()
        self.num_bytes = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._digest.update(data)
        written = self._stream.write(data)
        self.num_bytes += written
        return written

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


class ShardWriter:
    """Collects rows into record batches of one Arrow stream. Made by `ShardWriter.open`."""

    def __init__(self, stream: _HashingStream, *, settings: ShardSettings) -> None:
        self._stream = stream
        self._settings = settings
        self._schema = shard_schema({"malsori": "contract version 1"})
        self._writer = pa.ipc.new_stream(pa.PythonFile(stream, mode="w"), self._schema)
        self._rows: list[dict[str, Any]] = []
        self._num_rows = 0
        self._num_samples = 0

    @classmethod
    @contextmanager
    def open(
        cls, path: Path, *, settings: ShardSettings, outdated: Sequence[Path] = ()
    ) -> Iterator["ShardWriter"]:
        """A writer whose file takes the name `path` only when the block ends well.

        Args:
            outdated: Files that the new shard makes untrue: removed just before.
        """
        with replacing(path, outdated=outdated) as file:
            writer = cls(_HashingStream(file), settings=settings)
            yield writer
            writer._close()

    def add(self, example: Example) -> None:
        """Append one row."""
        self._rows.append(_row(example, flac=self._settings.audio == "flac"))
        self._num_rows += 1
        self._num_samples += example.clip.wave.size
        if len(self._rows) == ROWS_PER_BATCH:
            self._flush()

    def finished(self) -> ShardFile:
        """What was written; complete once the `open` block has ended."""
        return ShardFile(self._stream.sha256, self._stream.num_bytes, self._num_rows, self._num_samples)

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_batch(pa.RecordBatch.from_pylist(self._rows, schema=self._schema))
            self._rows = []

    def _close(self) -> None:
        self._flush()
        self._writer.close()


def encode_wav(wave: Waveform) -> bytes:
    """A 16 kHz mono PCM16 WAV file with the canonical 44-byte header.

    Args:
        wave: Shape (S,), float32 in [-1, 1]; what lies beyond is clipped.
    """
    samples = to_pcm16(wave).tobytes()
    return wav_header(len(samples) // 2) + samples


def encode_flac(wave: Waveform) -> bytes:
    """A 16 kHz mono 16-bit FLAC file of `wave`, shape (S,), float32 in [-1, 1]."""
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, to_pcm16(wave), SAMPLE_RATE_HZ, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()


def _row(example: Example, *, flac: bool) -> dict[str, Any]:
    utterance, clip, labelled = example.utterance, example.clip, example.labelled
    name = utterance.id.rpartition("/")[2]
    audio = encode_flac(clip.wave) if flac else encode_wav(clip.wave)
    return {
        "id": utterance.id,
        "speaker": utterance.speaker,
        "audio": {"bytes": audio, "path": f"{name}.{'flac' if flac else 'wav'}"},
        "num_samples": clip.wave.size,
        "text": example.transcript.spelling,
        "spoken": example.transcript.spoken,
        "pronunciation": labelled.pronunciation,
        "ipa": " ".join(labelled.ipa),
        "labels": labelled.labels,
        "romanized": labelled.romanized,
        "source": {
            "path": example.source_path,
            "rate_hz": example.source.rate_hz,
            "offset": example.source.offset,
            "length": example.source.length,
            "sha256": example.source.sha256,
        },
        "kept": [{"start": start, "end": end} for start, end in clip.kept],
        "split": example.split,
        "measurements": {
            "silence_removed_samples": clip.measurements.silence_removed_samples,
            "noise_floor_db": clip.measurements.noise_floor_db,
            "speech_level_db": clip.measurements.speech_level_db,
            "peak": clip.measurements.peak,
        },
    }
