"""The sound of a few rows: as it is in the shards, and as it was in the raw corpus."""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa
import soundfile

from pipeline.audio.recordings import Recordings
from pipeline.audio.samples import resample, to_pcm16, within_full_scale
from pipeline.contract.errors import HandOffBroken
from pipeline.contract.opened import OpenedManifest
from pipeline.contract.row_audio import find_header_problem
from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.contract.text import shorten
from pipeline.record import AudioSource, Rejection, Waveform
from pipeline.report.figures import RowFigures

TEXTS = ("id", "speaker", "num_samples", "text", "spoken", "pronunciation", "ipa", "source", "kept")


@dataclass(frozen=True, slots=True)
class HeardUtterance:
    """A row of the dataset with the beginning of its audio.

    Attributes:
        position: Of the row in `RowFigures`.
        split: The split of its shard.
        row: The values of the columns `TEXTS`.
        wave: Shape (S,), float32, 16 kHz.
    """

    position: int
    split: str
    row: Mapping[str, Any]
    wave: Waveform


def read_utterance(
    opened: OpenedManifest, figures: RowFigures, position: int, *, longest_s: float
) -> HeardUtterance:
    """The row at a position of `figures`, and up to `longest_s` seconds of its audio.

    Raises:
        HandOffBroken: Its audio is not 16 kHz mono WAV or FLAC.
    """
    index, row = figures.locate(position)
    shard = opened.manifest.shards[index]
    table = opened.rows(shard, [*TEXTS, "audio"]).slice(row, 1)
    texts = table.select(TEXTS).to_pylist()[0]
    audio = table.column("audio").combine_chunks().field("bytes")[0].as_buffer()
    problem = find_header_problem(memoryview(audio), num_samples=texts["num_samples"])
    wave = None if problem else _decode(audio, longest_s=longest_s)
    if wave is None:
        raise HandOffBroken(
            f"utterance {shorten(texts['id'])!r} in {shard.path}: {problem or 'its audio cannot be decoded'};"
            " `malsori verify --deep` names every such row"
        )
    return HeardUtterance(position, shard.split, texts, wave)


def _decode(audio: pa.Buffer, *, longest_s: float) -> Waveform | None:
    """The first samples, or None if there are none to decode."""
    try:
        with soundfile.SoundFile(pa.BufferReader(audio)) as file:
            wave: Waveform = file.read(min(file.frames, round(longest_s * SAMPLE_RATE_HZ)), dtype="float32")
    except soundfile.LibsndfileError:
        return None
    return np.nan_to_num(wave) if wave.size else None


class RawCorpora:
    """The folders of the raw recordings, which may be absent, moved or changed."""

    def __init__(self, folders: Sequence[Path], recordings: Recordings, *, allow_outside: bool) -> None:
        self._folders = [folder.resolve() for folder in folders]
        self._recordings = recordings
        self._allow_outside = allow_outside

    def __bool__(self) -> bool:
        return bool(self._folders)

    def read(self, row: Mapping[str, Any], *, longest_s: float) -> Waveform | str:
        """The beginning of a row's utterance as it was recorded, at 16 kHz.

        Returns:
            Shape (S,), float32 in [-1, 1], or one line of Korean that says why there is none.
        """
        source = row["source"]
        path = self._find(source["path"])
        if path is None:
            return "원본 녹음이 --raw 폴더에 없습니다."
        length = min(source["length"], round(longest_s * source["rate_hz"]))
        rate_hz = source["rate_hz"]
        wanted = AudioSource(path, offset_s=source["offset"] / rate_hz, length_s=length / rate_hz)
        recording = self._recordings.read(wanted)
        if isinstance(recording, Rejection):
            return f"원본 녹음을 읽을 수 없습니다: {recording.detail}"
        if recording.source.sha256 != source["sha256"]:
            return "원본 녹음이 데이터셋을 만들 때와 다릅니다 (sha256)."
        wave = within_full_scale(np.nan_to_num(recording.wave))
        return within_full_scale(resample(wave, rate_hz=recording.source.rate_hz))

    def _find(self, name: str) -> Path | None:
        """The file `name` of the first folder that has one; no name leads out of a folder unless allowed."""
        parts = PurePosixPath(name).parts
        if not parts or "\0" in name or name.startswith("/") or ".." in parts:
            return None
        for folder in self._folders:
            path = folder.joinpath(*parts)
            inside = self._allow_outside or path.resolve().is_relative_to(folder)
            if inside and path.is_file():
                return path
        return None


def flac_uri(wave: Waveform) -> str:
    """A wave, shape (S,), float32, 16 kHz, as the `data:` URI of a FLAC file.

    FLAC is lossless, so what is heard is what is stored, and every current browser plays it.
    """
    buffer = io.BytesIO()
    soundfile.write(buffer, to_pcm16(wave), SAMPLE_RATE_HZ, format="FLAC", subtype="PCM_16")
    return f"data:audio/flac;base64,{base64.b64encode(buffer.getvalue()).decode()}"
