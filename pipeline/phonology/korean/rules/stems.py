"""Tensing that an ending decides: articles 24, 25 and 27."""

from collections.abc import Container
from typing import Final

from pipeline.phonology.korean.rules.rule import rule
from pipeline.phonology.korean.word import Morpheme, Word

TENSE: Final = {"ㄱ": "ㄲ", "ㄷ": "ㄸ", "ㅂ": "ㅃ", "ㅅ": "ㅆ", "ㅈ": "ㅉ"}
_NASAL_STEMS: Final = {"ㄴ": "ㄴ", "ㄵ": "ㄴ", "ㅁ": "ㅁ", "ㄻ": "ㅁ"}
_LIQUID_STEMS: Final = frozenset("ㄼㄾ")
_WITHIN_PROSPECTIVE: Final = ("수록", "게요", "걸요", "지라도", "지언정", "진대", "세라")
"""What follows ㄹ in endings that begin with it, and begins no other ending."""
_TAKES_ENDING: Final = frozenset("ㄱㄷㅅㅈ")


@rule("24", "껴안다[껴안따] 앉고[안꼬] 더듬지[더듬찌] 젊지[점찌] 남고[남꼬]")
def ending_after_nasal_stem(word: Word) -> bool:
    """ㄱ ㄷ ㅅ ㅈ of an ending are tense after a stem in ㄴ(ㄵ) or ㅁ(ㄻ)."""
    return _tense_endings(word, _NASAL_STEMS.keys())


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
    """ㄱ ㄷ ㅂ ㅅ ㅈ after the ending -(으)ㄹ, and within an ending that begins with it, are tense."""
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
    """The syllable after -(으)ㄹ that the ending or adnominal makes tense, or 0."""
    if morpheme.is_prospective:
        return morpheme.end if morpheme.end < length else 0
    if morpheme.ending[:1] in ("ᆯ", "ㄹ") and len(morpheme.ending) > 1:
        return morpheme.end - len(morpheme.ending) + 1
    if morpheme.tag in ("EC", "EF") and morpheme.surface.startswith("을") and len(morpheme.surface) > 1:
        return morpheme.start + 1
    if morpheme.surface.startswith(_WITHIN_PROSPECTIVE) and morpheme.tag in ("EC", "EF"):
        return morpheme.start  # 만들수록, 열게요: the stem's ㄹ and the ending's are one
    return 0
