"""The builder of manifests: every manifest of a dataset, from a run or from other manifests, is made here."""

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from pipeline.contract import VERSION_OF_RUNS, VERSION_OF_VIEWS
from pipeline.contract.errors import InputRejected
from pipeline.contract.files import replacing, write_text
from pipeline.contract.manifest import (
    Counts,
    DroppedLine,
    DroppedRecord,
    Manifest,
    PartRecord,
    RunRecord,
    SettingsRecord,
    ShardRecord,
    SourceRecord,
    VocabularyRecord,
)
from pipeline.contract.manifest_file import manifest_text
from pipeline.contract.names import require_names
from pipeline.contract.validation import first_problem
from pipeline.dataset.dropped import count_reasons, dropped_bytes
from pipeline.dataset.huggingface import write_dataset_files
from pipeline.dataset.statistics import Tally, summarise_tallies


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What a dataset is called and what it was made from, as its manifest records it.

    Raises:
        InputRejected: No manifest can record this name.
    """

    name: str
    sources: Sequence[SourceRecord]
    settings: Sequence[SettingsRecord]
    vocabulary: VocabularyRecord
    history: Sequence[str] = ()
    part: PartRecord | None = None

    def __post_init__(self) -> None:
        require_names({"--name": self.name})


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a manifest and its dropped list are written.

    Attributes:
        root: The folder that the shards' paths start from.
        dropped: The dropped list: in or below `root`, or beside `manifest` if it `is_view`.
        is_view: The shards were there before, and their folder may be somebody else's.
        huggingface: Also describe the shards to Hugging Face `datasets`: whole files, all in `root`.
    """

    manifest: Path
    root: Path
    dropped: Path
    is_view: bool = False
    huggingface: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is in a dataset, and what is not.

    Attributes:
        shards: In the order of the manifest, with paths as seen from the root.
        tallies: The figures of each shard's rows.
        dropped: The utterances that are not in the dataset, in any order.
    """

    shards: Sequence[ShardRecord]
    tallies: Iterable[Tally]
    dropped: Sequence[DroppedLine]


def publish_manifest(
    provenance: Provenance, content: Content, destination: Destination, *, run: RunRecord
) -> Manifest:
    """Write the dropped list, the Hugging Face files if wanted and, last, the manifest.

    A manifest under its final name describes files that are there already.
    """
    dropped = dropped_bytes(content.dropped)
    document = _describe(
        provenance, content, destination, run, dropped_sha256=hashlib.sha256(dropped).hexdigest()
    )
    text = manifest_text(destination.manifest, document)
    with replacing(destination.dropped) as stream:
        stream.write(dropped)
    if destination.huggingface:
        write_dataset_files(
            destination.root,
            document,
            shards=[shard.path for shard in document.shards],
            fingerprint=document.settings[0].fingerprint,
        )
    write_text(destination.manifest, text)
    return document


def _describe(
    provenance: Provenance,
    content: Content,
    destination: Destination,
    run: RunRecord,
    *,
    dropped_sha256: str,
) -> Manifest:
    kept, dropped = sum(shard.rows for shard in content.shards), content.dropped
    listed_from = destination.manifest.parent if destination.is_view else destination.root
    try:
        return Manifest(
            contract_version=VERSION_OF_VIEWS if destination.is_view else VERSION_OF_RUNS,
            name=provenance.name,
            part=provenance.part,
            sources=tuple(provenance.sources),
            settings=tuple(provenance.settings),
            vocabulary=provenance.vocabulary,
            root=relative_root(destination.root, seen_from=destination.manifest.parent),
            shards=tuple(content.shards),
            counts=Counts(read=kept + len(dropped), kept=kept, dropped=count_reasons(dropped)),
            dropped=DroppedRecord(
                path=destination.dropped.relative_to(listed_from).as_posix(),
                sha256=dropped_sha256,
                rows=len(dropped),
            ),
            statistics=summarise_tallies(content.tallies, provenance.vocabulary.symbols),
            history=tuple(provenance.history),
            run=run,
        )
    except ValidationError as error:
        raise InputRejected(
            f"no manifest at {destination.manifest} can describe this: {first_problem(error)};"
            " give another -o"
        ) from error


def relative_root(folder: Path, *, seen_from: Path) -> str:
    """The shards' folder as a manifest that lies in `seen_from` names it.

    Raises:
        InputRejected: One of them cannot be reached.
    """
    try:
        return Path(os.path.relpath(folder.resolve(), seen_from.resolve())).as_posix()
    except (OSError, RuntimeError) as error:  # a circle of links is a RuntimeError before Python 3.13
        raise InputRejected(f"cannot write into {seen_from}: {error}; give another -o") from error
