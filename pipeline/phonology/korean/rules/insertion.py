"""Article 29: ㄴ inserted before 이 야 여 요 유 at the seam of a compound or derivation."""

from typing import Final

from pipeline.phonology.korean.hangul import FIRST
from pipeline.phonology.korean.rules.rule import rule
from pipeline.phonology.korean.tables import read_table
from pipeline.phonology.korean.word import Morpheme, Word

GLIDES: Final = frozenset("ㅣㅑㅕㅛㅠㅖㅒ")
_NATIVE_UNITS: Final = ("여섯", "일곱", "여덟")
_NUMERALS: Final = frozenset("영공일이삼사오육칠팔구십백천만억조점")


@rule("29", "한여름[한녀름] 집안일[지반닐] 식용유[시굥뉴] 직행열차[지캥녈차] 영업용[영엄뇽] 윗입술[윈닙쑬]")
def n_insertion(word: Word) -> bool:
    """A listed word part that begins with 이 야 여 요 유 takes ㄴ after a consonant."""
    fired = False
    for index in range(1, len(word)):
        if word.onsets[index] != "ㅇ" or not word.codas[index - 1] or word.vowels[index] not in GLIDES:
            continue
        morpheme = word.at(index)
        if index in word.settled or morpheme is None or morpheme.tag.startswith(("J", "E", "VCP")):
            continue
        if morpheme.surface == "일" and word.text[index - 1] in _NUMERALS:  # 육일, 점일: one, or day
            continue
        if _takes_n(word.before(index), morpheme):
            word.onsets[index] = "ㄴ"
            fired = True
    return fired


@rule("29", "십육[심뉵] 백육십[뱅뉵씹] 스물여섯[스물려섣] 열여덟[열려덜] 서른일곱[서른닐곱]")
def n_insertion_in_numerals(word: Word) -> bool:
    """육 takes ㄴ after a numeral, and 여섯, 일곱, 여덟 after the native tens."""
    fired = False
    for index in range(1, len(word)):
        if word.onsets[index] != "ㅇ" or not word.codas[index - 1] or index in word.settled:
            continue
        if word.text.startswith(_NATIVE_UNITS, index):
            tens = word.text.endswith(NATIVE_TENS, 0, index)
        else:
            tens = (
                word.text[index] == "육"
                and word.text[index - 1] in SINO_NUMERALS
                and _is_numeral(word, index)
            )
        if tens:
            word.onsets[index] = "ㄴ"
            fired = True
    return fired


NATIVE_TENS: Final = tuple("열 스물 서른 마흔 쉰 예순 일흔 여든 아흔".split())
SINO_NUMERALS: Final = frozenset("일삼육칠팔십백천만억점")


def _is_numeral(word: Word, index: int) -> bool:
    morpheme = word.at(index)
    return (
        morpheme is not None
        and morpheme.tag in ("NR", "MM", "SN", "NNG")
        and (
            word.before(index).tag in ("NR", "MM", "SN")
            or index + 1 == len(word)
            or word.text[index + 1] in SINO_NUMERALS
        )
    )


def _takes_n(before: Morpheme, morpheme: Morpheme) -> bool:
    if before.tag.startswith(("J", "EF", "EC")):
        return False
    if _ends_in_sai_siot(before) and morpheme.tag.startswith("NN"):
        return True
    for after in HEADS.get(morpheme.surface, ()):
        if after == "*" or (after == "**" and before.end - before.start >= 2) or before.surface == after:
            return True
    adverb = before.surface in ("못", "잘", "안", "막") and before.tag == "MAG"
    return adverb and (morpheme.surface, morpheme.tag[:2]) in _ADVERB_VERBS


def _ends_in_sai_siot(morpheme: Morpheme) -> bool:
    """Whether it ends in the ㅅ of a native compound (article 30.3), as in 윗입술, 햇양파."""
    final = (ord(morpheme.surface[-1]) - FIRST) % 28 if morpheme.surface else 0
    return (
        final == _SIOT
        and morpheme.tag.startswith(("NN", "MM", "XPN"))
        and morpheme.surface not in ("첫", "옛")
    )


_SIOT: Final = 19
"""Index of ㅅ among the codas."""
_ADVERB_VERBS: Final = frozenset(
    (stem, "VV") for stem in "입 읽 익 잊 이기 이루 잃 여쭙 이끌 익히 이어지 일어나 이르".split()
)


def _read_heads() -> dict[str, tuple[str, ...]]:
    return {head: tuple(after.split()) for head, after, *_ in read_table("insertion_heads")}


HEADS: Final = _read_heads()
