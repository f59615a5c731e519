"""Settings of the transcript stage."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.contract.settings import Settings


class TranscriptSettings(Settings):
    """Which transcripts are good enough to train on.

    Attributes:
        min_characters: Fewest characters that must remain of what was said, white space and
            punctuation not counted: 5 rejects "4 characters or fewer".
        unknown_words: Whether to reject an utterance that holds words which the annotators
            could not write down (`u/`, a lone `*`): the audio then says more than the labels.
            "keep" removes the mark alone.
    """

    min_characters: Annotated[int, Field(ge=1)] = 5
    unknown_words: Literal["reject", "keep"] = "reject"
