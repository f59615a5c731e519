"""What happens where two words of a phrase meet."""

from functools import cache
from typing import Final, NamedTuple

from pipeline.phonology.korean.form import Form, replace_coda, replace_onset
from pipeline.phonology.korean.ipa import NEUTRALISED
from pipeline.phonology.korean.rules.junctions import junctions
from pipeline.phonology.korean.rules.stems import TENSE

_NASAL_OR_LIQUID: Final = frozenset("ㄴㅁㅇ")
_INSERTING: Final = frozenset(
    [("prospective", "n-noun"), ("adnominal", "n-noun"), ("noun", "n-noun"), ("adverb", "n-verb"),
     ("noun", "n-verb"), ("tens", "unit"), ("ten", "unit")]
)  # fmt: skip
_TENSING: Final = frozenset(
    [("prospective", "noun"), ("prospective", "n-noun"), ("prospective", "bound noun"),
     ("ten", "noun"), ("ten", "bound noun")]
)  # fmt: skip


class Meeting(NamedTuple):
    """What becomes of the last coda and the next onset, and the rules that said so."""

    coda: str
    onset: str
    fired: tuple[str, ...]


def join(forms: list[Form]) -> str:
    """The pronunciation of a phrase: each word's consonants stay on their own word."""
    words = [form.body for form in forms]
    for index in range(1, len(forms)):
        left, right = forms[index - 1], forms[index]
        met = meet(left.coda, left.tail, right.onset, right.head)
        neutral = NEUTRALISED[left.coda]
        if met.coda != neutral:
            words[index - 1] = replace_coda(words[index - 1], old=neutral, new=met.coda)
        if met.onset != right.onset:
            words[index] = replace_onset(words[index], old=right.onset, new=met.onset)
    return " ".join(words)


@cache
def meet(coda: str, tail: str, onset: str, head: str) -> Meeting:
    """What a word's last coda and the next word's first onset become (articles 12, 15, 18-20, 23, 27, 29.2).

    Args:
        coda: The last coda of the first word, as spelled.
        tail: `Form.tail` of the first word.
        onset: The first onset of the second word.
        head: `Form.head` of the second word.
    """
    fired: tuple[str, ...] = ()
    if onset == "ㅇ" and coda and (tail, head) in _INSERTING:
        onset, fired = "ㄴ", ("n_insertion_across_words",)
    elif coda in ("ㄹ", "ㄼ") and onset in TENSE and _tenses(tail, head, onset):
        return Meeting("ㄹ", TENSE[onset], ("tensing_across_words",))
    if onset == "ㅇ" and head != "particle":
        return Meeting(NEUTRALISED[coda], onset, ("article 15",) if coda != NEUTRALISED[coda] else fired)
    if onset == "ㄹ" and NEUTRALISED[coda] in _NASAL_OR_LIQUID and head != "bound noun":
        return Meeting(NEUTRALISED[coda], onset, fired)
    if onset == "ㅎ" and coda in ("ㅈ", "ㄵ"):
        coda = NEUTRALISED[coda]  # 낮 한때 [나탄때]: within a word it would be ㅊ
    said, onset_said, article = junctions()[coda, onset]
    if (said, onset_said) != (coda, onset):
        fired += (f"article {article}",)
    return Meeting(NEUTRALISED[said], onset_said, fired)


def _tenses(tail: str, head: str, onset: str) -> bool:
    return (tail, head) in _TENSING or (tail == "sino" and head == "bound noun" and onset in "ㄷㅅㅈ")
