"""Names of exported files, made from ids and splits that somebody else may have chosen."""

import hashlib
import re
import unicodedata

from pipeline.contract.errors import HandOffBroken

MAX_READABLE = 60  # characters; in UTF-8 up to 180 of the 255 bytes that a file's name may have
_UNSAFE = re.compile(r"[^0-9A-Za-z가-힣_-]+")
_SPLIT = re.compile(r"[0-9A-Za-z_]{1,64}")


def audio_name(utterance_id: str, *, suffix: str) -> str:
    """Where an utterance's audio goes: two levels, so that no folder grows too large.

    The hash makes the name unique, even on file systems that ignore case; the rest is for people
    to read.

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
        HandOffBroken: It is not a plain name.
    """
    if not _SPLIT.fullmatch(split):
        raise HandOffBroken(
            f"the split {split!r} cannot be a file's name: expected letters, digits and _;"
            " give the dataset new splits with `malsori split`"
        )
    return split
