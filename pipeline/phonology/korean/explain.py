"""What happened to a text on its way to labels, and by which rule."""

from dataclasses import dataclass
from typing import Final

from pipeline.phonology.korean.form import Form
from pipeline.phonology.korean.morphemes import WORD
from pipeline.phonology.korean.phrase import meet
from pipeline.phonology.korean.pronouncer import Converter, converter
from pipeline.phonology.korean.reading import read_aloud, unread
from pipeline.phonology.korean.romanize import romanize
from pipeline.phonology.korean.rules import LEXICAL_RULES
from pipeline.phonology.korean.rules.vowels import glide_after_palatal, vowel_rules
from pipeline.phonology.labelling import UnpronounceableError, ipa_of_pronunciation
from pipeline.phonology.settings import PhonologySettings

_DEFAULT: Final = PhonologySettings()


@dataclass(frozen=True, slots=True)
class RuleCard:
    """A rule as it is listed: its name, its article, what it says, its examples."""

    name: str
    article: str
    summary: str
    examples: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that changed something, and where: a word, or two words that met."""

    where: str
    rule: RuleCard


@dataclass(frozen=True, slots=True)
class Explanation:
    """A text, step by step.

    Attributes:
        spelling: The text as given.
        reading: With numbers, Latin, signs and Hanja read.
        pronunciation: Hangul as pronounced.
        ipa: Symbols of the vocabulary.
        romanized: The spelling in Latin letters.
        fired: The rules that changed something, in the order of the words.
    """

    spelling: str
    reading: str
    pronunciation: str
    ipa: tuple[str, ...]
    romanized: str
    fired: tuple[Fired, ...]


def explain(text: str, *, settings: PhonologySettings = _DEFAULT) -> Explanation:
    """The steps from `text` to its symbols.

    Raises:
        UnpronounceableError: A character has no reading.
    """
    reading = read_aloud(text)
    characters = unread(reading)
    if characters:
        raise UnpronounceableError(characters)
    engine = converter(settings)
    pronunciation = engine.pronounce(reading)
    return Explanation(
        spelling=text,
        reading=reading,
        pronunciation=pronunciation,
        ipa=tuple(ipa_of_pronunciation(pronunciation, settings)),
        romanized=romanize(text),
        fired=tuple(_fired(reading, engine)),
    )


def list_rules(settings: PhonologySettings = _DEFAULT) -> list[RuleCard]:
    """Every rule in the order in which they apply."""
    rules = (*LEXICAL_RULES, *vowel_rules(settings), glide_after_palatal)
    cards = [RuleCard(rule.name, rule.article, rule.summary, rule.examples) for rule in rules]
    return [_LEXICON, *cards, *_JUNCTION_CARDS, *_ACROSS]


_LEXICON: Final = RuleCard("lexicon", "-", "A word of the lexicon: its pronunciation is given, not derived.")
_JUNCTION_CARDS: Final = tuple(
    RuleCard(f"article {article}", article, summary)
    for article, summary in (
        ("9", "Codas are one of ㄱ ㄴ ㄷ ㄹ ㅁ ㅂ ㅇ before a consonant and at the end."),
        ("10", "ㄳ ㄵ ㄼ ㄽ ㄾ ㅄ lose their second consonant before a consonant."),
        ("11", "ㄺ ㄻ ㄿ are ㄱ ㅁ ㅂ before a consonant."),
        ("12", "ㅎ makes ㄱ ㄷ ㅂ ㅈ aspirated and ㅅ tense, or is lost."),
        ("13", "A coda links to the vowel that follows."),
        ("14", "The second consonant of a cluster links to the vowel that follows."),
        ("15", "Before a vowel that begins a word a coda is neutralised."),
        ("18", "ㄱ ㄷ ㅂ are ㅇ ㄴ ㅁ before ㄴ and ㅁ."),
        ("19", "ㄹ is ㄴ after ㅁ and ㅇ; after ㄱ and ㅂ as well."),
        ("20", "ㄴ is ㄹ before or after ㄹ."),
        ("23", "ㄱ ㄷ ㅂ ㅅ ㅈ are tense after ㄱ ㄷ ㅂ."),
    )
)
_ACROSS: Final = (
    RuleCard("n_insertion_across_words", "29", "ㄴ is inserted between words said as one: 할 일, 옷 입다."),
    RuleCard(
        "tensing_across_words", "27", "ㄱ ㄷ ㅂ ㅅ ㅈ are tense after -(으)ㄹ and 열 of the word before."
    ),
)


def _fired(reading: str, engine: Converter) -> list[Fired]:
    cards = {card.name: card for card in list_rules(engine.settings)}
    words = iter(WORD.findall(reading))
    fired: list[Fired] = []
    for forms, _ in engine.phrases(reading):
        previous: tuple[str, Form] | None = None
        for form in forms:
            word = next(words)
            if previous and engine.settings.connected:
                met = meet(previous[1].coda, previous[1].tail, form.onset, form.head)
                fired += [Fired(f"{previous[0]} {word}", cards[name]) for name in met.fired]
            fired += [Fired(word, cards[name]) for name in form.fired]
            previous = word, form
    return fired
