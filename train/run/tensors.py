"""A safetensors file that anyone may have written, read without believing it.

    8 bytes    the length of the header, little-endian
    header     JSON: {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...}
    tensors    one after the other, without gaps

The header is compared with the file's size when the file is opened, and by the caller with the
shapes that it expects, before anything is allocated. Hash and tensors then come from one pass over
one open file: what was hashed is what was read, whatever happens to the name meanwhile.
"""

import hashlib
import io
import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeGuard

import torch
from torch import Tensor

from pipeline.contract.errors import HandOffBroken
from pipeline.contract.files import open_regular
from pipeline.contract.text import shorten

Shape = tuple[int, ...]

LENGTH_BYTES: Final = 8
MOST_HEADER_BYTES: Final = 4 * 2**20  # 1,100 tensors, the most that settings allow, take 0.2 MB
DTYPES: Final = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


@dataclass(frozen=True, slots=True)
class TensorHeader:
    """What a file says of one of its tensors; `start` and `end` are bytes after the header."""

    dtype: torch.dtype
    shape: Shape
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TensorFile:
    """An open safetensors file whose header agrees with its size.

    Attributes:
        headers: Of each tensor, by name, in the order of the file.
    """

    path: Path
    headers: dict[str, TensorHeader]
    _head: bytes
    _stream: io.BufferedReader

    def read(self, *, sha256: str | None) -> dict[str, Tensor]:
        """All tensors, on the CPU.

        Raises:
            HandOffBroken: The file's hash is not `sha256`.
        """
        digest = hashlib.sha256(self._head)
        tensors = {}
        for name, header in self.headers.items():
            tensor = torch.empty(header.shape, dtype=header.dtype)
            content = tensor.reshape(-1).view(torch.uint8).numpy().data
            if self._stream.readinto(content) != len(content):
                raise HandOffBroken(f"{self.path} became shorter while it was read; copy it again")
            digest.update(content)
            tensors[name] = tensor
        if digest.hexdigest() != sha256:
            raise HandOffBroken(f"{self.path} does not have the hash that its record gives; copy it again")
        return tensors


@contextmanager
def open_tensors(path: Path) -> Iterator[TensorFile]:
    """Open a safetensors file and check its header.

    Raises:
        HandOffBroken: It is missing, not a regular file, or not a safetensors file.
    """
    try:
        stream = open_regular(path)
    except FileNotFoundError as error:
        raise HandOffBroken(f"{path} is missing; copy the whole checkpoint folder") from error
    except OSError as error:
        raise HandOffBroken(f"{path} cannot be read: {error.strerror}; copy it again") from error
    with stream:
        try:
            head, headers = _read_header(stream)
        except (ValueError, RecursionError) as error:
            problem = shorten(str(error))
            raise HandOffBroken(f"{path} is not a safetensors file: {problem}; copy it again") from error
        yield TensorFile(path, headers, head, stream)


def _read_header(stream: io.BufferedReader) -> tuple[bytes, dict[str, TensorHeader]]:
    """The bytes before the tensors, and the tensors' headers in the order of the file."""
    size = os.fstat(stream.fileno()).st_size
    length_bytes = stream.read(LENGTH_BYTES)
    length = int.from_bytes(length_bytes, "little")
    if len(length_bytes) < LENGTH_BYTES or length > min(size - LENGTH_BYTES, MOST_HEADER_BYTES):
        raise ValueError(f"a header of {length:,} bytes in a file of {size:,}")
    text = stream.read(length)
    content = json.loads(text)
    if not isinstance(content, dict):
        raise ValueError("its header is not an object")  # noqa: TRY004 - the file's fault, as the rest
    content.pop("__metadata__", None)
    found = {name: _header(name, entry) for name, entry in content.items()}
    headers = dict(sorted(found.items(), key=lambda item: (item[1].start, item[1].end)))
    end = 0
    for name, header in headers.items():
        if header.start != end:
            raise ValueError(f"tensor {name} begins at byte {header.start:,}, expected {end:,}")
        end = header.end
    if end != size - LENGTH_BYTES - length:
        raise ValueError(f"its tensors end at byte {end:,}, it has {size - LENGTH_BYTES - length:,}")
    return length_bytes + text, headers


def _header(name: str, entry: Any) -> TensorHeader:
    if not isinstance(entry, dict):
        raise ValueError(f"tensor {name} has no header")  # noqa: TRY004 - as above
    dtype, shape, offsets = (entry.get(key) for key in ("dtype", "shape", "data_offsets"))
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise ValueError(f"tensor {name} has the type {dtype!r}; expected one of {', '.join(DTYPES)}")
    if not (_are_counts(shape) and _are_counts(offsets)) or len(offsets) != 2:
        raise ValueError(f"tensor {name} has the shape {shape!r} and the bytes {offsets!r}")
    header = TensorHeader(DTYPES[dtype], tuple(shape), *offsets)
    if header.end - header.start != math.prod(shape) * header.dtype.itemsize:
        raise ValueError(f"tensor {name} of shape {shape!r} has {header.end - header.start:,} bytes")
    return header


def _are_counts(values: Any) -> TypeGuard[list[int]]:
    return (
        isinstance(values, list)
        and len(values) <= 8
        and all(type(n) is int and 0 <= n < 2**62 for n in values)
    )
