"""Article 5: vowels that are not pronounced as they are spelled."""

from typing import Final

from pipeline.phonology.korean.rules.rule import Rule, rule
from pipeline.phonology.korean.word import Word
from pipeline.phonology.settings import PhonologySettings

_PALATAL: Final = frozenset("ㅈㅉㅊ")
_YE_KEPT: Final = frozenset("ㅇㄹㄴㅅㅆ")
"""예 and 례 keep ㅖ by article 5; after ㄴㅅㅆ it occurs only in loanwords and exclamations."""
_PRONOUNS: Final = frozenset(
    "나의 너의 저의 내의 우리의 저희의 너희의 그의 그녀의 누구의 이의 그들의".split()
) - {"내의", "이의"}


@rule("5.1", "가져[가저] 쪄[쩌] 다쳐[다처] 붙여[부처] 묻혀[무처] 잊혀[이처]")
def glide_after_palatal(word: Word) -> bool:
    """져 쪄 쳐 are pronounced 저 쩌 처."""
    fired = False
    for index, vowel in enumerate(word.vowels):
        if vowel == "ㅕ" and word.onsets[index] in _PALATAL:
            word.vowels[index] = "ㅓ"
            fired = True
    return fired


@rule("5.3", "무늬[무니] 희망[히망] 띄어쓰기[띠어쓰기] 늴리리[닐리리]")
def ui_after_consonant(word: Word) -> bool:
    """ㅢ is ㅣ in a syllable that begins with a consonant."""
    fired = False
    for index, vowel in enumerate(word.vowels):
        if vowel == "ㅢ" and word.onsets[index] != "ㅇ":
            word.vowels[index] = "ㅣ"
            fired = True
    return fired


@rule("5.4", "나의[나에] 우리의[우리에]")
def particle_ui(word: Word) -> bool:
    """The particle 의 may be pronounced 에, as everyone does."""
    if len(word) < 2 or word.text[-1] != "의":
        return False
    if not (word.at(len(word) - 1) or word.text in _PRONOUNS):
        return False
    word.vowels[-1] = "ㅔ"
    return True


@rule("5.4", "주의[주이] 협의[혀비] 문의[무니]")
def inner_ui(word: Word) -> bool:
    """의 after the first syllable may be pronounced 이."""
    fired = False
    last = len(word) - 1
    particle = word.text[-1] == "의" and (word.at(last) is not None or word.text in _PRONOUNS)
    for index in range(1, len(word)):
        if word.vowels[index] == "ㅢ" and word.onsets[index] == "ㅇ" and not (particle and index == last):
            word.vowels[index] = "ㅣ"
            fired = True
    return fired


@rule("5.2", "시계[시게] 지혜[지헤] 개폐[개페]")
def ye_after_consonant(word: Word) -> bool:
    """ㅖ after a consonant may be pronounced ㅔ, but not in 예 and 례."""
    fired = False
    for index, vowel in enumerate(word.vowels):
        if vowel == "ㅖ" and word.onsets[index] not in _YE_KEPT:
            word.vowels[index] = "ㅔ"
            fired = True
    return fired


def vowel_rules(settings: PhonologySettings) -> tuple[Rule, ...]:
    """The rules of article 5 that `settings` asks for, in order; 5.1 comes after `apply_coda_onset`."""
    rules = [ui_after_consonant]
    if settings.particle_ui == "e":
        rules.append(particle_ui)
    if settings.inner_ui == "i":
        rules.append(inner_ui)
    if settings.ye == "e":
        rules.append(ye_after_consonant)
    return tuple(rules)
