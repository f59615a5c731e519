"""Files: whole under their final name or not there, and read only if they are regular files.

Whoever fills a folder may put a pipe into it, or a link to a device: opening the one waits for
ever, reading the other never ends. So every file that is not ours is opened with `open_regular`.
"""

import errno
import hashlib
import io
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, TextIO

from pipeline.contract.errors import InputRejected
from pipeline.contract.text import as_text

LONGEST_TEMPORARY_BYTES = 200
"""A longer name gets a short temporary one: file systems end at 255 bytes."""

IMPOSSIBLE = {
    errno.EEXIST: "a file stands where a folder is needed",
    errno.ENOTDIR: "a file stands where a folder is needed",
    errno.EISDIR: "it is a folder",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ELOOP: "its links lead in a circle",
}

NOT_OURS = {errno.ELOOP, errno.EISDIR, errno.ENXIO, errno.ENODEV}  # a link, a folder, a socket, a device


def open_regular(path: Path) -> io.BufferedReader:
    """Open a regular file for reading; links to regular files are followed.

    Raises:
        OSError: There is no such file, or it is a folder, a pipe, a socket or a device. Opening
            a pipe never waits for its writer.
    """
    # Looked at before it is opened, since opening some devices does something; and after, since
    # something else may have taken its place.
    _require_regular(path, path.stat().st_mode)
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _require_regular(path, os.fstat(descriptor).st_mode)
        return open(descriptor, "rb")  # noqa: PTH123 - a Path cannot be made of a descriptor
    except BaseException:
        os.close(descriptor)
        raise


def open_regular_text(
    path: Path, *, encoding: str = "utf-8", errors: str = "strict", newline: str | None = None
) -> TextIO:
    """Open a regular file as text. Raises what `open_regular` does."""
    return io.TextIOWrapper(open_regular(path), encoding=encoding, errors=errors, newline=newline)


def read_regular(path: Path, *, most_bytes: int) -> bytes:
    """The bytes of a regular file.

    Raises:
        OSError: As for `open_regular`, or the file is larger than `most_bytes`.
    """
    with open_regular(path) as stream:
        content = stream.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise OSError(errno.EINVAL, f"it is larger than {most_bytes:,} bytes", str(path))
    return content


def open_own(path: Path, flags: int = 0) -> int:
    """Open a file that runs keep in a folder of theirs, for reading and writing; make it if need be.

    What a link leads to is not ours, and whoever handed the folder over may have put one there.

    Args:
        flags: More of `os.open`'s, such as `os.O_APPEND`.

    Returns:
        A file descriptor.

    Raises:
        InputRejected: A link stands there, or anything but a regular file.
    """
    try:
        descriptor = os.open(
            path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | flags, 0o644
        )
    except OSError as error:
        if error.errno not in NOT_OURS:
            raise
        raise InputRejected(f"{path} is no regular file, so no run made it: remove it") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise InputRejected(f"{path} is no regular file, so no run made it: remove it")
    return descriptor


def is_regular(path: Path) -> bool:
    """Whether `path` is a regular file or a link to one; False for a name that no file can have."""
    return os.path.isfile(path)  # noqa: PTH113 - Path.is_file raises for a name that is too long


def is_folder(path: Path) -> bool:
    """Whether `path` is a folder or a link to one; False for a name that nothing can have."""
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises for a name that is too long


def make_folder(path: Path) -> None:
    """Make a folder and those above it, if need be. Raises InputRejected where none can be."""
    with _refusing_impossible(path):
        path.mkdir(parents=True, exist_ok=True)


@contextmanager
def named_in_utf8(path: Path) -> Iterator[str]:
    """A name of `path` in UTF-8, a link if need be: some libraries cannot open names that are not."""
    if as_text(str(path)) == str(path):
        yield str(path)
        return
    with TemporaryDirectory(prefix="malsori-") as folder:
        link = Path(folder) / "link"
        link.symlink_to(path.absolute())
        yield str(link)


@contextmanager
def replacing(path: Path, *, outdated: Sequence[Path] = ()) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path` that takes its name when the block ends well.

    The bytes are on the disk (fsync of file and folder) before the name is; when the block
    raises, the temporary file is removed and whatever stood at `path` is untouched. The
    temporary name is unique to the process: two writers never share one.

    Args:
        outdated: Files that are not true any more once the new one is there: removed just before.

    Raises:
        InputRejected: No file can have this path: it is a folder, below a file, or too long.
    """
    with _refusing_impossible(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "is a folder", str(path))
    temporary = _temporary_name(path)
    try:
        temporary.unlink(missing_ok=True)  # left by a killed process, or a link planted by someone else
        with temporary.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        for file in outdated:
            file.unlink(missing_ok=True)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


@contextmanager
def new_folder(path: Path, *, replace: bool = False) -> Iterator[Path]:
    """Make a temporary folder beside `path` that takes its name when the block ends well.

    The folder and its name are on the disk before this returns; so are the files that the block
    wrote with `replacing` or `write_text`. When the block raises, the temporary folder is removed
    and whatever stood at `path` is untouched.

    Args:
        replace: Remove the folder, or link, that stands at `path` just before the new one takes its name.

    Raises:
        InputRejected: Something stands at `path` already, and `replace` was not asked for; or no
            folder can have this path.
    """
    with _refusing_impossible(path):
        if not replace:
            _refuse_existing(path)
        path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary_name(path)
    shutil.rmtree(temporary, ignore_errors=True)  # left by a killed process with this number
    temporary.mkdir()
    try:
        yield temporary
        _sync_folder(temporary)
        if replace and (is_folder(path) or path.is_symlink()):
            remove_whole(path)
        _refuse_existing(path)  # a rename would silently replace an empty folder made meanwhile
        temporary.rename(path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    _sync_folder(path.parent)


def sweep(folder: Path) -> None:
    """Remove what killed writers left in `folder`: temporary files and folders.

    Only for a caller who knows that nobody is writing there.
    """
    for temporary in folder.glob(".*.tmp"):
        remove_whole(temporary)


def remove_whole(path: Path) -> None:
    """Remove a file, a folder with all that is in it, or a link, but nothing that it leads to."""
    if is_folder(path) and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def write_text(path: Path, text: str) -> None:
    """Write `text` (UTF-8) to `path`, whole or not at all."""
    with replacing(path) as stream:
        stream.write(text.encode())


def file_sha256(path: Path) -> str:
    """SHA-256 of the file's bytes, in hexadecimal."""
    with open_regular(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _require_regular(path: Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "is a folder", str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "is a pipe, a socket or a device, not a regular file", str(path))


@contextmanager
def _refusing_impossible(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in IMPOSSIBLE:
            raise
        raise InputRejected(f"cannot write {path}: {IMPOSSIBLE[error.errno]}; give another path") from error


def _temporary_name(path: Path) -> Path:
    return hidden_name(path, f"{os.getpid()}.tmp")


def hidden_name(path: Path, ending: str) -> Path:
    """`.<name>.<ending>` beside `path`; a long name becomes its hash, so that a file can have it."""
    name = path.name
    if len(os.fsencode(name)) > LONGEST_TEMPORARY_BYTES:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return path.with_name(f".{name}.{ending}")


def _refuse_existing(path: Path) -> None:
    with suppress(FileNotFoundError):
        path.lstat()
        raise InputRejected(f"{path} exists already; give a new folder, or remove it first")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
