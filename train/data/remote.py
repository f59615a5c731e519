"""Manifests at a URL (s3://, https://, gs://, ... whatever fsspec reads): shards are copied once.

A shard is mapped into memory, so it must lie on this machine. It comes to the cache when its
split is first opened and is kept there; its hash is checked before it gets its name.
"""

import hashlib
import os
import posixpath
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import fsspec
import fsspec.utils

from pipeline.contract.errors import HandOffBroken, InputRejected, MissingResource
from pipeline.contract.files import file_sha256, replacing
from pipeline.contract.manifest import ShardRecord
from pipeline.contract.manifest_file import read_manifest
from train.run.logs import say

CACHE_VARIABLE: Final = "MALSORI_CACHE"
COPIED_BYTES: Final = 2**22


@dataclass(frozen=True, slots=True)
class RemoteShards:
    """Where a manifest's shards lie, and the folder on this machine that they are copied to."""

    root: str
    folder: Path

    def fetch(self, record: ShardRecord) -> None:
        """Copy a shard, unless it is here.

        Raises:
            MissingResource: It cannot be read.
            HandOffBroken: It is not the shard that the manifest describes.
        """
        local = self.folder / record.path
        if local.is_file() and local.stat().st_size == record.bytes:
            return
        url = f"{self.root}/{record.path}"
        say(f"copying {url} ({record.bytes / 1e6:.0f} MB) to {self.folder}")
        _copy(url, local, sha256=record.sha256)


def is_url(path: str) -> bool:
    """Whether `path` is a URL rather than a file's path."""
    return "://" in path


def open_remote(url: str) -> tuple[RemoteShards, Path]:
    """The shards of the manifest at `url`, and a copy of the manifest itself.

    Raises:
        InputRejected: fsspec does not know this kind of URL.
        MissingResource: It cannot be read, or reading it needs a package that is not here.
    """
    cache = Path(os.environ.get(CACHE_VARIABLE) or Path.home() / ".cache" / "malsori")
    folder = cache / hashlib.sha256(url.encode()).hexdigest()[:16]
    copy = folder / "manifest.json"
    _copy(url, copy)
    protocol, path = url.split("://", 1)
    root = posixpath.normpath(posixpath.join(posixpath.dirname(path), read_manifest(copy).root))
    return RemoteShards(f"{protocol}://{root}", folder), copy


def _copy(url: str, local: Path, *, sha256: str | None = None) -> None:
    try:
        with fsspec.open(url, "rb") as source, replacing(local) as target:
            shutil.copyfileobj(source, target, COPIED_BYTES)
            target.flush()
            temporary = Path(target.name)
            if sha256 is not None and file_sha256(temporary) != sha256:
                raise HandOffBroken(f"{url} is not the file that its manifest describes; copy it there again")
    except ValueError as error:
        raise InputRejected(f"{url}: {error}") from error
    except ImportError as error:
        raise MissingResource(f"{url}: {error}") from error
    except OSError as error:
        raise MissingResource(f"{url} cannot be read: {error}") from error
