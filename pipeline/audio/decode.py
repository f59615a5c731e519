"""Recordings on disk: opened and hashed once, read in slices, every fault a `Rejection`."""

import hashlib
import stat
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt
import soundfile

from pipeline.audio.channels import mix_to_mono
from pipeline.audio.riff import missing_bytes
from pipeline.record import AudioSource, Reason, Recording, Rejection, Source

HEADERLESS_SUFFIXES = frozenset({".pcm", ".raw"})
HEADERLESS_RATE_HZ = 16_000
RATES_HZ = range(4_000, 384_001)
MAX_CHANNELS = 64
BLOCK_FRAMES = 1 << 20
"""Memory is taken block by block as samples arrive, never on a header's word."""

END_TOLERANCE_S = 0.05
"""A segment may end this much past the audio: annotation tools round their times."""

UNKNOWN_FRAMES = 1 << 62
"""libsndfile says SF_COUNT_MAX (2**63 - 1) where a stream's header gives no length."""

Frames = npt.NDArray[np.float32]
"""Samples by channels, shape (S, C)."""


class Decoder(Protocol):
    """Random access to the samples of an open recording."""

    rate_hz: int
    length: int  # samples per channel, as far as the header says

    def read(self, start: int, count: int) -> Frames:
        """Up to `count` samples from `start` on; fewer where the audio ends."""
        ...


