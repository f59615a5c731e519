"""Random access to the samples of an open file: headerless PCM, and all that libsndfile reads."""

from io import FileIO
from typing import Protocol

import numpy as np
import numpy.typing as npt
import soundfile

BLOCK_SAMPLES = 1 << 20
"""Memory is taken block by block as samples arrive, never on a header's word."""

UNKNOWN_LENGTH = 1 << 62
"""libsndfile says 2**63 - 1 where a stream's header gives no length."""

SEEKABLE_SUBTYPES = ("PCM", "FLOAT", "DOUBLE", "ALAW", "ULAW")
"""Where every sample stands alone, or the container (FLAC) seeks exactly. A lossy codec's frame
leans on those before it, and libsndfile's seeks go astray (measured: within the last page of an
Ogg Vorbis by up to a block, over 1,700 samples of an MP3): those are decoded from the start."""

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
            self._open()  # a decoder that failed once fails for good parts, too
            raise

    def _go_to(self, start: int) -> None:
        if self._seeks_exactly and start != self._position:
            self._file.seek(start)
            self._position = start
        elif start < self._position:
            self._open()
        self._skip(start - self._position)

    def _skip(self, count: int) -> int:
        """Decode up to `count` samples and forget them; how many there were."""
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
        """The next samples: `most`, or a block's worth, or what is left."""
        wanted = min(BLOCK_SAMPLES, most)
        block: Frames = self._file.read(out=np.empty((wanted, self.channels), np.float32))
        self._position += len(block)
        return block


class _Forward(soundfile.SoundFile):  # type: ignore[misc]  # soundfile has no types
    """A file that soundfile does not seek in behind our back.

    After every read of a seekable file soundfile seeks to where it is already: that takes time,
    costs a lossy decoder the state it needs, and fails at the end of a FLAC of unknown length.
    """

    def seekable(self) -> bool:
        """What `SoundFile.read` asks before it does that; `seek` itself still works."""
        return False
