"""Train, valid and test from a finished manifest, by a hash of the speaker or the utterance."""

import json
from pathlib import Path

import numpy as np

from pipeline.contract.manifest import Manifest, ShardRecord
from pipeline.contract.opened import OpenedManifest
from pipeline.dataset.views import publish_view, read_dropped, stored_positions, with_rows
from pipeline.shards import SplitSettings
from pipeline.shards.splits import TEST, TRAIN, VALID, check_named_speakers, choose_split


def split_manifest(opened: OpenedManifest, path: Path, *, settings: SplitSettings, command: str) -> Manifest:
    """A manifest at `path` over the same rows, each in the split that `settings` give it.

    A speaker's split depends on the speaker and the seed alone: it never changes when data is
    added. An utterance without a speaker is its own; the manifest's history says how many are.
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
            with_rows(opened, shard, positions[splits == split], split=split)
            for split in (TEST, TRAIN, VALID)
            if (splits == split).any()
        ]
    lines, done = list(read_dropped(opened)), _history(settings, alone)
    return publish_view(path, opened, shards=shards, dropped=lines, done=done, command=command)


def _history(settings: SplitSettings, alone: int) -> str:
    values = json.dumps(settings.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
    note = f"; {alone} utterances name no speaker and were split by utterance" if alone else ""
    return f"split {values}{note}"
