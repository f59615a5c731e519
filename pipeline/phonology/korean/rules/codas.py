"""Articles 10, 11 and 15 to 17: codas that depend on the morpheme they belong to."""

from typing import Final

from pipeline.phonology.korean.ipa import NEUTRALISED
from pipeline.phonology.korean.rules.rule import rule
from pipeline.phonology.korean.word import Word

LETTERS: Final = {
    "디귿": "ㅅ",
    "지읒": "ㅅ",
    "치읓": "ㅅ",
    "키읔": "ㄱ",
    "티읕": "ㅅ",
    "피읖": "ㅂ",
    "히읗": "ㅅ",
}
_PALATALISED: Final = {"ㄷ": ("", "ㅈ"), "ㅌ": ("", "ㅊ"), "ㄾ": ("ㄹ", "ㅊ")}
_DERIVING: Final = frozenset(("이", "음", "음직", "으로", "이나"))
"""Suffixes that the tagger sometimes tags as nouns (볶음, 떡볶이)."""
_WIDE: Final = ("넓죽", "넓둥글", "넓적")


@rule("16", "디귿이[디그시] 지읒을[지으슬] 키읔에[키으게] 피읖을[피으블] 히읗에[히으세]")
def letter_name(word: Word) -> bool:
    """The names of letters end in ㅅ, ㄱ or ㅂ, not in the letter itself, before a vowel."""
    fired = False
    for name, coda in LETTERS.items():
        last = word.text.find(name) + 1
        if 0 < last < len(word) - 1 and word.onsets[last + 1] == "ㅇ":
            word.codas[last] = coda
            fired = True
    return fired


@rule("17", "굳이[구지] 밭이[바치] 벼훑이[벼훌치] 붙여[부처] 굳히다[구치다] 닫히다[다치다] 닫혔다[다첟따]")
def palatalisation(word: Word) -> bool:
    """ㄷ ㅌ ㄾ become ㅈ ㅊ before the 이 of a particle or suffix; ㄷ before 히 becomes ㅊ."""
    fired = False
    for index in range(1, len(word)):
        coda, onset, vowel = word.codas[index - 1], word.onsets[index], word.vowels[index]
        if coda not in _PALATALISED or vowel not in "ㅣㅕ":
            continue
        morpheme = word.at(index)
        if onset == "ㅇ" and (morpheme is None or morpheme.leans):
            word.codas[index - 1], word.onsets[index] = _PALATALISED[coda]
            fired = True
        elif onset == "ㅎ" and coda == "ㄷ" and _is_hi(word, index):
            word.codas[index - 1], word.onsets[index] = "", "ㅊ"
            fired = True
    return fired


def _is_hi(word: Word, index: int) -> bool:
    """Whether the suffix 히 (혀, 혔, 힌, 힐, 힘) begins at `index`, and not 형, as in 맏형."""
    morpheme = word.at(index)
    return (morpheme is None or morpheme.leans) and word.codas[index] in ("", "ㅆ", "ㄴ", "ㄹ", "ㅁ", "ㅂ")


@rule("15", "숲안[수반] 옷얼룩[오덜룩] 앞앞[아밥]")
def coda_before_content(word: Word) -> bool:
    """Before a noun or stem that begins with a vowel, a coda is neutralised and then moves to it."""
    fired = False
    for index in range(1, len(word)):
        coda = word.codas[index - 1]
        if word.onsets[index] != "ㅇ" or NEUTRALISED[coda] == coda or index in word.settled:
            continue
        morpheme = word.at(index)
        if morpheme is None or morpheme.leans or morpheme.surface in _DERIVING:
            continue
        if not word.before(index).tag.startswith("V"):
            word.codas[index - 1] = NEUTRALISED[coda]
            fired = True
    return fired


@rule("10", "밟다[밥따] 밟는[밤는] 짓밟고[짇빱꼬] 넓죽하다[넙쭈카다] 넓둥글다[넙뚱글다]")
def stem_in_lp(word: Word) -> bool:
    """ㄼ is ㅂ in 밟- before a consonant, and in 넓죽하다 and 넓둥글다."""
    if "ㄼ" not in word.codas:
        return False
    fired = False
    for index in range(1, len(word)):
        treads = word.text[index - 1] == "밟" and word.onsets[index] not in "ㅇㅎ"
        if treads or word.text.startswith(_WIDE, index - 1):
            word.codas[index - 1] = "ㅂ"
            fired = True
    return fired


@rule("11", "맑게[말께] 읽거나[일꺼나] 굵기[굴끼]")
def stem_in_lk(word: Word) -> bool:
    """ㄺ of a stem is ㄹ before ㄱ."""
    fired = False
    for index in range(1, len(word)):
        if word.codas[index - 1] != "ㄺ" or word.onsets[index] not in "ㄱㄲ":
            continue
        stem = word.before(index) if word.at(index) else None
        if (stem and stem.is_stem) or word.text[index - 1] in _ADJECTIVES:
            word.codas[index - 1], word.onsets[index] = "ㄹ", "ㄲ"
            fired = True
    return fired


_ADJECTIVES: Final = frozenset("맑밝굵묽늙읽긁갉붉얽낡")
"""Syllables that are stems wherever they stand, unlike the nouns 닭, 흙 and 칡."""
