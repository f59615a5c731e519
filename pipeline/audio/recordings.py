"""Recordings on disk: opened once, read in slices; every fault is a `Rejection`."""

import hashlib
import os
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Self, cast

from soundfile import LibsndfileError

from pipeline.audio.decoders import ClaimError, Decoder, HeaderlessPcm, SoundFileDecoder, find_truncation
from pipeline.audio.samples import mix_to_mono
from pipeline.contract.files import open_regular
from pipeline.contract.reasons import Reason
from pipeline.contract.sound import RATES_HZ
from pipeline.record import AudioSource, Recording, Rejection, SourceSpan

HEADERLESS_SUFFIXES = frozenset({".pcm", ".raw"})

MOST_CUT_OGG_BYTES = 2**32
"""Beyond the cut of a truncated Ogg, libsndfile searches for another page: a second per GB."""

_HASHED_BYTES = 2**18

END_TOLERANCE_S = 0.05
"""A segment may end this far beyond the audio, because annotation tools round their times."""


@dataclass(frozen=True, slots=True)
class OpenRecording:
    """An open file and its known faults.

    Attributes:
        truncation: Evidence that its end is missing, or None.
        note: What was repaired, or None.
    """

    name: str
    stream: FileIO
    decoder: Decoder
    truncation: str | None
    note: str | None


