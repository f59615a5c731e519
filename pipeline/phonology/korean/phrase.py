"""Words as the rules leave them, and what changes where two of them meet in a phrase."""

from functools import cache
from typing import Final, NamedTuple

from pipeline.phonology.korean.hangul import CODAS, ONSETS
from pipeline.phonology.korean.ipa import NEUTRALISED
from pipeline.phonology.korean.lexicon import Lexicon, apply_lexicon
from pipeline.phonology.korean.rules import LEXICAL_RULES
from pipeline.phonology.korean.rules.coda_onset import apply_coda_onset, coda_onset_table
from pipeline.phonology.korean.rules.insertion import GLIDES, NATIVE_TENS
from pipeline.phonology.korean.rules.rule import Rule
from pipeline.phonology.korean.rules.tensing import TENSE
from pipeline.phonology.korean.rules.vowels import glide_after_palatal
from pipeline.phonology.korean.word import Morpheme, Word

_CODA_INDEX: Final = {coda: index for index, coda in enumerate(CODAS)}
_ONSET_INDEX: Final = {onset: index for index, onset in enumerate(ONSETS)}

_NOUNS_TAKING_N: Final = frozenset("일 엿 윷 잎 약 역 이불 요일".split())
_VERBS_TAKING_N: Final = frozenset("입 읽 익 잊 이기 잃 이루 익히 이르".split())
_UNITS: Final = ("여섯", "일곱", "여덟")

_NASAL_OR_LIQUID: Final = frozenset("ㄴㅁㅇ")
_INSERTING: Final = frozenset(
    [("prospective", "n-noun"), ("adnominal", "n-noun"), ("noun", "n-noun"), ("adverb", "n-verb"),
     ("noun", "n-verb"), ("tens", "unit"), ("ten", "unit")]
)  # fmt: skip
"""(tail, head) of two words between which ㄴ is inserted."""
_TENSING: Final = frozenset(
    [("prospective", "noun"), ("prospective", "n-noun"), ("prospective", "bound noun"),
     ("ten", "noun"), ("ten", "bound noun")]
)  # fmt: skip
"""(tail, head) of two words of which the first makes the second's onset tense."""


class Form(NamedTuple):
    """One word, pronounced inside and still open at both ends.

    Attributes:
        body: The pronunciation of the word on its own.
        onset: First onset.
        coda: Last coda as spelled: what it becomes depends on the next word.
        head: How the word reacts to the word before it: "particle", "noun", "bound noun",
            "n-noun" and "n-verb" (which take ㄴ), "unit" (여섯 일곱 여덟), or "".
        tail: How it affects the word after it: "prospective" (-ㄹ), "adnominal", "adverb"
            (못 잘), "noun", "tens" (스물), "ten" (열 여덟), "sino" (일 칠 팔), or "".
        fired: Names of the rules that changed the word.
    """

    body: str
    onset: str
    coda: str
    head: str
    tail: str
    fired: tuple[str, ...]


def shape_word(
    text: str, morphemes: tuple[Morpheme, ...], *, lexicon: Lexicon, vowels: tuple[Rule, ...]
) -> Form:
    """Apply every rule that looks no further than the word itself."""
    word = Word(text, morphemes)
    fired = ["lexicon"] if apply_lexicon(word, lexicon) else []
    fired += [rule.name for rule in LEXICAL_RULES if rule.apply(word)]
    fired += [rule.name for rule in vowels if rule.apply(word)]
    fired += [f"article {article}" for article in sorted(apply_coda_onset(word))]
    if glide_after_palatal.apply(word):
        fired.append(glide_after_palatal.name)
    coda = word.codas[-1]
    word.codas[-1] = NEUTRALISED[coda]
    return Form(word.spelled(), word.onsets[0], coda, _head(word), _tail(word), tuple(fired))


def _head(word: Word) -> str:
    first = word.morphemes[0]
    if first.tag.startswith(("J", "VCP")):
        return "particle"
    if word.onsets[0] == "ㅇ" and word.vowels[0] in GLIDES:
        if first.surface in _NOUNS_TAKING_N and first.tag.startswith("NN") and first.tag != "NNBC":
            return "n-noun"
        if first.surface in _VERBS_TAKING_N and first.tag.startswith("VV"):
            return "n-verb"
        if first.surface in _UNITS:
            return "unit"
    if first.tag.startswith("NNB"):
        return "bound noun"
    return "noun" if first.tag.startswith(("NN", "NP", "XPN")) else ""


def _tail(word: Word) -> str:
    last = word.morphemes[-1]
    if last.tag in ("NR", "MM") and last.surface in ("열", "여덟"):
        return "ten"
    if last.tag in ("NR", "MM") and last.surface in NATIVE_TENS:
        return "tens"
    if last.tag in ("NR", "MM", "SN") and last.surface[-1:] in "일칠팔":
        return "sino"
    if last.is_prospective:
        return "prospective"
    if last.tag == "MM" or last.tag.endswith("ETM"):
        return "adnominal"
    if last.tag == "MAG" and last.surface in ("못", "잘"):
        return "adverb"
    return "noun" if last.tag in ("NNG", "NNP") else ""


class Meeting(NamedTuple):
    """What a last coda and the next onset become, and the rules that decided it."""

    coda: str
    onset: str
    fired: tuple[str, ...]


def join_forms(forms: list[Form]) -> str:
    """The pronunciation of a phrase. Each word keeps its own consonants: 옷 한 벌 is 오 탄 벌."""
    words = [form.body for form in forms]
    for index in range(1, len(forms)):
        left, right = forms[index - 1], forms[index]
        met = meet(left.coda, left.tail, right.onset, right.head)
        neutral = NEUTRALISED[left.coda]
        if met.coda != neutral:
            words[index - 1] = _replace_coda(words[index - 1], old=neutral, new=met.coda)
        if met.onset != right.onset:
            words[index] = _replace_onset(words[index], old=right.onset, new=met.onset)
    return " ".join(words)


@cache
def meet(coda: str, tail: str, onset: str, head: str) -> Meeting:
    """What a word's last coda and the next word's first onset become.

    Articles 12, 15, 18 to 20, 23, 27 and 29.2 apply here.

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
    coda_said, onset_said, article = coda_onset_table()[coda, onset]
    if (coda_said, onset_said) != (coda, onset):
        fired += (f"article {article}",)
    return Meeting(NEUTRALISED[coda_said], onset_said, fired)


def _tenses(tail: str, head: str, onset: str) -> bool:
    return (tail, head) in _TENSING or (tail == "sino" and head == "bound noun" and onset in "ㄷㅅㅈ")


def _replace_coda(text: str, *, old: str, new: str) -> str:
    """`text` with the coda of its last syllable changed from `old` to `new`."""
    return text[:-1] + chr(ord(text[-1]) + _CODA_INDEX[new] - _CODA_INDEX[old])


def _replace_onset(text: str, *, old: str, new: str) -> str:
    """`text` with the onset of its first syllable changed from `old` to `new`."""
    return chr(ord(text[0]) + (_ONSET_INDEX[new] - _ONSET_INDEX[old]) * 588) + text[1:]
