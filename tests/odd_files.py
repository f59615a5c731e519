"""What may lie in a folder besides what belongs there: pipes, sockets, links, devices, hostile names."""

import codecs
import os
import random
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.contract.files import is_regular

NOBODY = 65_534

ODD_NAMES = (
    "한글".encode("cp949"), "한글".encode(), "한국".encode("utf-16-le"), b"\xff\xfe", b"a\nb", b"a\tb",
    b"\x1b[2J", b"\x7f", b" ", b"a b", b"-o", b"--help", b"=cmd", b"<script>", b"a'b\"c", b"%s",
    b"\xe1\x84\x92\xe1\x85\xa1", b"a" * 250, "가".encode() * 83, b"\xed\xa0\x80", b".hidden", b"a\\b",
    b"*", b"[x]", b"con.", b"train", b"test",
)  # fmt: skip
"""Stems of names, none longer than a file system allows with a short ending."""

ENCODINGS = (
    "ascii utf-8 utf-8-sig utf-16 utf-16-le utf-16-be utf-32 utf-32-le utf-32-be cp949 latin-1".split()
)
SPARSE_BYTES = 2**30
"""More than may be held in memory, and read within a second."""


def odd_name(rng: random.Random, ending: str) -> str:
    """A name that a file can have, if hardly."""
    return os.fsdecode(rng.choice(ODD_NAMES)[: 254 - len(ending)] + ending.encode())


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the address of a socket has 107 bytes
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(os.fsencode(path.name)[:100])
    finally:
        os.chdir(here)


def _link(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


def _looping(path: Path) -> None:
    other = path.with_name("loop-of-links")
    path.symlink_to(other.name)
    if not other.is_symlink():
        other.symlink_to(path.name)


def _sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, SPARSE_BYTES)


def _unreadable(path: Path) -> None:
    path.write_bytes(b"\xff" * 50)
    path.chmod(0)


def _locked_folder(path: Path) -> None:
    path.mkdir()
    (path / "a.wav").touch()
    path.chmod(0)


def _deep(path: Path) -> None:
    for _ in range(30):
        path.mkdir()
        path /= "d" * 20


ODD_KINDS: dict[str, Callable[[Path], None]] = {
    "pipe": _fifo,
    "socket": _socket,
    "nowhere": _link("no/such/file"),
    "itself": lambda path: path.symlink_to(path.name),
    "circle": _looping,
    "parent": _link(".."),
    "here": _link("."),
    "zeros": _link("/dev/zero"),
    "full": _link("/dev/full"),
    "terminal": _link("/dev/tty"),
    "errors": _link("/proc/self/mem"),
    "long link": _link("a" * 300),
    "folder": Path.mkdir,
    "deep folder": _deep,
    "locked folder": _locked_folder,
    "unreadable": _unreadable,
    "sparse": _sparse,
    "empty": Path.touch,
    "noise": lambda path: path.write_bytes(random.Random(0).randbytes(5_000)),
    "long line": lambda path: path.write_bytes(b"a" * 2_000_000),
    "fields": lambda path: path.write_bytes(b"path,text\n" + b"a," * 200_000 + b"\n"),
    "UTF-16": lambda path: path.write_bytes("path,text\na.wav,가\n".encode("utf-16")),
    "nested": lambda path: path.write_bytes(b"[" * 100_000),
    "quote": lambda path: path.write_bytes(b'path,text\na.wav,"' + "가나다\n".encode() * 500),
}


def place_odd(path: Path, rng: random.Random) -> None:
    """Put something odd at `path`, in place of what is there; nothing if no such name can be."""
    kind = rng.choice(list(ODD_KINDS))
    try:
        if path.is_symlink() or is_regular(path):
            path.unlink()
        if not os.path.lexists(path):
            ODD_KINDS[kind](path)
    except (OSError, ValueError):
        return


@contextmanager
def as_nobody(folder: Path) -> Iterator[None]:
    """Lose root's power to read everything, where this process has it; `folder` becomes nobody's."""
    if os.geteuid():
        yield
        return
    for encoding in ENCODINGS:
        codecs.lookup(encoding)  # nobody may not import what root installed
    os.chown(folder, NOBODY, NOBODY)
    Path(tempfile.gettempdir()).chmod(0o711)  # so that nobody gets there
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
