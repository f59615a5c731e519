"""The split of an utterance: from named speakers, from the corpus, or from a hash.

The hash depends on the speaker and the seed alone, so adding data never moves a speaker to
another split.
"""

import difflib
import hashlib

from pipeline.contract.errors import InputRejected
from pipeline.record import Utterance
from pipeline.shards.settings import SplitSettings

TRAIN, VALID, TEST = "train", "valid", "test"


def assign_split(utterance: Utterance, *, settings: SplitSettings) -> str:
    """The split ("train", "valid" or "test") of `utterance`."""
    return choose_split(
        utterance.id, speaker=utterance.speaker, corpus_split=utterance.split, settings=settings
    )


def choose_split(
    utterance_id: str, *, speaker: str | None, corpus_split: str | None, settings: SplitSettings
) -> str:
    """The split of the utterance with this id, speaker and split in its own corpus."""
    named = _named_split(speaker, settings)
    if named is not None:
        return named
    if settings.by == "corpus" and corpus_split is not None:
        return corpus_split
    key = utterance_id if settings.by == "utterance" else speaker or utterance_id
    return _hashed_split(key, settings)


def check_named_speakers(settings: SplitSettings, known: set[str]) -> None:
    """Raise InputRejected when `settings` name a speaker that is not `known`."""
    bare = {speaker.partition("/")[2] for speaker in known}
    for name in (*settings.valid_speakers, *settings.test_speakers):
        if name not in known and name not in bare:
            near = difflib.get_close_matches(name, known | bare, n=3, cutoff=0.5) or sorted(known)[:5]
            advice = f"try one of: {', '.join(near)}" if near else "no speaker has a name"
            raise InputRejected(f"no speaker {name!r} here; {advice}")


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
