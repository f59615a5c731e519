"""Settings of the shards and of the train/valid/test split."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.contract.settings import Settings


class ShardSettings(Settings):
    """How shards are written.

    Attributes:
        audio: "pcm" stores WAV (a trainer reads it without copying), "flac" is 1.8x smaller.
        target_mb: Size that a shard of a large corpus comes to, in MB of 16-bit audio.
    """

    audio: Literal["pcm", "flac"] = "pcm"
    target_mb: Annotated[int, Field(ge=1, le=4096)] = 256


class SplitSettings(Settings):
    """Which utterances are for training, validation and testing.

    Attributes:
        by: "corpus" keeps the split that the corpus itself gives and hashes the speakers of
            the rest; "speaker" hashes all speakers (an utterance without a speaker is its
            own); "utterance" hashes utterances.
        valid: Share of hashed keys that goes to "valid".
        test: Share of hashed keys that goes to "test".
        seed: Changes which keys the shares pick.
        valid_speakers: Speakers (as in the shards' `speaker` column, with or without the
            corpus name) that are "valid" whatever else is said.
        test_speakers: The same for "test".
    """

    by: Literal["corpus", "speaker", "utterance"] = "corpus"
    valid: Annotated[float, Field(ge=0, le=1)] = 0.0
    test: Annotated[float, Field(ge=0, le=1)] = 0.0
    seed: Annotated[int, Field(ge=0)] = 0
    valid_speakers: tuple[str, ...] = ()
    test_speakers: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _leaves_something_to_train(self) -> Self:
        if self.valid + self.test > 1:
            raise ValueError("split.valid + split.test must not exceed 1")
        both = set(self.valid_speakers) & set(self.test_speakers)
        if both:
            raise ValueError(f"speakers in both valid_speakers and test_speakers: {sorted(both)}")
        return self
