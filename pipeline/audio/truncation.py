"""Finds truncated WAV and Ogg files, which libsndfile reads short without an error.

(A truncated FLAC or MP3 is noticed while it is decoded.) In a WAV, the size in the `data` chunk is
compared with the file's (RIFF; RF64 after EBU Tech 3306; RIFX is big-endian). In an Ogg, the last
page must be marked as the end of the stream (RFC 3533).
"""

import os
import struct
from typing import BinaryIO

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