class Recordings:
    """A worker's reader. Consecutive utterances of one file open and hash it once.

    The last file stays open: use the reader as a context manager, or `close` it.
    """

    def __init__(self, *, longest_s: float = 300.0) -> None:
        """Utterances longer than `longest_s` are rejected before they are decoded."""
        self._longest_s = longest_s
        self._path: Path | None = None
        self._opened: tuple[OpenRecording, str] | Rejection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file that is still open."""
        if isinstance(self._opened, tuple):
            self._opened[0].stream.close()
        self._path = self._opened = None

    def read(self, source: AudioSource) -> Recording | Rejection:
        """Decode one utterance to mono float32 at the recording's own rate.

        Returns:
            The samples and where they lie, or the reason there are none: MISSING_AUDIO,
            UNREADABLE_AUDIO, TRUNCATED_AUDIO, EMPTY_AUDIO, SEGMENT_OUTSIDE_AUDIO or
            TOO_LONG_AUDIO (longer than a worker's memory should hold).
        """
        if self._opened is None or self._path != source.path:
            self.close()
            self._opened = _open_and_hash(source.path)
            self._path = source.path
        if isinstance(self._opened, Rejection):
            return self._opened
        opened, sha256 = self._opened
        return read_segment(opened, source, longest_s=self._longest_s, sha256=sha256)


def _open_and_hash(path: Path) -> tuple[OpenRecording, str] | Rejection:
    """An open recording and the SHA-256 of its file, or the reason it cannot be read."""
    opened = open_recording(path)
    if isinstance(opened, Rejection):
        return opened
    digest, position = hashlib.sha256(), 0
    try:
        # Without moving the descriptor, whose position libsndfile relies on.
        while block := os.pread(opened.stream.fileno(), _HASHED_BYTES, position):
            digest.update(block)
            position += len(block)
    except OSError as error:
        opened.stream.close()
        return unreadable(opened.name, error)
    return opened, digest.hexdigest()


def open_recording(path: Path) -> OpenRecording | Rejection:
    """Open a recording and look at its header, or give the reason it cannot be read.

    The whole file is read only where its header gives no length.
    """
    try:
        # Without the buffer: libsndfile reads from the same descriptor.
        stream = cast("FileIO", open_regular(path).detach())
    except (FileNotFoundError, NotADirectoryError, ValueError):  # a NUL in the name is a ValueError
        return Rejection(Reason.MISSING_AUDIO, f"no file {path.name}")
    except OSError as error:
        return unreadable(path.name, error)
    file_bytes = os.fstat(stream.fileno()).st_size
    opened = (
        _examine(stream, path=path, file_bytes=file_bytes)
        if file_bytes
        else Rejection(Reason.EMPTY_AUDIO, f"{path.name} has 0 bytes")
    )
    if isinstance(opened, Rejection):
        stream.close()
    return opened


def _examine(stream: FileIO, *, path: Path, file_bytes: int) -> OpenRecording | Rejection:
    """Choose the decoder of an open file and look at its header."""
    try:
        truncation = find_truncation(stream, file_bytes=file_bytes)
        if truncation and file_bytes > MOST_CUT_OGG_BYTES and _starts_with(stream, b"OggS"):
            return Rejection(Reason.TRUNCATED_AUDIO, f"{path.name}: {truncation}")
        if _is_headerless(stream, suffix=path.suffix):
            odd = f"odd length of {file_bytes} bytes: the last byte was dropped" if file_bytes % 2 else None
            pcm = HeaderlessPcm(stream, file_bytes=file_bytes)
            return OpenRecording(path.name, stream, pcm, truncation, note=odd)
        decoder = SoundFileDecoder(stream)
    except ClaimError as error:
        return Rejection(Reason.UNREADABLE_AUDIO, f"{path.name}: {error}")
    except (OSError, LibsndfileError) as error:
        return unreadable(path.name, error)
    return OpenRecording(path.name, stream, decoder, truncation, note=None)


def _is_headerless(stream: FileIO, *, suffix: str) -> bool:
    """Whether a file is raw samples: by its suffix, unless it starts like a WAV."""
    return suffix.lower() in HEADERLESS_SUFFIXES and not _starts_with(stream, b"RIFF")


def _starts_with(stream: FileIO, sign: bytes) -> bool:
    stream.seek(0)
    return stream.read(len(sign)) == sign


def unreadable(name: str, error: OSError | LibsndfileError) -> Rejection:
    """The verdict on a file that the system or libsndfile gave up on, in its words."""
    words = error.error_string if isinstance(error, LibsndfileError) else error.strerror
    return Rejection(Reason.UNREADABLE_AUDIO, f"{name}: {words}")


def read_segment(
    recording: OpenRecording, source: AudioSource, *, longest_s: float, sha256: str
) -> Recording | Rejection:
    """Decode the samples that `source` names from an open recording, whose file has this hash."""
    span = find_span(recording, source, longest_s=longest_s)
    if isinstance(span, Rejection):
        return span
    start, end = span
    if (end - start) * recording.decoder.channels > longest_s * RATES_HZ[-1]:
        channels = f"{end - start} samples in {recording.decoder.channels} channels"
        return Rejection(Reason.TOO_LONG_AUDIO, f"{recording.name}: {channels}, more than is decoded at once")
    try:
        samples = recording.decoder.read(start, end - start)
    except (OSError, LibsndfileError) as error:
        return unreadable(recording.name, error)
    if len(samples) < end - start:
        found = f"{recording.name} ends {len(samples)} samples into {start}..{end}, which its header promises"
        return Rejection(Reason.TRUNCATED_AUDIO, found)
    where = SourceSpan(recording.decoder.rate_hz, offset=start, length=end - start, sha256=sha256)
    return Recording(mix_to_mono(samples), where, note=recording.note)


def find_span(
    recording: OpenRecording, source: AudioSource, *, longest_s: float
) -> tuple[int, int] | Rejection:
    """The first sample of an utterance and the one after its last, or the reason it has none.

    In a truncated file, segments before the cut are complete; the whole file is not.
    """
    name, rate_hz, length = recording.name, recording.decoder.rate_hz, recording.decoder.length
    if recording.truncation and source.length_s is None:
        return Rejection(Reason.TRUNCATED_AUDIO, f"{name}: {recording.truncation}")
    if length == 0:
        return Rejection(Reason.EMPTY_AUDIO, f"{name} holds no samples")
    length_s = length / rate_hz
    end_s = length_s if source.length_s is None else source.offset_s + source.length_s
    segment = f"{source.offset_s:g} s to {end_s:g} s of {name}"
    if not 0 <= source.offset_s <= end_s <= length_s + END_TOLERANCE_S:
        beyond = recording.truncation and 0 <= source.offset_s <= end_s
        reason = Reason.TRUNCATED_AUDIO if beyond else Reason.SEGMENT_OUTSIDE_AUDIO
        return Rejection(reason, f"{segment}, which lasts {length_s:g} s")
    start, end = round(source.offset_s * rate_hz), min(round(end_s * rate_hz), length)
    if end <= start:
        return Rejection(Reason.EMPTY_AUDIO, f"{segment}: no samples")
    if end - start > longest_s * rate_hz:
        return Rejection(Reason.TOO_LONG_AUDIO, f"{segment}: over {longest_s:g} s, the most that is decoded")
    return start, end
