"""From a raw transcript to its spelling and to what was said, or to the reason why not.

    reading     the transcript's file, its encoding
    kspon       annotation marks of KsponSpeech (one module for each annotation)
    tidying     Unicode form, punctuation, white space
    settings    what is accepted

Labels come from what was said (`Transcript.spoken`), so acceptance looks there: a transcript
is refused when under `min_characters` letters and digits remain, when no Hangul does, or when
words were said that nobody wrote down. Cheap, and before any audio is decoded.
"""

import re
from collections.abc import Callable, Mapping
from unicodedata import category

from pipeline.record import Annotation, Reason, Rejection, Transcript
from pipeline.transcript.kspon import clean_kspon, has_unknown_word
from pipeline.transcript.reading import read_transcript
from pipeline.transcript.settings import TranscriptSettings
from pipeline.transcript.tidying import tidy

__all__ = ["TranscriptSettings", "clean_transcript", "count_characters", "read_transcript"]

_HANGUL = re.compile("[가-힣]")


def clean_transcript(
    raw: str, *, annotation: Annotation, settings: TranscriptSettings
) -> Transcript | Rejection:
    """Clean a raw transcript and judge it.

    Returns:
        The spelling and what was said; or MISSING_TRANSCRIPT (blank), TRANSCRIPT_TOO_SHORT,
        NO_HANGUL or UNINTELLIGIBLE, looked for in this order.
    """
    if not raw.strip():
        return Rejection(Reason.MISSING_TRANSCRIPT, "the transcript is blank")
    transcript = _CLEANERS[annotation](raw)
    remaining = count_characters(transcript.spoken)
    if remaining < settings.min_characters:
        return Rejection(
            Reason.TRANSCRIPT_TOO_SHORT,
            f"{remaining} characters remain, at least {settings.min_characters} are needed:"
            f" {transcript.spoken!r}",
        )
    if not _HANGUL.search(transcript.spoken):
        return Rejection(Reason.NO_HANGUL, f"no Hangul in {_excerpt(transcript.spoken)!r}")
    if annotation is Annotation.KSPON and settings.unknown_words == "reject" and has_unknown_word(raw):
        return Rejection(
            Reason.UNINTELLIGIBLE, f"words that nobody could make out (u/ or *) in {_excerpt(raw)!r}"
        )
    return transcript


def count_characters(text: str) -> int:
    """Characters of `text` that are neither white space, punctuation nor another sign.

    >>> count_characters("네, 네. 70%!")
    4
    """
    return sum(category(character)[0] in "LNM" for character in text)


def _clean_plain(raw: str) -> Transcript:
    text = tidy(raw)
    return Transcript(spelling=text, spoken=text)


def _clean_kspon(raw: str) -> Transcript:
    return Transcript(spelling=clean_kspon(raw, "spelling"), spoken=clean_kspon(raw, "spoken"))


def _excerpt(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}..."


_CLEANERS: Mapping[Annotation, Callable[[str], Transcript]] = {
    Annotation.PLAIN: _clean_plain,
    Annotation.KSPON: _clean_kspon,
}
