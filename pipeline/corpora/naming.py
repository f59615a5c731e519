"""From the names in a corpus to the ids, speakers and splits in the shards."""

import re
from pathlib import Path
from unicodedata import normalize

from pipeline.record import UtteranceId

_SPLITS = {
    "train": "train", "training": "train",
    "dev": "valid", "valid": "valid", "validation": "valid",
    "test": "test", "eval": "test",
}  # fmt: skip
_SPLIT_NAME = re.compile(rf"({'|'.join(sorted(_SPLITS, key=len, reverse=True))})(?:[-_.].*)?", re.IGNORECASE)

_NUMBERING = re.compile(r"^\d+[._\- ]+")  # AI Hub numbers its folders: 1.Training


def utterance_id(corpus: str, *parts: str) -> UtteranceId:
    """`<corpus>/<part>/...`: always valid UTF-8, and the same for NFC and NFD file names."""
    return UtteranceId("/".join((corpus, *map(readable, parts))))


def speaker_id(corpus: str, speaker: str) -> str:
    """`<corpus>/<speaker>`, so that speaker 1 of one corpus is not speaker 1 of another."""
    return f"{corpus}/{readable(speaker)}"


def readable(name: str) -> str:
    """`name` in NFC, printable, with bytes that are not UTF-8 decoded as cp949 (Korean zip archives)."""
    if name.isascii() and name.isprintable():
        return name
    try:
        name.encode()
    except UnicodeEncodeError:
        name = name.encode(errors="surrogateescape").decode("cp949", errors="backslashreplace")
    name = normalize("NFC", name)
    return name if name.isprintable() else "".join(c if c.isprintable() else "_" for c in name)


def split_hint(name: str) -> str | None:
    """The split that the name of a folder or file stands for, or None.

    >>> split_hint("train-clean-100"), split_hint("dev.trn"), split_hint("data")
    ('train', 'valid', None)
    """
    found = _SPLIT_NAME.fullmatch(name)
    return _SPLITS[found[1].lower()] if found else None


def split_of_folders(path: Path) -> str | None:
    """The split that a folder on `path` stands for: `1.Training`, `Validation`, `train_data_01`."""
    for part in path.parts:
        split = split_hint(_NUMBERING.sub("", readable(part)))
        if split is not None:
            return split
    return None
