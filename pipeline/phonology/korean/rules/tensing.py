"""Tensing in nouns: articles 26 and 28."""

from typing import Final

from pipeline.phonology.korean.rules.rule import rule
from pipeline.phonology.korean.rules.stems import TENSE
from pipeline.phonology.korean.tables import read_column, read_table
from pipeline.phonology.korean.word import Word

_SINO_L: Final = read_column("sino_syllables_in_l")
_SINO_NEXT: Final = read_column("sino_syllables_in_dsj")
_SINO_DIGITS: Final = frozenset("일칠팔")
_SINO_PREFIXES: Final = frozenset("불몰절실")
_NOUNS: Final = ("NNG", "NNP", "NR", "MAG", "XR", "XSN", "NNB")
_SONORANTS: Final = frozenset("ㄴㄹㅁㅇ")
_HEADS: Final = {head: frozenset(plain.split()) for head, plain, *_ in read_table("compound_heads")}
_SUFFIXES: Final = {suffix: frozenset(plain.split()) for suffix, plain, *_ in read_table("tensing_suffixes")}


@rule("26", "갈등[갈뜽] 발전[발쩐] 결정하다[결쩡하다] 활동적[활똥적] 사실적[사실쩍] 몰상식[몰쌍식]")
def sino_korean_after_l(word: Word) -> bool:
    """ㄷ ㅅ ㅈ of a Sino-Korean syllable are tense after ㄹ of another."""
    fired = False
    for index in range(1, len(word)):
        if word.codas[index - 1] != "ㄹ" or word.onsets[index] not in "ㄷㅅㅈ" or index in word.settled:
            continue
        if word.text[index - 1] in _SINO_L and word.text[index] in _SINO_NEXT and _sino_seam(word, index):
            word.onsets[index] = TENSE[word.onsets[index]]
            fired = True
    return fired


def _sino_seam(word: Word, index: int) -> bool:
    """Whether syllables index-1 and index belong to one Sino-Korean word."""
    right = word.at(index)
    if right is None:
        inside = word.around(index)
        doubled = word.text[index - 1] == word.text[index]
        return inside.tag.startswith(_NOUNS) and inside.tag != "NR" and not doubled
    left = word.before(index)
    if not (left.tag.startswith(_NOUNS) and right.tag.startswith(("NNG", "XSN", "NNB", "NR"))):
        return False
    prefixed = left.surface in _SINO_PREFIXES
    suffixed = right.end - right.start == 1 and left.end - left.start >= 2 and left.tag != "NNP"
    return prefixed or suffixed or (left.surface in _SINO_DIGITS and right.tag == "NR")


@rule("26", "칠등[칠뜽] 칠단계[칠딴게] 여덟곳[여덜꼳] 열군데[열꾼데]")
def numeral_before_counter(word: Word) -> bool:
    """일 칠 팔 make ㄷ ㅅ ㅈ tense; 열 and 여덟 do so to ㄱ ㅂ as well."""
    fired = False
    for index in range(1, len(word)):
        onset, right = word.onsets[index], word.at(index)
        if onset not in TENSE or index in word.settled or right is None or right.leans:
            continue
        left = word.before(index)
        if left.tag not in ("NR", "MM", "SN") or not right.tag.startswith(("NNB", "NR", "NNG", "MM")):
            continue
        native = left.surface in ("열", "여덟") and right.surface != "도"  # the particle, mistagged
        sino = left.surface[-1] in "일칠팔" and onset in "ㄷㅅㅈ" and right.surface not in _LOAN_UNITS
        if native or sino:
            word.onsets[index] = TENSE[onset]
            fired = True
    return fired


_LOAN_UNITS: Final = frozenset(
    "센티미터 센티 센치 센트 달러 세트 데시벨 디옵터 스텝 스푼 제곱미터 제곱킬로미터 세제곱미터".split()
)


@rule("28", "공원길[공원낄] 거실바닥[거실빠닥]")
def compound_head(word: Word) -> bool:
    """A listed head of a compound is tense after ㄴ ㄹ ㅁ ㅇ, but for the words it excepts."""
    return _tense_parts(word, _HEADS, longest=4)


@rule("28", "존엄성[조넘썽] 열람권[열람꿘] 두통증[두통쯩]")
def sino_korean_suffix(word: Word) -> bool:
    """Sino-Korean suffixes that are always tense: 권 법 성 증 죄 and others, but for their exceptions."""
    fired = False
    for index in range(2, len(word)):
        right = word.at(index)
        if right is None or index in word.settled or right.surface not in _SUFFIXES:
            continue
        left = word.before(index)
        if not right.tag.startswith(("NN", "XSN")) or (left.leans and left.tag != "XSN"):
            continue
        if word.onsets[index] in TENSE and not _excepted(word, index, _SUFFIXES[right.surface]):
            word.onsets[index] = TENSE[word.onsets[index]]
            fired = True
    return fired


def _tense_parts(word: Word, heads: dict[str, frozenset[str]], *, longest: int) -> bool:
    fired = False
    for index in range(1, len(word)):
        right = word.at(index)
        if right is None or index in word.settled or word.codas[index - 1] not in _SONORANTS:
            continue
        if right.surface not in heads or not right.tag.startswith("NNG") or word.onsets[index] not in TENSE:
            continue
        left = word.before(index)
        compound = left.tag.startswith(("NNG", "NNP")) and not left.leans and len(left.surface) <= longest
        if compound and not _excepted(word, index, heads[right.surface]):
            word.onsets[index] = TENSE[word.onsets[index]]
            fired = True
    return fired


def _excepted(word: Word, index: int, plain: frozenset[str]) -> bool:
    return any(word.text.endswith(left, 0, index) for left in plain)
