"""Settings of the shards and of the train/valid/test split."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.contract.settings import Settings


class ShardSettings(Settings):
    """How shards are written.

    Attributes:
        audio: "pcm" stores WAV files, which a trainer reads without copying; "flac" is 1.8 times smaller.
        target_mb: Size of a large corpus' shards, in MB of 16-bit audio.
    """

    audio: Literal["pcm", "flac"] = "pcm"
    target_mb: Annotated[int, Field(ge=1, le=4096)] = 256


class SplitSettings(Settings):
    """Which utterances are for training, validation and testing.

    Attributes:
        by: "corpus" keeps the corpus' own split and hashes the speakers of the utterances that
            have none; "speaker" hashes every speaker (an utterance without one counts as a
            speaker of its own); "utterance" hashes every utterance.
        valid: Share of the hashes that goes to "valid".
        test: Share of the hashes that goes to "test".
        seed: Another seed picks other speakers or utterances.
        valid_speakers: Speakers that are always "valid", named as in the shards' `speaker`
            column, with or without the corpus.
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
