"""WAV headers: how much of the audio that a header promises is not in the file.

libsndfile reads a truncated WAV short without a word, so the size in the `data` chunk is
compared with the file's here. Layout: RIFF and RF64 (EBU Tech 3306), RIFX for big-endian.
"""

import struct
from typing import BinaryIO

MAX_CHUNKS = 1000  # a header with more is no recording's
STREAMED_FROM = 0x7FFF_0000
"""Data sizes from here on, and 0, are what programs write that cannot seek back to fill them in
(sox 0x7FFFF000, ffmpeg 0xFFFFFFFF): the audio then goes to the end of the file."""


def missing_bytes(stream: BinaryIO, *, file_bytes: int) -> int:
    """Bytes of audio that a WAV's header promises beyond the end of the file.

    Args:
        stream: The open file; its position is moved.
        file_bytes: The file's size.

    Returns:
        0 for a whole WAV, a WAV of unknown (streamed) length and whatever is not a WAV.

    Raises:
        OSError: The file could not be read.
    """
    stream.seek(0)
    head = stream.read(12)
    if len(head) < 12 or head[:4] not in (b"RIFF", b"RIFX", b"RF64") or head[8:] != b"WAVE":
        return 0
    size_format = ">I" if head[:4] == b"RIFX" else "<I"
    position, long_size = 12, 0
    for _ in range(MAX_CHUNKS):
        stream.seek(position)
        header = stream.read(8)
        if len(header) < 8:
            return 0  # no data chunk: libsndfile says what is wrong
        name, size = header[:4], struct.unpack(size_format, header[4:])[0]
        position += 8
        if name == b"data":
            promised = long_size if size == 0xFFFF_FFFF else size
            streamed = promised == 0 or STREAMED_FROM <= size < 0xFFFF_FFFF
            return 0 if streamed else max(0, position + promised - file_bytes)
        if name == b"ds64":
            long_size = _long_data_size(stream.read(16))
        position += size + _padding(stream, end=position + size, size=size)
    return 0


def _long_data_size(body: bytes) -> int:
    """The data size of an RF64 file, 0 where it was never filled in."""
    if len(body) < 16:
        return 0
    size = int(struct.unpack_from("<Q", body, 8)[0])
    return 0 if size >= 1 << 63 else size


def _padding(stream: BinaryIO, *, end: int, size: int) -> int:
    """Chunks of odd size are followed by a zero byte; some writers forget it."""
    if size % 2 == 0:
        return 0
    stream.seek(end)
    return 1 if stream.read(1) == b"\0" else 0
