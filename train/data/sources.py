"""Manifests to train on, and their shards: on this machine, or at a URL and copied here once.

A shard is mapped into memory, so it must be a local file. One at a URL (s3://, https://, gs://
and whatever else fsspec reads) is copied to the cache when its split is first opened, and kept.
fsspec's own `filecache` would give a copy its name before its hash could be checked.
"""

import hashlib
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import fsspec
import pyarrow as pa

from pipeline.contract.cache import cache_folder
from pipeline.contract.errors import HandOffBroken, InputRejected, MissingResource
from pipeline.contract.files import file_sha256, is_regular, read_regular, replacing, write_text
from pipeline.contract.manifest import Manifest, ShardRecord, VocabularyRecord
from pipeline.contract.manifest_file import MAX_MANIFEST_BYTES, read_manifest
from pipeline.contract.opened import OpenedManifest, open_manifest
from train.run.logs import say

COPIED_BYTES: Final = 2**22
_NOTE_BYTES: Final = 64


@dataclass(frozen=True, slots=True)
class RemoteShards:
    """The URL of a manifest's shards, and the local folder that they are copied to."""

    root: str
    folder: Path

    def fetch(self, record: ShardRecord) -> None:
        """Copy a shard to the local folder, unless that very shard is already there.

        Raises:
            MissingResource: The shard cannot be read.
            HandOffBroken: It is not the shard that the manifest describes.
        """
        if not self._is_kept(record):
            self.fetch_again(record)

    def fetch_again(self, record: ShardRecord) -> None:
        """Copy a shard, and let it replace what was kept of it once its hash is right.

        Raises:
            MissingResource: The shard cannot be read.
            HandOffBroken: It is not the shard that the manifest describes.
        """
        if "::" in record.path:  # fsspec would take what follows for another URL
            raise HandOffBroken(
                f"shard {record.path} cannot be fetched: a name with '::' is no name at a URL"
            )
        url = f"{self.root}/{record.path}"
        say(f"copying {url} ({record.bytes / 1e6:.0f} MB) to {self.folder}")
        _copy(url, self.folder / record.path, most_bytes=record.bytes, sha256=record.sha256)
        write_text(self._note(record), record.sha256)

    def _is_kept(self, record: ShardRecord) -> bool:
        """Whether the copy is the recorded shard: a note says so, or its hash, which is then noted.

        A shard may be corrected at its URL and keep its size.
        """
        local, note = self.folder / record.path, self._note(record)
        if not is_regular(local) or local.stat().st_size != record.bytes:
            return False
        if is_regular(note) and read_regular(note, most_bytes=_NOTE_BYTES) == record.sha256.encode():
            return True
        if file_sha256(local) != record.sha256:
            return False
        write_text(note, record.sha256)
        return True

    def _note(self, record: ShardRecord) -> Path:
        """The file with the hash that the copy of a shard had when it was made."""
        return self.folder / ".copied" / hashlib.sha256(record.path.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ShardSource:
    """A manifest, and access to its shards.

    Attributes:
        path: The path or URL as the user gave it.
        remote: Copies shards from a URL to this machine; None for a local manifest.
    """

    path: str
    opened: OpenedManifest
    remote: RemoteShards | None = None

    @property
    def manifest(self) -> Manifest:
        """The manifest."""
        return self.opened.manifest

    def open_shards(self, split: str) -> list[pa.RecordBatch]:
        """The rows of a split, mapped into memory; remote shards are copied here first.

        Sizes, schemas, numbers of rows and the rows' values are checked, not hashes: `check_hashes`
        does that, once at the start of a run.

        Raises:
            MissingResource: A remote shard cannot be read.
            HandOffBroken: A shard is missing or does not pass these checks.
        """
        batches: list[pa.RecordBatch] = []
        for record in self.manifest.split_shards(split):
            if self.remote:
                self.remote.fetch(record)
            _check_size(self.opened.locate(record.path), record)
            batches.extend(self.opened.rows(record).to_batches())
        return batches

    def check_hashes(self, split: str | None = None) -> None:
        """Hash every shard (of `split`), copying remote ones here first.

        Raises:
            MissingResource: A remote shard cannot be read.
            HandOffBroken: A shard is missing, or its bytes are not those of the manifest.
        """
        wanted = {shard.path: shard for shard in self.manifest.shards if split in {None, shard.split}}
        for path, record in wanted.items():
            if self.remote:
                self.remote.fetch(record)
            place = self.opened.locate(path)
            if not is_regular(place):
                raise HandOffBroken(f"shard {path} of {self.path} is missing; copy it beside the others")
            if file_sha256(place) == record.sha256:
                continue
            if self.remote is None:
                raise HandOffBroken(
                    f"shard {path} of {self.path} does not have the hash that the manifest gives: copy it"
                    " again (malsori verify lists every problem)"
                )
            self.remote.fetch_again(record)


def open_sources(paths: Sequence[Path | str]) -> list[ShardSource]:
    """Read the manifests, which must all have the same vocabulary.

    Args:
        paths: Local paths, or URLs of any kind that fsspec reads.

    Raises:
        InputRejected: No manifest was given, or a file is not a manifest.
        HandOffBroken: A manifest is broken, or two have different vocabularies.
        MissingResource: A URL cannot be read.
    """
    if not paths:
        raise InputRejected("no manifest given; `malsori preprocess` writes one")
    sources = [_open_source(str(path)) for path in paths]
    for first, other in pairwise(sources):
        require_same_vocabulary(
            first.manifest.vocabulary, other.manifest.vocabulary, f"{first.path} and {other.path}"
        )
    return sources


def require_same_vocabulary(one: VocabularyRecord, other: VocabularyRecord, between: str) -> None:
    """Raise HandOffBroken, naming the files `between` which they differ, unless both are the same."""
    if one.sha256 != other.sha256:
        raise HandOffBroken(
            f"{between} have different vocabularies ({one.name}, {len(one.symbols)} symbols;"
            f" {other.name}, {len(other.symbols)} symbols): preprocess both with the same malsori"
        )


def _open_source(path: str) -> ShardSource:
    if "://" in path:
        remote, copy = _open_remote(path)
        return ShardSource(path, open_manifest(copy, root=remote.folder), remote)
    if not is_regular(Path(path)):
        raise InputRejected(f"no manifest at {path}; `malsori preprocess` writes one")
    return ShardSource(path, open_manifest(Path(path)))


def _open_remote(url: str) -> tuple[RemoteShards, Path]:
    """The shards of the manifest at `url`, and a local copy of the manifest itself.

    Raises:
        HandOffBroken: The manifest sends its reader to another host or bucket.
    """
    folder = cache_folder() / hashlib.sha256(url.encode()).hexdigest()[:16]
    copy = folder / "manifest.json"
    _copy(url, copy, most_bytes=MAX_MANIFEST_BYTES)
    protocol, path = url.split("://", 1)
    root = posixpath.normpath(posixpath.join(posixpath.dirname(path), read_manifest(copy).root))
    if root.split("/")[0] != path.split("/")[0]:  # the host, or the bucket
        raise HandOffBroken(
            f"{url} says that its shards lie at {root}, where it does not: get it from its maker"
        )
    return RemoteShards(f"{protocol}://{root}", folder), copy


def _copy(url: str, local: Path, *, most_bytes: int, sha256: str | None = None) -> None:
    """Copy a file; under the name `local` it is whole and has the hash expected, or is not there."""
    try:
        with fsspec.open(url, "rb") as source, replacing(local) as target:
            digest, left = hashlib.sha256(), most_bytes
            while block := source.read(COPIED_BYTES):
                left -= len(block)
                if left < 0:
                    raise HandOffBroken(
                        f"{url} has over {most_bytes:,} bytes, more than it should; {_advice()}"
                    )
                digest.update(block)
                target.write(block)
            if sha256 is not None and digest.hexdigest() != sha256:
                raise HandOffBroken(f"{url} does not have the hash that its manifest gives; {_advice()}")
    except ValueError as error:
        raise InputRejected(f"{url}: {error}") from error
    except ImportError as error:
        raise MissingResource(f"{url}: {error}") from error
    except OSError as error:
        raise MissingResource(f"{url} cannot be read: {error}") from error


def _advice() -> str:
    return f"upload it again; what was copied before is kept in {cache_folder()}"


def _check_size(path: Path, record: ShardRecord) -> None:
    """Opening a shard reports a missing one; a size that differs is cheaper to find than a hash."""
    size = path.stat().st_size if is_regular(path) else None
    if size not in {None, record.bytes}:
        raise HandOffBroken(f"shard {path} has {size} bytes, its manifest says {record.bytes}; copy it again")
