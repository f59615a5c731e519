"""Random access to the samples of an open file: headerless PCM, and all that libsndfile reads.

libsndfile reads a truncated WAV or Ogg file short without an error, so `find_truncation` looks for
the end itself. In a WAV, the size in the `data` chunk is compared with the file's (RIFF; RF64
after EBU Tech 3306; RIFX is big-endian). In an Ogg, the last page must be marked as the end of the
stream (RFC 3533). A truncated FLAC or MP3 is noticed while it is decoded.
"""

import os
import struct
from io import FileIO
from typing import BinaryIO, Protocol

import numpy as np
import numpy.typing as npt
import soundfile

from pipeline.contract.sound import LONGEST_S, sound_problem

BLOCK_SAMPLES = 1 << 20
"""Memory grows block by block as samples arrive; a header's claim reserves none."""

UNKNOWN_LENGTH = 1 << 62
"""libsndfile reports 2**63 - 1 samples when a stream's header gives no length."""

SEEKABLE_SUBTYPES = ("PCM", "FLOAT", "DOUBLE", "ALAW", "ULAW")
"""Formats in which libsndfile seeks to the exact sample. In lossy codecs a frame depends on those
before it, and seeks miss (measured: by up to a block in the last page of an Ogg Vorbis, by over
1,700 samples in an MP3), so these are decoded from the start."""

KSPON_RATE_HZ = 16_000

Frames = npt.NDArray[np.float32]
"""Samples by channels, shape (S, C)."""


class ClaimError(Exception):
    """A header claims what no recording has; the message says what."""


class Decoder(Protocol):
    """Random access to the samples of an open recording."""

    rate_hz: int
    channels: int
    length: int

    def read(self, start: int, count: int) -> Frames:
        """Up to `count` samples per channel from `start` on; fewer where the audio ends.

        The result does not depend on what was read before.

        Raises:
            OSError: The file could not be read.
            soundfile.LibsndfileError: Its content could not be decoded.
        """
        ...


class HeaderlessPcm:
    """A file of signed 16-bit little-endian mono samples at 16 kHz, without a header: KsponSpeech's .pcm."""

    rate_hz = KSPON_RATE_HZ
    channels = 1

    def __init__(self, stream: FileIO, *, file_bytes: int) -> None:
        self.length = file_bytes // 2
        self._stream = stream

    def read(self, start: int, count: int) -> Frames:
        """See `Decoder`."""
        self._stream.seek(2 * start)
        pcm = self._stream.read(2 * count)
        samples = np.frombuffer(pcm, dtype="<i2", count=len(pcm) // 2)
        return (samples * np.float32(1 / 32_768))[:, np.newaxis]


class SoundFileDecoder:
    """Any format that libsndfile decodes (WAV, FLAC, MP3, Ogg and more), recognised by content."""

    def __init__(self, stream: FileIO) -> None:
        """Read the header; where it gives no length, count the samples.

        Raises:
            ClaimError: The header claims a rate or channels that no recording has.
            soundfile.LibsndfileError: libsndfile cannot read it.
        """
        self._stream = stream
        self._open()
        self.rate_hz = int(self._file.samplerate)
        self.channels = int(self._file.channels)
        self.length = int(self._file.frames)
        self._seeks_exactly = self._file.subtype.startswith(SEEKABLE_SUBTYPES)
        # The length is not judged here: parts of a file that claims too much may well be read.
        problem = sound_problem(rate_hz=self.rate_hz, channels=self.channels, frames=0)
        if problem is not None:
            raise ClaimError(problem)
        if self.length >= UNKNOWN_LENGTH:
            self.length = self._skip(LONGEST_S * self.rate_hz + 1)
            self._open()

    def _open(self) -> None:
        self._stream.seek(0)
        self._file = _Forward(self._stream.fileno(), closefd=False)
        self._position = 0

    def read(self, start: int, count: int) -> Frames:
        """See `Decoder`."""
        try:
            self._go_to(start)
            return self._decode(count)
        except soundfile.LibsndfileError:
            self._open()  # after one error a decoder also fails on intact parts
            raise

    def _go_to(self, start: int) -> None:
        if self._seeks_exactly and start != self._position:
            self._file.seek(start)
            self._position = start
        elif start < self._position:
            self._open()
        self._skip(start - self._position)

    def _skip(self, count: int) -> int:
        """Decode and discard up to `count` samples; return how many there were."""
        before = self._position
        while count > 0:
            skipped = len(self._block(count))
            count = count - skipped if skipped else 0
        return self._position - before

    def _decode(self, count: int) -> Frames:
        blocks = [self._block(count)]
        while len(blocks[-1]) == BLOCK_SAMPLES:
            blocks.append(self._block(count - len(blocks) * BLOCK_SAMPLES))
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)

    def _block(self, most: int) -> Frames:
        """The next samples: at most `most` and at most a block."""
        wanted = min(BLOCK_SAMPLES, most)
        block: Frames = self._file.read(out=np.empty((wanted, self.channels), np.float32))
        self._position += len(block)
        return block


