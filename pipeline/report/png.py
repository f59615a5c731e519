"""Pictures of few colours as PNG files.

Source: https://www.w3.org/TR/png-3/ (colour type 3: an index into a palette).
"""

import struct
import zlib

import numpy as np
import numpy.typing as npt

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_INDEXED = 3


def encode_png(pixels: npt.NDArray[np.uint8], palette: npt.NDArray[np.uint8]) -> bytes:
    """A PNG file.

    matplotlib would do this as well, for 30 MB of code and a second of every run.

    Args:
        pixels: Indices into the palette, shape (height, width), the top row first.
        palette: Red, green and blue, shape (colours, 3), at most 256 of them.
    """
    height, width = pixels.shape
    rows = np.zeros((height, 1 + width), np.uint8)  # each row begins with its filter: none
    rows[:, 1:] = pixels
    return b"".join(
        [
            _SIGNATURE,
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, _INDEXED, 0, 0, 0)),
            _chunk(b"PLTE", palette.tobytes()),
            _chunk(b"IDAT", zlib.compress(rows.tobytes(), 9)),
            _chunk(b"IEND", b""),
        ]
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
