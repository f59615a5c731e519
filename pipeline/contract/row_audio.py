"""The audio file in a row of a shard, judged by its first bytes before anything is decoded or reserved.

A row says how many samples it holds, and its file says so again. Both must agree, and with the
number of bytes as far as that depends on it, or no reader touches the file.
"""

import struct
from typing import Final

from pipeline.contract.schema import SAMPLE_RATE_HZ, WAV_HEADER_BYTES

SUFFIXES: Final = {b"RIFF": "wav", b"fLaC": "flac"}
"""How each kind of file begins, and the ending of its name."""

_FLAC_HEADER = struct.Struct(">4sB3s10sQ16s")
"""Mark; kind and size of the first block; sizes of blocks and frames; rate, channels, bits, samples; MD5."""

_STREAM_INFO: Final = (0, b"\x00\x00\x22")
_CHANNELS, _BITS = 1, 16


_WAV_HEADER = struct.Struct("<4sI32sI")
_WAV_FORM: Final = struct.pack(
    "<4s4sIHHIIHH4s",
    b"WAVE", b"fmt ", 16, 1, _CHANNELS, SAMPLE_RATE_HZ, SAMPLE_RATE_HZ * 2, 2, _BITS, b"data",
)  # fmt: skip
"""What lies between the two sizes, of the file and of its samples: 16-bit PCM, 16 kHz, mono."""


def wav_header(num_samples: int) -> bytes:
    """The canonical 44-byte header of a WAV file: PCM, 16 bits, 16 kHz, mono."""
    num_bytes = 2 * num_samples
    return _WAV_HEADER.pack(b"RIFF", WAV_HEADER_BYTES - 8 + num_bytes, _WAV_FORM, num_bytes)


def find_header_problem(audio: bytes | memoryview, *, num_samples: int) -> str | None:
    """Why `audio` does not begin as a 16-bit 16 kHz mono WAV or FLAC file of `num_samples`; None if it does.

    Nothing is decoded, so it may still end early or hold nonsense.

    >>> find_header_problem(wav_header(2) + bytes(4), num_samples=2)
    """
    start = bytes(memoryview(audio)[:WAV_HEADER_BYTES])
    if start.startswith(b"RIFF"):
        return _wav_problem(start, len(audio), num_samples)
    if start.startswith(b"fLaC"):
        return _flac_problem(start, num_samples)
    return "its audio is neither WAV nor FLAC"


def _wav_problem(start: bytes, num_bytes: int, num_samples: int) -> str | None:
    expected = WAV_HEADER_BYTES + 2 * num_samples
    if num_bytes != expected:
        return f"its WAV has {num_bytes} bytes, {num_samples} samples and a header are {expected}"
    if start != wav_header(num_samples):
        return f"its WAV header is not that of {num_samples} samples of 16 bits, {SAMPLE_RATE_HZ} Hz, mono"
    return None


def _flac_problem(start: bytes, num_samples: int) -> str | None:
    if len(start) < _FLAC_HEADER.size:
        return f"its FLAC has {len(start)} bytes, less than a header"
    _, last_and_kind, size, _, packed, _ = _FLAC_HEADER.unpack_from(start)
    if (last_and_kind & 0x7F, size) != _STREAM_INFO:
        return "its FLAC does not begin with the block STREAMINFO"
    # 20 bits of rate, 3 of channels less one, 5 of bits less one, 36 of samples.
    rate_hz, channels, bits = packed >> 44, (packed >> 41 & 7) + 1, (packed >> 36 & 31) + 1
    if (rate_hz, channels, bits) != (SAMPLE_RATE_HZ, _CHANNELS, _BITS):
        return f"its FLAC header says {rate_hz} Hz, {channels} channels, {bits} bits"
    claimed = packed & (1 << 36) - 1
    if claimed != num_samples:
        return f"its FLAC header says {claimed} samples, num_samples says {num_samples}"
    return None
