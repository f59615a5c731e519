"""Random access to the samples of an open file: headerless PCM, and all that libsndfile reads."""

from io import FileIO
from typing import Protocol

import numpy as np
import numpy.typing as npt
import soundfile

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


class Decoder(Protocol):
    """Random access to the samples of an open recording."""

    rate_hz: int
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
        self._stream = stream
        self._open()
        self.rate_hz = int(self._file.samplerate)
        self.channels = int(self._file.channels)
        self.length = int(self._file.frames)
        self._seeks_exactly = self._file.subtype.startswith(SEEKABLE_SUBTYPES)
        if self.length >= UNKNOWN_LENGTH:
            self.length = self._skip(UNKNOWN_LENGTH)
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
