"""A user's lexicon as a file: read where the user says, then carried with the shards it helped to make.

The copy beside the shards is named after its hash, and a manifest records that name and the hash. So
whoever has the shards can derive their labels again, and a manifest never makes a reader open a path
of its choosing.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pipeline.contract.errors import HandOffBroken, InputRejected
from pipeline.contract.files import is_regular, read_regular, replacing

MAX_LEXICON_BYTES = 4 * 2**20
"""About 200,000 entries. Reading so many takes 200 MB."""


@dataclass(frozen=True, slots=True)
class UserLexicon:
    """The bytes of a user's lexicon: a table of spellings and pronunciations in UTF-8."""

    content: bytes

    @property
    def sha256(self) -> str:
        """The hash of the bytes."""
        return hashlib.sha256(self.content).hexdigest()

    def keep_in(self, folder: Path) -> None:
        """Write the copy that travels with the shards of `folder`, unless it is there already."""
        path = folder / carried_name(self.sha256)
        if not _holds(path, self.content):
            with replacing(path) as stream:
                stream.write(self.content)


def carried_name(sha256: str) -> str:
    """The name of the copy beside the shards.

    >>> carried_name("ab" * 32)
    'lexicon-abababababababab.tsv'
    """
    return f"lexicon-{sha256[:16]}.tsv"


def read_user_lexicon(path: Path) -> UserLexicon:
    """The lexicon that a user named. Raises InputRejected if it cannot be read or is too large."""
    try:
        return UserLexicon(read_regular(path, most_bytes=MAX_LEXICON_BYTES))
    except OSError as error:
        raise InputRejected(f"cannot read the lexicon {path}: {error.strerror}") from error


def read_carried_lexicon(path: Path, *, sha256: str) -> UserLexicon:
    """The copy that travels with the shards.

    Raises:
        HandOffBroken: It is missing, or is not the recorded one.
    """
    try:
        lexicon = UserLexicon(read_regular(path, most_bytes=MAX_LEXICON_BYTES))
    except OSError as error:
        raise HandOffBroken(f"the lexicon {path} cannot be read: {error.strerror}") from error
    if lexicon.sha256 != sha256:
        raise HandOffBroken(
            f"the lexicon {path} has the SHA-256 {lexicon.sha256[:16]}…, the settings say {sha256[:16]}…:"
            " copy it again"
        )
    return lexicon


def _holds(path: Path, content: bytes) -> bool:
    if not is_regular(path) or path.is_symlink():
        return False
    return path.stat().st_size == len(content) and path.read_bytes() == content
