"""The split of an utterance: from named speakers, from the corpus, or from a hash.

The hash of a speaker depends on the speaker and the seed alone, so a speaker's split never
changes when data is added.
"""

import hashlib

from pipeline.record import Utterance
from pipeline.shards.settings import SplitSettings

TRAIN, VALID, TEST = "train", "valid", "test"


def assign_split(utterance: Utterance, *, settings: SplitSettings) -> str:
    """The split ("train", "valid" or "test") of `utterance`."""
    named = _named_split(utterance.speaker, settings)
    if named is not None:
        return named
    if settings.by == "corpus" and utterance.split is not None:
        return utterance.split
    key = utterance.id if settings.by == "utterance" else utterance.speaker or utterance.id
    return _hashed_split(key, settings)


def _named_split(speaker: str | None, settings: SplitSettings) -> str | None:
    if speaker is None:
        return None
    names = {speaker, speaker.partition("/")[2]}
    if not names.isdisjoint(settings.test_speakers):
        return TEST
    if not names.isdisjoint(settings.valid_speakers):
        return VALID
    return None


def _hashed_split(key: str, settings: SplitSettings) -> str:
    digest = hashlib.sha256(f"{settings.seed}:{key}".encode()).digest()
    position = int.from_bytes(digest[:8], "big") / 2**64
    if position < settings.test:
        return TEST
    if position < settings.test + settings.valid:
        return VALID
    return TRAIN
