"""A folder that Hugging Face `datasets` opens: one Arrow dataset per split, and a card.

DIR/README.md                the dataset card; its header names the files of each split
DIR/dataset_dict.json        for load_from_disk: the splits
DIR/train/*.arrow            whole shards are linked (or copied), parts of shards are rewritten
DIR/train/state.json         for load_from_disk: the files, in order
DIR/train/dataset_info.json  for load_from_disk: the columns
"""

import hashlib
import os
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.contract.errors import InputRejected
from pipeline.contract.files import new_folder, replacing, write_text
from pipeline.contract.manifest import ShardRecord
from pipeline.contract.opened import OpenedManifest
from pipeline.contract.schema import ROWS_PER_BATCH, shard_schema
from pipeline.dataset.huggingface import write_dataset_files, write_json
from pipeline.dataset.verify import verify_manifest
from pipeline.export.card import dataset_card
from pipeline.export.names import check_split


def export_huggingface(opened: OpenedManifest, folder: Path) -> None:
    """Write the utterances of `opened` as a Hugging Face dataset into the new folder `folder`.

    Raises:
        InputRejected: `folder` exists, or the manifest has no rows.
        HandOffBroken: The shards are not what the manifest says.
    """
    manifest = opened.manifest
    splits = [check_split(split) for split in dict.fromkeys(shard.split for shard in manifest.shards)]
    if not splits:
        raise InputRejected(f"{opened.path} holds no utterances: there is nothing to export")
    verify_manifest(opened, deep=False)
    with new_folder(folder) as temporary:
        for split in splits:
            _export_split(opened, split, temporary / split)
        write_json(temporary / "dataset_dict.json", {"splits": splits})
        write_text(temporary / "README.md", dataset_card(manifest))


def _export_split(opened: OpenedManifest, split: str, folder: Path) -> None:
    shards = opened.manifest.split_shards(split)
    names = [f"data-{number:05}-of-{len(shards):05}.arrow" for number in range(len(shards))]
    for shard, name in zip(shards, names, strict=True):
        _export_shard(opened, shard, folder / name)
    fingerprint = hashlib.sha256(repr([(shard.sha256, shard.ranges) for shard in shards]).encode())
    write_dataset_files(
        folder, opened.manifest, shards=names, fingerprint=fingerprint.hexdigest(), split=split
    )


def _export_shard(opened: OpenedManifest, shard: ShardRecord, target: Path) -> None:
    if _is_whole(opened, shard):
        _link_or_copy(opened.locate(shard.path).resolve(), target)
    else:
        _write_rows(opened.rows(shard), split=shard.split, target=target)


def _is_whole(opened: OpenedManifest, shard: ShardRecord) -> bool:
    """Whether all rows of the file belong to the dataset, in the split that they name themselves."""
    if shard.rows < shard.stored_rows:
        return False
    return bool(pc.all(pc.equal(opened.rows(shard, ["split"]).column("split"), shard.split)).as_py())


def _link_or_copy(source: Path, target: Path) -> None:
    """Give the same bytes one more name, or copy them where the file system has no links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another disk, or no links here; if the disk is full, the copy fails too
        with source.open("rb") as stream, replacing(target) as copy:
            shutil.copyfileobj(stream, copy, 1 << 20)


def _write_rows(table: pa.Table, *, split: str, target: Path) -> None:
    """Write rows of a shard, one batch in memory at a time, in the split that the manifest gives."""
    schema = shard_schema({"malsori": "contract version 1"})
    column = schema.get_field_index("split")
    with replacing(target) as file, pa.ipc.new_stream(pa.PythonFile(file, mode="w"), schema) as stream:
        for start in range(0, table.num_rows, ROWS_PER_BATCH):
            rows = table.slice(start, ROWS_PER_BATCH)
            rows = rows.set_column(
                column, schema.field(column), pa.array([split] * rows.num_rows, pa.string())
            )
            stream.write_table(rows.combine_chunks().cast(schema))