class HeaderlessPcm:
    """Signed 16-bit little-endian mono samples at 16 kHz and nothing else: KsponSpeech's .pcm."""

    rate_hz = HEADERLESS_RATE_HZ

    def __init__(self, stream: FileIO, *, file_bytes: int) -> None:
        self.length = file_bytes // 2
        self._stream = stream

    def read(self, start: int, count: int) -> Frames:
        """Up to `count` samples from `start` on."""
        self._stream.seek(2 * start)
        pcm = self._stream.read(2 * count)
        samples = np.frombuffer(pcm, dtype="<i2", count=len(pcm) // 2)
        return (samples * np.float32(1 / 32_768))[:, np.newaxis]


class SoundFileDecoder:
    """Whatever libsndfile decodes: WAV, FLAC, MP3, Ogg and more, by content, not by suffix."""

    def __init__(self, stream: FileIO) -> None:
        stream.seek(0)
        self._file = soundfile.SoundFile(stream.fileno(), closefd=False)
        self.rate_hz = int(self._file.samplerate)
        self.length = int(self._file.frames)
        self.channels = int(self._file.channels)
        self._position = 0

    def read(self, start: int, count: int) -> Frames:
        """Up to `count` samples from `start` on."""
        if start != self._position:
            self._file.seek(start)
        blocks = []
        self._position = start
        end = start + count
        while self._position < end:
            wanted = min(BLOCK_FRAMES, end - self._position)
            block = self._file.read(out=np.empty((wanted, self.channels), np.float32))
            blocks.append(block)
            self._position += len(block)
            if len(block) < wanted:
                break
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


@dataclass(frozen=True, slots=True)
class OpenRecording:
    """An open file, hashed, with what is known to be wrong with it."""

    stream: FileIO
    decoder: Decoder
    sha256: str
    missing_bytes: int
    note: str | None


class Recordings:
    """A worker's reader: utterances of one file, in a row, open and hash it once.

    Use it as a context manager, or `close` it: it holds the last file open.
    """

    def __init__(self, *, longest_s: float = 300.0) -> None:
        """Utterances longer than `longest_s` are rejected before they are decoded."""
        self._longest_s = longest_s
        self._path: Path | None = None
        self._opened: OpenRecording | Rejection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file that is still open."""
        if isinstance(self._opened, OpenRecording):
            self._opened.stream.close()
        self._path = self._opened = None

    def read(self, source: AudioSource) -> Recording | Rejection:
        """Decode one utterance to mono float32 at the recording's own rate.

        Returns:
            The samples and where they lie, or why there are none: MISSING_AUDIO,
            UNREADABLE_AUDIO, TRUNCATED_AUDIO, EMPTY_AUDIO, SEGMENT_OUTSIDE_AUDIO or
            TOO_LONG_AUDIO (longer than a worker's memory should hold).
        """
        if self._path != source.path or self._opened is None:
            self.close()
            self._opened = open_recording(source.path)
            self._path = source.path
        if isinstance(self._opened, Rejection):
            return self._opened
        return read_segment(self._opened, source, longest_s=self._longest_s)


def open_recording(path: Path) -> OpenRecording | Rejection:
    """Open and hash a recording, or say why that is not possible."""
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            return Rejection(Reason.UNREADABLE_AUDIO, f"{path.name} is not a regular file")
        if facts.st_size == 0:
            return Rejection(Reason.EMPTY_AUDIO, f"{path.name} has 0 bytes")
        stream = FileIO(path)
    except (FileNotFoundError, NotADirectoryError):
        return Rejection(Reason.MISSING_AUDIO, f"no file {path.name}")
    except OSError as error:
        return Rejection(Reason.UNREADABLE_AUDIO, f"{path.name}: {error.strerror}")
    try:
        return _examine(stream, path=path, file_bytes=facts.st_size)
    except soundfile.LibsndfileError as error:
        stream.close()
        return Rejection(Reason.UNREADABLE_AUDIO, f"{path.name}: {error.error_string}")
    except OSError as error:
        stream.close()
        return Rejection(Reason.UNREADABLE_AUDIO, f"{path.name}: {error.strerror}")


def _examine(stream: FileIO, *, path: Path, file_bytes: int) -> OpenRecording | Rejection:
    sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    missing = missing_bytes(stream, file_bytes=file_bytes)
    note = None
    decoder: Decoder
    stream.seek(0)
    if path.suffix.lower() in HEADERLESS_SUFFIXES and stream.read(4) != b"RIFF":
        decoder = HeaderlessPcm(stream, file_bytes=file_bytes)
        if file_bytes % 2:
            note = f"odd length of {file_bytes} bytes: the last byte was dropped"
    else:
        decoder = SoundFileDecoder(stream)
        if decoder.rate_hz not in RATES_HZ or decoder.channels > MAX_CHANNELS:
            stream.close()
            found = f"{decoder.rate_hz} Hz, {decoder.channels} channels"
            return Rejection(Reason.UNREADABLE_AUDIO, f"{path.name} claims {found}")
    return OpenRecording(stream, decoder, sha256, missing, note)


def read_segment(recording: OpenRecording, source: AudioSource, *, longest_s: float) -> Recording | Rejection:
    """Decode the samples that `source` names from an open recording."""
    span = _span(recording, source, longest_s=longest_s)
    if isinstance(span, Rejection):
        return span
    start, count = span
    name, decoder = source.path.name, recording.decoder
    try:
        frames = decoder.read(start, count)
    except soundfile.LibsndfileError as error:
        return Rejection(Reason.UNREADABLE_AUDIO, f"{name}: {error.error_string}")
    except OSError as error:
        return Rejection(Reason.UNREADABLE_AUDIO, f"{name}: {error.strerror}")
    if decoder.length >= UNKNOWN_FRAMES and source.length_s is None:
        count = len(frames)
    if len(frames) < count:
        found = f"{len(frames)} of {count} samples from sample {start} on"
        return Rejection(Reason.TRUNCATED_AUDIO, f"{name} holds {found}")
    where = Source(decoder.rate_hz, offset=start, length=count, sha256=recording.sha256)
    return Recording(mix_to_mono(frames), where, note=recording.note)


def _span(recording: OpenRecording, source: AudioSource, *, longest_s: float) -> tuple[int, int] | Rejection:
    """First sample and number of samples of an utterance, or why it has none."""
    rate_hz, length, name = recording.decoder.rate_hz, recording.decoder.length, source.path.name
    whole = source.length_s is None
    if recording.missing_bytes and whole:
        return Rejection(
            Reason.TRUNCATED_AUDIO,
            f"{name}: its header promises {recording.missing_bytes} bytes more than the file has",
        )
    if length == 0:
        return Rejection(Reason.EMPTY_AUDIO, f"{name} holds no samples")
    end_s = length / rate_hz if source.length_s is None else source.offset_s + source.length_s
    said = f"segment {source.offset_s:g} s to {end_s:g} s of {name}, which lasts {length / rate_hz:g} s"
    if not 0 <= source.offset_s <= end_s <= length / rate_hz + END_TOLERANCE_S:
        cut = recording.missing_bytes > 0 and 0 <= source.offset_s <= end_s
        reason = Reason.TRUNCATED_AUDIO if cut else Reason.SEGMENT_OUTSIDE_AUDIO
        return Rejection(reason, said)
    start, end = round(source.offset_s * rate_hz), min(round(end_s * rate_hz), length)
    if end <= start:
        return Rejection(Reason.EMPTY_AUDIO, said)
    if end - start > longest_s * rate_hz:
        if length < UNKNOWN_FRAMES or not whole:
            return Rejection(Reason.TOO_LONG_AUDIO, f"{said}: over the {longest_s:g} s that are decoded")
        end = start + int(longest_s * rate_hz) + 1
    return start, end - start