class _Forward(soundfile.SoundFile):  # type: ignore[misc]  # soundfile has no types
    """A file in which soundfile never seeks on its own.

    After every read of a seekable file, soundfile seeks to the current position. That takes time,
    loses the state that a lossy decoder needs, and fails at the end of a FLAC of unknown length.
    """

    def seekable(self) -> bool:
        """`SoundFile.read` asks this before it seeks; `seek` itself still works."""
        return False


MOST_CHUNKS = 1000  # no recorder writes more; a malicious file could hold millions
STREAMED_FROM = 0x7FFF_0000
"""Data sizes from here on, and 0, are written by programs that cannot seek back to fill them in
(sox 0x7FFFF000, ffmpeg 0xFFFFFFFF): the audio then goes to the end of the file."""

OGG_PAGE_BYTES = 27 + 255 + 255 * 255  # the largest
OGG_END_OF_STREAM = 0x04


def find_truncation(stream: BinaryIO, *, file_bytes: int) -> str | None:
    """Evidence that audio is missing at the end of a WAV or Ogg file, or None.

    Args:
        stream: The open file; its position is moved.
        file_bytes: The file's size.

    Raises:
        OSError: The file could not be read.
    """
    stream.seek(0)
    head = stream.read(12)
    if head[:4] in (b"RIFF", b"RIFX", b"RF64") and head[8:] == b"WAVE":
        missing = _missing_from_wav(stream, order=">" if head[:4] == b"RIFX" else "<", file_bytes=file_bytes)
        return f"its header promises {missing} bytes more than the file has" if missing else None
    if head[:4] == b"OggS" and not _ends_ogg(stream, file_bytes=file_bytes):
        return "its last page is not marked as the end of the stream"
    return None


def _missing_from_wav(stream: BinaryIO, *, order: str, file_bytes: int) -> int:
    """How many bytes the data chunk promises beyond the end of the file."""
    position, long_size = 12, 0
    for _ in range(MOST_CHUNKS):
        stream.seek(position)
        header = stream.read(8)
        if len(header) < 8:
            break  # no data chunk: libsndfile says what is wrong
        name, size = struct.unpack(order + "4sI", header)
        position += 8
        if name == b"data":
            promised = long_size or size
            streamed = promised == 0 or (promised == size and size >= STREAMED_FROM)
            return 0 if streamed else max(0, position + promised - file_bytes)
        if name == b"ds64":
            long_size = _long_data_size(stream.read(16))
        position += size + size % 2
    return 0


def _long_data_size(body: bytes) -> int:
    """The data size of an RF64 file; 0 if it was never filled in."""
    size = int.from_bytes(body[8:16], "little")
    return 0 if size >= 1 << 63 else size


def _ends_ogg(stream: BinaryIO, *, file_bytes: int) -> bool:
    """Whether a page near the end of the file is whole and marked as the stream's last."""
    stream.seek(max(0, file_bytes - 2 * OGG_PAGE_BYTES), os.SEEK_SET)
    tail = stream.read()
    page = tail.rfind(b"OggS")
    while page >= 0:
        header = tail[page : page + 27]
        if len(header) == 27 and header[5] & OGG_END_OF_STREAM:
            lengths = tail[page + 27 : page + 27 + header[26]]
            if page + 27 + header[26] + sum(lengths) <= len(tail):
                return True
        page = tail.rfind(b"OggS", 0, page)
    return False
