"""From a raw transcript to its spelling and to what was said, or to the reason why not.

    reading     the transcript's file, its encoding
    kspon       annotation marks of KsponSpeech
    dialect     annotation marks of AI Hub's dialect sessions
    marks       which annotation has which rules
    tidying     Unicode form, punctuation, white space
    settings    what is accepted

Labels come from what was said (`Transcript.spoken`), so acceptance looks there: a transcript
is refused when under `min_characters` letters and digits remain, when no Hangul does, or when
words were said that are not written down. Cheap, and before any audio is decoded.
"""

import re
from unicodedata import category

from pipeline.contract.reasons import Reason
from pipeline.record import FORMS_SEPARATOR, Annotation, Rejection, Transcript
from pipeline.transcript.annotation import MARKS, Marks
from pipeline.transcript.files import read_transcript
from pipeline.transcript.settings import TranscriptSettings

__all__ = ["TranscriptSettings", "clean_transcript", "count_characters", "read_transcript"]

_HANGUL = re.compile("[가-힣]")


def clean_transcript(
    raw: str, *, annotation: Annotation, settings: TranscriptSettings
) -> Transcript | Rejection:
    """Clean a raw transcript and judge it.

    Returns:
        The spelling and what was said; or MISSING_TRANSCRIPT (blank), TRANSCRIPT_TOO_SHORT,
        NO_HANGUL, ANONYMISED or UNINTELLIGIBLE, looked for in this order.
    """
    if not raw.strip():
        return Rejection(Reason.MISSING_TRANSCRIPT, "the transcript is blank")
    rules = MARKS[annotation]
    spelling, _, spoken = raw.rpartition(FORMS_SEPARATOR)
    transcript = Transcript(
        spelling=rules.clean(spelling or spoken, "spelling"), spoken=rules.clean(spoken, "spoken")
    )
    return _judge(transcript, settings) or _judge_marks(spoken, rules, settings) or transcript


def _judge(transcript: Transcript, settings: TranscriptSettings) -> Rejection | None:
    text = transcript.spoken
    remaining = count_characters(text)
    if remaining < settings.min_characters:
        return Rejection(
            Reason.TRANSCRIPT_TOO_SHORT,
            f"{remaining} characters remain, at least {settings.min_characters} are needed: {text!r}",
        )
    if not _HANGUL.search(text):
        return Rejection(Reason.NO_HANGUL, f"no Hangul in {_excerpt(text)!r}")
    return None


def _judge_marks(raw: str, rules: Marks, settings: TranscriptSettings) -> Rejection | None:
    if rules.is_anonymised(raw):
        return Rejection(Reason.ANONYMISED, f"words that were said are hidden in {_excerpt(raw)!r}")
    if settings.unknown_words == "reject" and rules.has_unknown_word(raw):
        return Rejection(Reason.UNINTELLIGIBLE, f"words that nobody could make out in {_excerpt(raw)!r}")
    return None


def count_characters(text: str) -> int:
    """Characters of `text` that are neither white space, punctuation nor another sign.

    >>> count_characters("네, 네. 70%!")
    4
    """
    return sum(category(character)[0] in "LNM" for character in text)


def _excerpt(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}..."
