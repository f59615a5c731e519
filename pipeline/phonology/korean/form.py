"""A word as the rules leave it: pronounced inside, still open at both ends."""

from typing import Final, NamedTuple

from pipeline.phonology.korean.hangul import CODAS, ONSETS
from pipeline.phonology.korean.ipa import NEUTRALISED
from pipeline.phonology.korean.lexicon import Lexicon, apply_lexicon
from pipeline.phonology.korean.rules import LEXICAL_RULES
from pipeline.phonology.korean.rules.insertion import GLIDES, NATIVE_TENS
from pipeline.phonology.korean.rules.junctions import apply_junctions
from pipeline.phonology.korean.rules.rule import Rule
from pipeline.phonology.korean.rules.vowels import glide_after_palatal
from pipeline.phonology.korean.word import Morpheme, Word

_CODA_INDEX: Final = {coda: index for index, coda in enumerate(CODAS)}
_ONSET_INDEX: Final = {onset: index for index, onset in enumerate(ONSETS)}

_NOUNS_TAKING_N: Final = frozenset("일 엿 윷 잎 약 역 이불 요일".split())
_VERBS_TAKING_N: Final = frozenset("입 읽 익 잊 이기 잃 이루 익히 이르".split())
_UNITS: Final = ("여섯", "일곱", "여덟")


class Form(NamedTuple):
    """One word, to be joined with its neighbours.

    Attributes:
        body: The pronunciation on its own.
        onset: First onset.
        coda: Last coda as spelled: what it becomes depends on the next word.
        head: How the word answers the word before it: "particle", "noun", "bound noun",
            "n-noun" and "n-verb" (which take ㄴ), "unit" (여섯 일곱 여덟), or "".
        tail: How it treats the word after it: "prospective" (-ㄹ), "adnominal", "adverb"
            (못 잘), "noun", "tens" (스물), "ten" (열 여덟), "sino" (일 칠 팔), or "".
        fired: Names and articles of the rules that applied.
    """

    body: str
    onset: str
    coda: str
    head: str
    tail: str
    fired: tuple[str, ...]


def shape(text: str, morphemes: tuple[Morpheme, ...], *, lexicon: Lexicon, vowels: tuple[Rule, ...]) -> Form:
    """Apply every rule that looks no further than the word."""
    word = Word(text, morphemes)
    fired = ["lexicon"] if apply_lexicon(word, lexicon) else []
    fired += [rule.name for rule in LEXICAL_RULES if rule.apply(word)]
    fired += [rule.name for rule in vowels if rule.apply(word)]
    fired += [f"article {article}" for article in sorted(apply_junctions(word))]
    if glide_after_palatal.apply(word):
        fired.append(glide_after_palatal.name)
    coda = word.codas[-1]
    word.codas[-1] = NEUTRALISED[coda]
    return Form(word.spelled(), word.onsets[0], coda, _head(word), _tail(word), tuple(fired))


def replace_coda(text: str, *, old: str, new: str) -> str:
    """`text` with the coda of its last syllable changed from `old` to `new`."""
    return text[:-1] + chr(ord(text[-1]) + _CODA_INDEX[new] - _CODA_INDEX[old])


def replace_onset(text: str, *, old: str, new: str) -> str:
    """`text` with the onset of its first syllable changed from `old` to `new`."""
    return chr(ord(text[0]) + (_ONSET_INDEX[new] - _ONSET_INDEX[old]) * 588) + text[1:]


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
