"""The builder of manifests: every manifest of a dataset, from a run or from other manifests, is made here."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.contract import VERSION_OF_RUNS, VERSION_OF_VIEWS
from pipeline.contract.files import file_sha256
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
from pipeline.contract.manifest_file import write_manifest
from pipeline.contract.names import require_names
from pipeline.dataset.dropped import count_reasons, write_dropped
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
    kept, dropped = sum(shard.rows for shard in content.shards), content.dropped
    write_dropped(destination.dropped, dropped)
    listed_from = destination.manifest.parent if destination.is_view else destination.root
    manifest = Manifest(
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
            sha256=file_sha256(destination.dropped),
            rows=len(dropped),
        ),
        statistics=summarise_tallies(content.tallies, provenance.vocabulary.symbols),
        history=tuple(provenance.history),
        run=run,
    )
    if destination.huggingface:
        write_dataset_files(
            destination.root,
            manifest,
            shards=[shard.path for shard in manifest.shards],
            fingerprint=manifest.settings[0].fingerprint,
        )
    write_manifest(destination.manifest, manifest)
    return manifest


def relative_root(folder: Path, *, seen_from: Path) -> str:
    """The shards' folder as a manifest that lies in `seen_from` names it."""
    return Path(os.path.relpath(folder.resolve(), seen_from.resolve())).as_posix()
