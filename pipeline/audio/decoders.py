"""Random access to the samples of an open file: headerless PCM, and all that libsndfile reads."""

from io import FileIO
from typing import Protocol

import numpy as np
import numpy.typing as npt
import soundfile

BLOCK_SAMPLES = 1 << 20
"""Memory is taken block by block as samples arrive, never on a header's word."""

PREROLL_SAMPLES = 8192
"""A lossy codec's frame leans on those before it: after a seek, the first samples are wrong
(measured: up to 1,700 of an MP3, 850 of an Ogg Vorbis). These are decoded and thrown away."""

SEEKABLE_SUBTYPES = ("PCM", "FLOAT", "DOUBLE", "ALAW", "ULAW")
"""Where every sample stands alone, or the container (FLAC) seeks exactly."""

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
    """Signed 16-bit little-endian mono samples at 16 kHz and nothing else: KsponSpeech's .pcm."""

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
    """Whatever libsndfile decodes (WAV, FLAC, MP3, Ogg and more), by content, not by suffix."""

    def __init__(self, stream: FileIO) -> None:
        self._stream = stream
        self._open()
        self.rate_hz = int(self._file.samplerate)
        self.length = int(self._file.frames)
        self.channels = int(self._file.channels)
        exact = self._file.subtype.startswith(SEEKABLE_SUBTYPES)
        self._preroll = 0 if exact else PREROLL_SAMPLES

    def _open(self) -> None:
        self._stream.seek(0)
        self._file = soundfile.SoundFile(self._stream.fileno(), closefd=False)
        self._position = 0

    def read(self, start: int, count: int) -> Frames:
        """See `Decoder`."""
        try:
            if start != self._position:
                first = max(0, start - self._preroll)
                self._file.seek(first)
                self._decode(start - first)
            samples = self._decode(count)
        except soundfile.LibsndfileError:
            self._open()  # a decoder that failed once fails for good parts, too
            raise
        self._position = start + len(samples)
        return samples

    def _decode(self, count: int) -> Frames:
        blocks = []
        while count > 0:
            wanted = min(BLOCK_SAMPLES, count)
            block = self._file.read(out=np.empty((wanted, self.channels), np.float32))
            blocks.append(block)
            count = count - wanted if len(block) == wanted else 0
        if len(blocks) == 1:
            only: Frames = blocks[0]
            return only
        return np.concatenate(blocks) if blocks else np.empty((0, self.channels), np.float32)
