"""Text -> what is said -> symbols -> labels, in the language that the settings name.

Each language is a package beside this file; what it exports is called here and nowhere else.
"""

from collections.abc import Sequence
from typing import Final

from pipeline.contract.errors import InputRejected
from pipeline.contract.reasons import Reason
from pipeline.contract.vocabulary import KOREAN
from pipeline.phonology import korean
from pipeline.phonology.explanation import Explanation, RuleCard
from pipeline.phonology.settings import PhonologySettings
from pipeline.record import Labelled, Rejection

_DEFAULT: Final = PhonologySettings()
_NAMED_CHARACTERS: Final = 10
"""A rejection names at most this many characters."""


class UnpronounceableError(InputRejected):
    """A text holds characters that have no reading; `characters` lists them."""

    def __init__(self, characters: list[str]) -> None:
        named = " ".join(map(_name, characters[:_NAMED_CHARACTERS]))
        more = len(characters) - _NAMED_CHARACTERS
        super().__init__(f"no reading for {named}" + (f" and {more} more characters" if more > 0 else ""))
        self.characters = characters


def check_lexicon(settings: PhonologySettings) -> None:
    """Raise InputRejected if the lexicon that `settings` name cannot be used."""
    korean.pronouncer(settings)


def label_batch(texts: Sequence[str], *, settings: PhonologySettings) -> list[Labelled | Rejection]:
    """The labels of each text, or why it has none, in the order of `texts`.

    A text's labels depend on the text and the settings alone, never on the other texts.
    """
    return [_label(text, settings) for text in texts]


def pronounce(text: str, *, settings: PhonologySettings = _DEFAULT) -> str:
    """`text` as pronounced, spelled in Hangul; phrases keep their `, . ? !`.

    Raises:
        UnpronounceableError: A character has no reading.

    >>> pronounce("할 일이 많다")
    '할 리리 만타'
    """
    return korean.pronouncer(settings).pronounce(_read(text))


def ipa_of(pronunciation: str, *, settings: PhonologySettings = _DEFAULT) -> list[str]:
    """The vocabulary's symbols for a pronunciation, as `pronounce` returns it.

    >>> ipa_of("할 릴")
    ['h', 'ɑ', 'l', 'l', 'i', 'l']
    """
    return korean.hangul_to_ipa(
        pronunciation, connected=settings.connected, initial_liquid=settings.initial_liquid
    )


def to_ipa(text: str, *, settings: PhonologySettings = _DEFAULT) -> list[str]:
    """`text` as symbols of `pipeline.contract.vocabulary.KOREAN`.

    Raises:
        UnpronounceableError: A character has no reading.
    """
    return ipa_of(pronounce(text, settings=settings), settings=settings)


def explain(text: str, *, settings: PhonologySettings = _DEFAULT) -> Explanation:
    """The steps from `text` to its symbols, and the rules that fired.

    Raises:
        UnpronounceableError: A character has no reading.
    """
    reading = _read(text)
    pronunciation = korean.pronouncer(settings).pronounce(reading)
    return Explanation(
        spelling=text,
        reading=reading,
        pronunciation=pronunciation,
        ipa=tuple(ipa_of(pronunciation, settings=settings)),
        romanized=korean.romanize(text),
        fired=tuple(korean.fired_rules(reading, settings)),
    )


def list_rules(settings: PhonologySettings = _DEFAULT) -> list[RuleCard]:
    """Every rule of the language, in the order in which they apply."""
    return korean.korean_rules(settings)


def _label(text: str, settings: PhonologySettings) -> Labelled | Rejection:
    try:
        pronunciation = pronounce(text, settings=settings)
    except UnpronounceableError as error:
        return Rejection(Reason.UNPRONOUNCEABLE, str(error))
    ipa = ipa_of(pronunciation, settings=settings)
    return Labelled(pronunciation, tuple(ipa), tuple(KOREAN.encode(ipa)), korean.romanize(text))


def _read(text: str) -> str:
    reading = korean.read_aloud(text)
    characters = korean.unread(reading)
    if characters:
        raise UnpronounceableError(characters)
    return reading


def _name(character: str) -> str:
    """The character, or its code point if it cannot be printed."""
    return character if character.isprintable() else f"U+{ord(character):04X}"
