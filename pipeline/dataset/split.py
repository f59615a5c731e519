"""Dividing a finished manifest into train, valid and test, by a hash of the speaker or the utterance."""

import json
from pathlib import Path

import numpy as np

from pipeline.contract.manifest import Manifest, ShardRecord
from pipeline.contract.opened import OpenedManifest
from pipeline.dataset.dropped import read_dropped
from pipeline.dataset.views import narrow_shard, publish_view, stored_positions
from pipeline.shards.settings import SplitSettings
from pipeline.shards.splits import TEST, TRAIN, VALID, check_named_speakers, choose_split


def split_manifest(opened: OpenedManifest, path: Path, *, settings: SplitSettings, command: str) -> Manifest:
    """Write a manifest at `path` over the same rows, each in the split that `settings` give it.

    A speaker's split depends on the speaker and the seed alone: it never changes when data is
    added. An utterance without a speaker counts as its own speaker; the manifest's history says
    how many there are.

    Raises:
        InputRejected: The settings name a speaker that the manifest does not have.
    """
    known = set(opened.manifest.statistics.speakers)
    check_named_speakers(settings, known)
    shards: list[ShardRecord] = []
    alone = 0
    for shard in opened.manifest.shards:
        table = opened.rows(shard, ["id", "speaker"])
        ids, speakers = table.column("id").to_pylist(), table.column("speaker").to_pylist()
        alone += sum(speaker is None for speaker in speakers)
        splits = np.array(
            [
                choose_split(name, speaker=speaker, corpus_split=shard.split, settings=settings)
                for name, speaker in zip(ids, speakers, strict=True)
            ]
        )
        positions = stored_positions(shard)
        shards += [
            narrow_shard(opened, shard, positions[splits == split], split=split)
            for split in (TEST, TRAIN, VALID)
            if (splits == split).any()
        ]
    dropped, step = list(read_dropped(opened)), _describe(settings, alone)
    return publish_view(opened, path, shards=shards, dropped=dropped, step=step, command=command)


def _describe(settings: SplitSettings, alone: int) -> str:
    values = json.dumps(settings.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
    note = f"; {alone} utterances name no speaker and were split by utterance" if alone else ""
    return f"split {values}{note}"
