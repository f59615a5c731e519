"""Articles 24 to 28: plain consonants that an ending, a numeral or a compound makes tense."""

from collections.abc import Container
from typing import Final

from pipeline.phonology.korean.rules.rule import rule
from pipeline.phonology.korean.tables import read_column, read_table
from pipeline.phonology.korean.word import Morpheme, Word

TENSE: Final = {"ㄱ": "ㄲ", "ㄷ": "ㄸ", "ㅂ": "ㅃ", "ㅅ": "ㅆ", "ㅈ": "ㅉ"}

_NASAL_STEMS: Final = frozenset("ㄴㄵㅁㄻ")
_LIQUID_STEMS: Final = frozenset("ㄼㄾ")
_WITHIN_PROSPECTIVE: Final = ("수록", "게요", "걸요", "지라도", "지언정", "진대", "세라")
"""What follows ㄹ in endings that begin with it; no other ending begins like this."""
_TAKES_ENDING: Final = frozenset("ㄱㄷㅅㅈ")

_SINO_L: Final = read_column("sino_syllables_in_l")
_SINO_NEXT: Final = read_column("sino_syllables_in_dsj")
_SINO_DIGITS: Final = frozenset("일칠팔")
_SINO_PREFIXES: Final = frozenset("불몰절실")
_NOUNS: Final = ("NNG", "NNP", "NR", "MAG", "XR", "XSN", "NNB")
_SONORANTS: Final = frozenset("ㄴㄹㅁㅇ")
_HEADS: Final = {head: frozenset(plain.split()) for head, plain, *_ in read_table("compound_heads")}
_SUFFIXES: Final = {suffix: frozenset(plain.split()) for suffix, plain, *_ in read_table("tensing_suffixes")}


@rule("24", "껴안다[껴안따] 앉고[안꼬] 더듬지[더듬찌] 젊지[점찌] 남고[남꼬]")
def ending_after_nasal_stem(word: Word) -> bool:
    """ㄱ ㄷ ㅅ ㅈ of an ending are tense after a stem in ㄴ(ㄵ) or ㅁ(ㄻ)."""
    return _tense_endings(word, _NASAL_STEMS)


@rule("25", "넓게[널께] 핥다[할따] 떫지[떨찌] 짧고[짤꼬]")
def ending_after_liquid_stem(word: Word) -> bool:
    """ㄱ ㄷ ㅅ ㅈ of an ending are tense after a stem in ㄼ or ㄾ."""
    return _tense_endings(word, _LIQUID_STEMS)


def _tense_endings(word: Word, codas: Container[str]) -> bool:
    fired = False
    for index in range(1, len(word)):
        if word.onsets[index] not in _TAKES_ENDING or word.codas[index - 1] not in codas:
            continue
        morpheme = word.at(index)
        if morpheme and morpheme.tag.startswith("E") and word.before(index).is_stem:
            word.onsets[index] = TENSE[word.onsets[index]]
            fired = True
    return fired


@rule("27", "할걸[할껄] 할게요[할께요] 할수록[할쑤록] 먹을지[머글찌] 될지도[될찌도] 만들수록[만들쑤록]")
def ending_in_prospective(word: Word) -> bool:
    """ㄱ ㄷ ㅂ ㅅ ㅈ are tense after the ending -(으)ㄹ, and within endings that begin with it."""
    fired = False
    for morpheme in word.morphemes:
        index = _prospective_joint(morpheme, len(word))
        if not index or index in word.settled:
            continue
        if word.onsets[index] in TENSE and word.codas[index - 1] == "ㄹ":
            word.onsets[index] = TENSE[word.onsets[index]]
            fired = True
    return fired


def _prospective_joint(morpheme: Morpheme, length: int) -> int:
    """The index of the syllable that the ending -(으)ㄹ makes tense, or 0."""
    if morpheme.is_prospective:
        return morpheme.end if morpheme.end < length else 0
    if morpheme.ending[:1] in ("ᆯ", "ㄹ") and len(morpheme.ending) > 1:
        return morpheme.end - len(morpheme.ending) + 1
    if morpheme.tag in ("EC", "EF") and morpheme.surface.startswith("을") and len(morpheme.surface) > 1:
        return morpheme.start + 1
    if morpheme.surface.startswith(_WITHIN_PROSPECTIVE) and morpheme.tag in ("EC", "EF"):
        return morpheme.start  # 만들수록, 열게요: the stem's ㄹ and the ending's are one
    return 0


@rule("26", "갈등[갈뜽] 발전[발쩐] 결정하다[결쩡하다] 활동적[활똥적] 사실적[사실쩍] 몰상식[몰쌍식]")
def sino_korean_after_l(word: Word) -> bool:
    """ㄷ ㅅ ㅈ of a Sino-Korean syllable are tense after a Sino-Korean syllable in ㄹ."""
    fired = False
    for index in range(1, len(word)):
        if word.codas[index - 1] != "ㄹ" or word.onsets[index] not in "ㄷㅅㅈ" or index in word.settled:
            continue
        if word.text[index - 1] in _SINO_L and word.text[index] in _SINO_NEXT and _sino_seam(word, index):
            word.onsets[index] = TENSE[word.onsets[index]]
            fired = True
    return fired


def _sino_seam(word: Word, index: int) -> bool:
    """Whether syllables `index - 1` and `index` belong to one Sino-Korean word."""
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
    """ㄷ ㅅ ㅈ of a counter are tense after 일 칠 팔; ㄱ ㄷ ㅂ ㅅ ㅈ are tense after 열 and 여덟."""
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
    """A listed head of a compound is tense after ㄴ ㄹ ㅁ ㅇ, except after the words listed with it."""
    return _tense_parts(word, _HEADS, longest=4)


@rule("28", "존엄성[조넘썽] 열람권[열람꿘] 두통증[두통쯩]")
def sino_korean_suffix(word: Word) -> bool:
    """Listed Sino-Korean suffixes (권 법 성 증 죄 ...) are tense, except after the words listed with them."""
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
