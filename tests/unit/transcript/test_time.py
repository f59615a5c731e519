"""The text stage takes time in proportion to the text, whatever it is made of."""

import time

import pytest

from pipeline.phonology import PhonologySettings, label_batch
from pipeline.phonology.korean.reading.numbers import FORMS
from pipeline.record import Annotation
from pipeline.transcript import clean_transcript
from pipeline.transcript.settings import TranscriptSettings

MOTIFS = (
    "1,", "1", "12 ", "1.", "1-", "-1 ", "1~", "1,000", "1,000,", "0 ", "010-", "1/", "1:", "3명 ",
    "제3장 ", "2번 ", "$1 ", "5%", "가", "안녕 ", "a", "Ab ", "A1", "(", "(가)/(나) ", "(a/", "b/ ",
    "o/", "u/b", "*", "가* ", "+", "가(漢)", "漢(", "가나 (",
    "&name1&", "{laughing}", "((", "-가-", "…", "?!", "\u1100", "漢字 ", " ", "\t1", "ㅋㅋ ", "é", "・1・",
)  # fmt: skip
SMALL = 8_000
LARGE = 4 * SMALL
PAST_LINEAR = 10.0
"""Four times the text takes four times as long; where time grows as the square, sixteen times."""

FEW = 20
"""A reader of numbers looks at its match and at fewer characters around it."""

SETTLED_S = 0.02
"""What takes less is not measured against anything: the clock is too coarse."""


def processor_s(work, text: str) -> float:
    """The least processor time of three."""
    times = []
    for _ in range(3):
        began = time.process_time()
        work(text)
        times.append(time.process_time() - began)
    return min(times)


def clean(annotation: Annotation):
    def work(text: str) -> None:
        clean_transcript(text, annotation=annotation, settings=TranscriptSettings(min_characters=1))

    return work


def label(text: str) -> None:
    label_batch([text], settings=PhonologySettings())


@pytest.mark.parametrize("stage", [*Annotation, "labels"])
@pytest.mark.parametrize("motif", MOTIFS)
def test_four_times_the_text_never_takes_ten_times_as_long(motif, stage):
    work = label if stage == "labels" else clean(Annotation(stage))
    small = processor_s(work, f"네 그래요 {motif * (SMALL // len(motif))}x")
    large = processor_s(work, f"네 그래요 {motif * (LARGE // len(motif))}x")
    assert large < max(SETTLED_S, PAST_LINEAR * small), f"{small:.3f} s, then {large:.3f} s"


class Watched(str):
    """A text that knows the longest part of it that anyone took."""

    __slots__ = ("longest",)

    def __getitem__(self, key):
        part = super().__getitem__(key)
        self.longest = max(getattr(self, "longest", 0), len(part))
        return part


@pytest.mark.parametrize("motif", [motif for motif in MOTIFS if any(map(str.isdigit, motif))])
def test_no_reader_of_a_number_looks_far_around_it(motif):
    """One that copies the rest of the text takes a quarter of a minute for 400 kB of `1,1,1`."""
    text = Watched("네 " + motif * 100 + " 네")
    text.longest = 0
    for pattern, read in FORMS:
        for match in pattern.finditer(text):
            read(match)
    assert text.longest <= FEW
