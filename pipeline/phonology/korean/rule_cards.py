"""Every rule of Korean as a reader sees it, and which of them fired on a text."""

from typing import Final

from pipeline.phonology.explanation import FiredRule, RuleCard
from pipeline.phonology.korean.morphemes import WORD
from pipeline.phonology.korean.phrase import Form, meet
from pipeline.phonology.korean.pronouncer import pronouncer
from pipeline.phonology.korean.rules import LEXICAL_RULES
from pipeline.phonology.korean.rules.vowels import glide_after_palatal, vowel_rules
from pipeline.phonology.settings import PhonologySettings

_LEXICON: Final = RuleCard(
    "lexicon", "-", "The pronunciation of the word is listed in the lexicon, not derived."
)
_CODA_ONSET: Final = tuple(
    RuleCard(f"article {article}", article, summary)
    for article, summary in (
        ("9", "Before a consonant and at the end of a word, a coda is one of ㄱ ㄴ ㄷ ㄹ ㅁ ㅂ ㅇ."),
        ("10", "ㄳ ㄵ ㄼ ㄽ ㄾ ㅄ lose their second consonant before a consonant."),
        ("11", "ㄺ ㄻ ㄿ become ㄱ ㅁ ㅂ before a consonant."),
        ("12", "ㅎ makes ㄱ ㄷ ㅂ ㅈ aspirated and ㅅ tense, or is dropped."),
        ("13", "A coda moves to the vowel that follows."),
        ("14", "The second consonant of a cluster moves to the vowel that follows."),
        ("15", "Before a word that begins with a vowel, a coda is neutralised first."),
        ("18", "ㄱ ㄷ ㅂ become ㅇ ㄴ ㅁ before ㄴ and ㅁ."),
        ("19", "ㄹ becomes ㄴ after ㅁ and ㅇ, and after ㄱ and ㅂ."),
        ("20", "ㄴ becomes ㄹ before or after ㄹ."),
        ("23", "ㄱ ㄷ ㅂ ㅅ ㅈ become tense after ㄱ ㄷ ㅂ."),
    )
)
_ACROSS_WORDS: Final = (
    RuleCard(
        "n_insertion_across_words", "29", "ㄴ is inserted between two words said as one: 할 일, 옷 입다."
    ),
    RuleCard(
        "tensing_across_words", "27", "ㄱ ㄷ ㅂ ㅅ ㅈ become tense after a word in -(으)ㄹ, and after 열."
    ),
)


def korean_rules(settings: PhonologySettings) -> list[RuleCard]:
    """Every rule that `settings` asks for, in the order in which they apply."""
    rules = (*LEXICAL_RULES, *vowel_rules(settings), glide_after_palatal)
    return [_LEXICON, *(rule.card for rule in rules), *_CODA_ONSET, *_ACROSS_WORDS]


def fired_rules(reading: str, settings: PhonologySettings) -> list[FiredRule]:
    """The rules that changed something in `reading` (of `read_aloud`), in the order of its words."""
    cards = {card.name: card for card in korean_rules(settings)}
    words = iter(WORD.findall(reading))
    fired: list[FiredRule] = []
    for forms, _ in pronouncer(settings).phrases(reading):
        previous: tuple[str, Form] | None = None
        for form in forms:
            word = next(words)
            if previous and settings.connected:
                met = meet(previous[1].coda, previous[1].tail, form.onset, form.head)
                fired += [FiredRule(f"{previous[0]} {word}", cards[name]) for name in met.fired]
            fired += [FiredRule(word, cards[name]) for name in form.fired]
            previous = word, form
    return fired
