"""From a raw transcript to its spelling and to what was said, or to the reason to reject it.

    files       opening a transcript's file, whatever its encoding
    kspon       the annotation of KsponSpeech
    dialect     the annotation of AI Hub's dialect sessions
    dual        dual forms `(A)/(B)`, which both of these have
    tidying     Unicode form, punctuation, white space
    settings    which transcripts are accepted

Labels are made from what was said (`Transcript.spoken`), so that form is judged: a transcript is
rejected when fewer than `min_characters` letters and digits remain, when none of them is Hangul,
or when words were said that are not written down. This is cheap, and done before any audio is
decoded.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from unicodedata import category

from pipeline.contract.reasons import Reason
from pipeline.record import FORMS_SEPARATOR, Annotation, Rejection, Transcript
from pipeline.transcript.dialect import clean_dialect, has_hidden_dialect_word, has_unknown_dialect_word
from pipeline.transcript.files import read_transcript
from pipeline.transcript.kspon import clean_kspon, has_unknown_kspon_word
from pipeline.transcript.settings import TranscriptSettings
from pipeline.transcript.tidying import Side, tidy


@dataclass(frozen=True, slots=True)
class AnnotationRules:
    """The rules of one annotation, all on a raw transcript.

    Attributes:
        clean: One side of the transcript, without marks.
        has_hidden_word: Whether something that was said is hidden, such as a name.
        has_unknown_word: Whether something that was said could not be made out.
    """

    clean: Callable[[str, Side], str]
    has_hidden_word: Callable[[str], bool]
    has_unknown_word: Callable[[str], bool]


def _clean_plain(raw: str, side: Side) -> str:  # noqa: ARG001 - plain text has one form
    return tidy(raw)


def _never(raw: str) -> bool:  # noqa: ARG001 - this annotation has no such mark
    return False


RULES: Mapping[Annotation, AnnotationRules] = {
    Annotation.PLAIN: AnnotationRules(_clean_plain, _never, _never),
    Annotation.KSPON: AnnotationRules(clean_kspon, _never, has_unknown_kspon_word),
    Annotation.AIHUB_DIALECT: AnnotationRules(
        clean_dialect, has_hidden_dialect_word, has_unknown_dialect_word
    ),
}


__all__ = ["TranscriptSettings", "clean_transcript", "count_characters", "read_transcript"]

_HANGUL = re.compile("[가-힣]")


def clean_transcript(
    raw: str, *, annotation: Annotation, settings: TranscriptSettings
) -> Transcript | Rejection:
    """Clean a raw transcript and judge it.

    Returns:
        The spelling and what was said; or a rejection as MISSING_TRANSCRIPT (blank),
        TRANSCRIPT_TOO_SHORT, NO_HANGUL, ANONYMISED or UNINTELLIGIBLE, whichever comes first in
        this order.
    """
    if not raw.strip():
        return Rejection(Reason.MISSING_TRANSCRIPT, "the transcript is blank")
    rules = RULES[annotation]
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
            f"{remaining} character{'s are' if remaining != 1 else ' is'} left,"
            f" at least {settings.min_characters} are needed: {text!r}",
        )
    if not _HANGUL.search(text):
        return Rejection(Reason.NO_HANGUL, f"no Hangul in {_excerpt(text)!r}")
    return None


def _judge_marks(raw: str, rules: AnnotationRules, settings: TranscriptSettings) -> Rejection | None:
    if rules.has_hidden_word(raw):
        return Rejection(Reason.ANONYMISED, f"words that were said are hidden in {_excerpt(raw)!r}")
    if settings.unknown_words == "reject" and rules.has_unknown_word(raw):
        return Rejection(Reason.UNINTELLIGIBLE, f"words that nobody could make out in {_excerpt(raw)!r}")
    return None


def count_characters(text: str) -> int:
    """Number of letters, digits and combining marks in `text`; white space and signs do not count.

    >>> count_characters("네, 네. 70%!")
    4
    """
    return sum(category(character)[0] in "LNM" for character in text)


def _excerpt(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}..."
