"""Damaging files as transfers, editors and attackers do: deterministic from a seed."""

import copy
import json
import random
import struct
from collections.abc import Sequence
from typing import Any

EDGES = (0, 1, 2, 3, 4, 7, 8, 16, 64, 127, 128, 255, 256, 0x7FFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1,
         2**32, 2**40, 2**63 - 1, 2**63, 2**64 - 1)  # fmt: skip

ODD_TEXTS = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\r", b"\n\n", b'"', b"'", b"|", b"\t", b"\\",
    b"../../../etc/passwd", b"/etc/passwd", b"%s%n", b"{}", b"[[[[", b"NaN", b"1e999", b"-1",
    b"9" * 400, b"\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", b"\xf0\x9f\x98\x80", b"<script>", b"A" * 5_000,
)  # fmt: skip

ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**53, 2**53 + 1, 2**63, 10**30, 10**400, -(10**400), 0.5, -0.0,
    1e308, "", "a", "\x00", "\ud800", "\x1b[2J", "..", "../x", "/etc/passwd", "a/../../b", "a\\b", "😀",
    "한", "x" * 3_000, [], {}, [[]], [0, 0], [[0, 1], [0, 1]], [[5, 2]], {"a": 1}, [1] * 50,
)  # fmt: skip


def mutate_bytes(content: bytes, rng: random.Random, *, spots: Sequence[tuple[int, int]] = ()) -> bytes:
    """Up to eight small changes: bits, bytes, integers at their edges, cuts, copies.

    Args:
        spots: (start, end) regions that the changes fall into; anywhere when there are none.
    """
    mutated = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        start, end = rng.choice(spots) if spots and rng.random() < 0.95 else (0, len(mutated))
        end = min(end, len(mutated))
        if start < end:
            _change(mutated, rng, start, end)
    return bytes(mutated)


def _change(content: bytearray, rng: random.Random, start: int, end: int) -> None:
    place, size = rng.randrange(start, end), rng.choice((1, 2, 4, 8))
    other = rng.randrange(start, end)
    aligned = place - place % size
    match rng.randrange(9):
        case 0:
            content[place] ^= 1 << rng.randrange(8)
        case 1:
            content[place] = rng.randrange(256)
        case 2 | 3:
            content[aligned : aligned + size] = (rng.choice(EDGES) % (1 << 8 * size)).to_bytes(size, "little")
        case 4:
            value = int.from_bytes(content[aligned : aligned + size], "little")
            value = (value + rng.choice((-8, -4, -1, 1, 4, 8, 64))) % (1 << 8 * size)
            content[aligned : aligned + size] = value.to_bytes(size, "little")
        case 5:
            del content[place : place + rng.choice((1, 4, 8, 64))]
        case 6:
            content[place:place] = content[other : other + rng.choice((4, 8, 16, 64))]
        case 7:
            content[place:place] = rng.choice(ODD_TEXTS)
        case 8 if rng.random() < 0.3:
            del content[place:]
        case _:
            content[place : place + 8] = content[other : other + 8]


def mutate_lines(content: bytes, rng: random.Random) -> bytes:
    """A listing with lines lost, repeated, swapped or joined, and bytes changed."""
    lines = content.split(b"\n")
    for _ in range(rng.choice((0, 1, 2, 4))):
        one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        match rng.randrange(5):
            case 0:
                lines[one], lines[other] = lines[other], lines[one]
            case 1:
                lines[one] = lines[one] + lines[other]
            case 2:
                lines.insert(one, lines[other])
            case 3 if len(lines) > 1:
                del lines[one]
            case _:
                lines[one] = rng.choice(ODD_TEXTS)
    return mutate_bytes(b"\n".join(lines), rng)


def mutate_json(content: bytes, rng: random.Random) -> bytes:
    """A JSON document with values, keys and structure changed; now and then its text instead."""
    if rng.random() < 0.2:
        return mutate_bytes(content, rng)
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):  # damaged before
        return mutate_bytes(content, rng)
    for _ in range(rng.choice((1, 1, 2, 4))):
        _change_value(document, rng)
    text = json.dumps(document)
    match rng.randrange(12):
        case 0:  # a key twice
            text = '{"name": "again", ' + text[1:]
        case 1:
            text = text.replace("0", "1e999", 1)
        case 2:
            depth = rng.choice((100, 900, 5_000, 100_000))
            text = text.replace("[]", "[" * depth + "]" * depth, 1)
    return text.encode(rng.choice(("utf-8", "utf-8", "utf-8-sig", "utf-16")))


def _change_value(document: Any, rng: random.Random) -> None:
    holder, key = rng.choice(_places(document))
    match rng.randrange(6):
        case 0 if isinstance(holder, dict):
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[rng.choice(("extra", "", "\x1b[2J", key + " "))] = copy.deepcopy(holder[key])
        case 2 if isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        case 3:
            other, other_key = rng.choice(_places(document))
            holder[key] = copy.deepcopy(other[other_key])
        case _:
            holder[key] = copy.deepcopy(rng.choice(ODD_VALUES))


def _places(document: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a document."""
    found: list[tuple[Any, Any]] = []
    waiting = [document]
    while waiting:
        holder = waiting.pop()
        for key in holder if isinstance(holder, dict) else range(len(holder)):
            found.append((holder, key))
            if isinstance(holder[key], dict | list):
                waiting.append(holder[key])
    return found or [({"": None}, "")]


def metadata_spots(stream: bytes) -> list[tuple[int, int]]:
    """Where an Arrow stream's metadata lies, and the beginning of each body (offsets and lengths)."""
    import pyarrow as pa

    spots, position = [], 0
    while position + 8 <= len(stream):
        (size,) = struct.unpack_from("<i", stream, position + 4)
        if size == 0:
            break
        message = pa.ipc.MessageReader.open_stream(pa.py_buffer(stream[position:])).read_next_message()
        body = position + 8 + size
        body_bytes = message.body.size if message.body else 0
        spots += [(position, body), (body, body + min(body_bytes, 1_500))]
        position = body + body_bytes
    return spots
