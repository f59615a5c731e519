"""Settings of the transcript stage."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.contract.settings import Settings


class TranscriptSettings(Settings):
    """Which transcripts are good enough to train on.

    Attributes:
        min_characters: Fewest letters and digits in what was said: 5 rejects transcripts of four
            or fewer.
        unknown_words: What to do with an utterance in which the annotators could not make out a
            word (`u/`, a lone `*`), so that the audio says more than the labels: "reject" it, or
            "keep" it and remove only the mark.
    """

    min_characters: Annotated[int, Field(ge=1)] = 5
    unknown_words: Literal["reject", "keep"] = "reject"
