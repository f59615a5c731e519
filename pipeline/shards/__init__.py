"""Shards: writing them, and deciding which split an utterance belongs to."""

from pipeline.shards.settings import ShardSettings, SplitSettings
from pipeline.shards.splits import assign_split
from pipeline.shards.writer import ShardFile, ShardWriter

__all__ = ["ShardFile", "ShardSettings", "ShardWriter", "SplitSettings", "assign_split"]
