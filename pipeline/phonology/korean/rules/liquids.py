"""Article 20: ㄹ that becomes ㄴ after ㄴ, where two parts of a word meet."""

from typing import Final

from pipeline.phonology.korean.rules.rule import rule
from pipeline.phonology.korean.word import Word

_SUFFIXES: Final = frozenset("란량력령로론료류례루림록률")


@rule("20", "확산력[확싼녁] 생존력[생존녁] 회전력[회전녁]")
def liquid_suffix_after_n(word: Word) -> bool:
    """The ㄹ of a Sino-Korean suffix becomes ㄴ after a base of two or more syllables that ends in ㄴ."""
    fired = False
    for index in range(2, len(word)):
        if word.onsets[index] != "ㄹ" or word.codas[index - 1] != "ㄴ" or index in word.settled:
            continue
        morpheme = word.at(index)
        if morpheme is None:
            seam = index == 2 and _last_of_three(word)
        else:
            seam = (
                morpheme.end - morpheme.start == 1 and word.before(index).end - word.before(index).start >= 2
            )
        if seam and word.text[index] in _SUFFIXES:
            word.onsets[index] = "ㄴ"
            fired = True
    return fired


@rule("20", "온라인[온나인] 신라면[신나면]")
def liquid_of_loanword_after_n(word: Word) -> bool:
    """The ㄹ that begins a listed loanword becomes ㄴ after ㄴ."""
    fired = False
    for index in range(1, len(word)):
        if word.onsets[index] != "ㄹ" or word.codas[index - 1] != "ㄴ" or index in word.settled:
            continue
        if word.text.startswith(_LOANS, index):
            word.onsets[index] = "ㄴ"
            fired = True
    return fired


_LOANS: Final = ("라인", "라면", "로드", "랭킹", "렌즈", "룸", "레슨", "라이프", "로봇", "라이브")


def _last_of_three(word: Word) -> bool:
    first = word.morphemes[0]
    return first.end == 3 and first.tag == "NNG"
