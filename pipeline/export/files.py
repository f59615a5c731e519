"""Names of exported files. Ids and splits come from a manifest that nobody vouches for."""

import hashlib
import os
import re
import shutil
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.contract.errors import HandOffBroken, InputRejected

MAX_READABLE = 60  # characters; in UTF-8 up to 180 of the 255 bytes that a file's name may have
_UNSAFE = re.compile(r"[^0-9A-Za-z가-힣_-]+")
_SPLIT = re.compile(r"[0-9A-Za-z_]{1,64}")


def audio_name(utterance_id: str, *, suffix: str) -> str:
    """Where an utterance's audio goes: two levels, so that no folder grows too large.

    The hash makes the name unique, on file systems that ignore case as well; the rest is for
    people to read.

    >>> audio_name("kss/1/../../1_0001", suffix="wav")
    'audio/0a/1_0001-0abdf51c5c52b35a10dc.wav'
    """
    digest = hashlib.sha256(utterance_id.encode()).hexdigest()[:20]
    last = unicodedata.normalize("NFC", utterance_id).rpartition("/")[2]
    readable = _UNSAFE.sub("_", last)[-MAX_READABLE:]
    return f"audio/{digest[:2]}/{readable}-{digest}.{suffix}"


def check_split(split: str) -> str:
    """`split`, which becomes the name of a file or folder.

    Raises:
        HandOffBroken: It is no plain name.
    """
    if not _SPLIT.fullmatch(split):
        raise HandOffBroken(
            f"the split {split!r} cannot be a file's name: expected letters, digits and _;"
            " make the splits anew with `malsori split`"
        )
    return split


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A temporary folder beside `path` that takes its name when the block ends well.

    When the block raises, the temporary folder is removed and nothing stands at `path`.

    Raises:
        InputRejected: Something stands at `path` already.
    """
    _refuse_existing(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)  # of a killed process with this number
    temporary.mkdir()
    try:
        yield temporary
        _refuse_existing(path)  # a rename would replace an empty folder made meanwhile
        temporary.rename(path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _refuse_existing(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise InputRejected(f"{path} exists already; give a new folder, or remove it first")
