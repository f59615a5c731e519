"""Which transcripts are refused, and for what reason."""

import pytest
from pydantic import ValidationError

from pipeline.contract.reasons import Reason
from pipeline.record import Annotation, Rejection, Transcript
from pipeline.transcript import TranscriptSettings, clean_transcript, count_characters


def _judge(raw: str, annotation: Annotation = Annotation.KSPON, **settings: object) -> Reason | None:
    judged = clean_transcript(raw, annotation=annotation, settings=TranscriptSettings(**settings))
    return judged.reason if isinstance(judged, Rejection) else None


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", Reason.MISSING_TRANSCRIPT),
        (" \t\n", Reason.MISSING_TRANSCRIPT),
        ("왜", Reason.TRANSCRIPT_TOO_SHORT),
        ("첫 번째로.", Reason.TRANSCRIPT_TOO_SHORT),  # four characters, a blank, a full stop
        ("첫 번째로요", None),
        ("b/ n/ 알겠어+ l/", Reason.TRANSCRIPT_TOO_SHORT),
        ("b/ n/", Reason.TRANSCRIPT_TOO_SHORT),
        ("(1,234,567)/(백이)", Reason.TRANSCRIPT_TOO_SHORT),  # what was said counts
        ("(3)/(삼백 이십 만)", None),
        ("....!!!!", Reason.TRANSCRIPT_TOO_SHORT),
        ("JUST DO IT", Reason.NO_HANGUL),
        ("2024 KBS 1TV", Reason.NO_HANGUL),
        ("ㅋㅋㅋㅋㅋㅋ", Reason.NO_HANGUL),  # letters, but no syllable
        ("2024 KBS 뉴스", None),
        ("u/ 뭐라고 했더라", Reason.UNINTELLIGIBLE),
        ("u/ 뭐라고", Reason.TRANSCRIPT_TOO_SHORT),
    ],
)
def test_reasons(raw: str, reason: Reason | None) -> None:
    assert _judge(raw) is reason


def test_unknown_words_can_be_kept() -> None:
    assert _judge("u/ 뭐라고 했더라", unknown_words="keep") is None
    cleaned = clean_transcript(
        "u/ 뭐라고 했더라", annotation=Annotation.KSPON, settings=TranscriptSettings(unknown_words="keep")
    )
    assert cleaned == Transcript("뭐라고 했더라", "뭐라고 했더라")


def test_the_fewest_characters_are_a_setting() -> None:
    assert _judge("왜", min_characters=1) is None
    assert _judge("그랬구나", min_characters=5) is Reason.TRANSCRIPT_TOO_SHORT
    with pytest.raises(ValidationError):
        TranscriptSettings(min_characters=0)


def test_details_name_the_text() -> None:
    refused = clean_transcript("네, 네.", annotation=Annotation.PLAIN, settings=TranscriptSettings())
    assert refused == Rejection(
        Reason.TRANSCRIPT_TOO_SHORT, "2 characters are left, at least 5 are needed: '네, 네.'"
    )
    refused = clean_transcript("어", annotation=Annotation.PLAIN, settings=TranscriptSettings())
    assert refused == Rejection(
        Reason.TRANSCRIPT_TOO_SHORT, "1 character is left, at least 5 are needed: '어'"
    )


def test_counting() -> None:
    assert count_characters("") == 0
    assert count_characters("네, 70%… (abc)") == 6
