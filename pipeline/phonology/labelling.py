"""The batched path: texts in, labels (or the reason why not) out."""

from collections.abc import Sequence
from typing import Final

from pipeline.contract.errors import InputRejected
from pipeline.contract.reasons import Reason
from pipeline.contract.vocabulary import KOREAN
from pipeline.phonology.korean.ipa import ipa_of
from pipeline.phonology.korean.pronouncer import converter
from pipeline.phonology.korean.reading import read_aloud, unread
from pipeline.phonology.korean.romanize import romanize
from pipeline.phonology.settings import PhonologySettings
from pipeline.record import Labelled, Rejection

_DEFAULT: Final = PhonologySettings()
_NAMED_CHARACTERS: Final = 10
"""Characters that a rejection names at most."""


class UnpronounceableError(InputRejected):
    """A text holds characters that have no reading; `characters` lists them."""

    def __init__(self, characters: list[str]) -> None:
        named = " ".join(map(_name, characters[:_NAMED_CHARACTERS]))
        more = len(characters) - _NAMED_CHARACTERS
        super().__init__(f"no reading for {named}" + (f" and {more} more characters" if more > 0 else ""))
        self.characters = characters


def warm_up(settings: PhonologySettings = _DEFAULT) -> None:
    """Load all that `label_batch` needs, so that a worker pays for it once.

    The English dictionary is not loaded: few corpora need it, and the first word that does
    takes 0.1 s.

    Raises:
        MissingResource: A dictionary is not installed.
        InputRejected: The user's lexicon cannot be read.
    """
    label_batch(["준비 되었습니다"], settings=settings)


def label_batch(texts: Sequence[str], *, settings: PhonologySettings) -> list[Labelled | Rejection]:
    """Labels of each text, or why it has none, in the order of `texts`.

    A text's labels depend on the text and the settings only, never on its neighbours.
    """
    return [_label(text, settings) for text in texts]


def pronounce(text: str, *, settings: PhonologySettings = _DEFAULT) -> str:
    """`text` as pronounced, in Hangul; phrases keep their `, . ? !`.

    Raises:
        UnpronounceableError: A character has no reading.

    >>> pronounce("할 일이 많다")
    '할 리리 만타'
    """
    spoken = read_aloud(text)
    characters = unread(spoken)
    if characters:
        raise UnpronounceableError(characters)
    return converter(settings).pronounce(spoken)


def to_ipa(text: str, *, settings: PhonologySettings = _DEFAULT) -> list[str]:
    """`text` as symbols of `pipeline.contract.vocabulary.KOREAN`.

    Raises:
        UnpronounceableError: A character has no reading.
    """
    return ipa_of_pronunciation(pronounce(text, settings=settings), settings)


def _label(text: str, settings: PhonologySettings) -> Labelled | Rejection:
    try:
        pronunciation = pronounce(text, settings=settings)
    except UnpronounceableError as error:
        return Rejection(Reason.UNPRONOUNCEABLE, str(error))
    ipa = ipa_of_pronunciation(pronunciation, settings)
    return Labelled(pronunciation, tuple(ipa), tuple(KOREAN.encode(ipa)), romanize(text))


def ipa_of_pronunciation(pronunciation: str, settings: PhonologySettings) -> list[str]:
    """The symbols of a pronunciation under `settings`: `verify --deep` derives labels again by it."""
    return ipa_of(pronunciation, connected=settings.connected, initial_liquid=settings.initial_liquid)


def _name(character: str) -> str:
    """The character, with its code point where it may not print."""
    return character if character.isprintable() else f"U+{ord(character):04X}"
