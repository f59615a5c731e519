"""The batched path: texts in, labels (or the reason why not) out."""

import unicodedata
from collections.abc import Sequence
from typing import Final

from pipeline.contract.vocabulary import KOREAN
from pipeline.phonology.g2pk_engine import load_g2pk
from pipeline.phonology.hangul import is_syllable
from pipeline.phonology.ipa import ipa_of
from pipeline.phonology.romanize import romanize
from pipeline.phonology.settings import PhonologySettings
from pipeline.record import Labelled, Reason, Rejection

BATCH: Final = 64
"""Sentences joined by newlines for one pass of g2pk: 83x faster than one by one."""


def warm_up() -> None:
    """Load everything that `label_batch` needs, so that a worker pays for it once."""
    label_batch(["준비"], settings=PhonologySettings())


def label_batch(texts: Sequence[str], *, settings: PhonologySettings) -> list[Labelled | Rejection]:
    """Labels of each text, or why it has none, in the order of `texts`."""
    clean = [" ".join(unicodedata.normalize("NFC", text).split()) for text in texts]
    pronounced: list[str] = []
    for start in range(0, len(clean), BATCH):
        pronounced += load_g2pk()("\n".join(clean[start : start + BATCH]), descriptive=True).split("\n")
    return [_label(text, said, settings) for text, said in zip(clean, pronounced, strict=True)]


def pronounce(text: str) -> str:
    """`text` as pronounced, in Hangul."""
    said: str = load_g2pk()(" ".join(unicodedata.normalize("NFC", text).split()), descriptive=True)
    return said


def to_ipa(text: str) -> list[str]:
    """`text` as the symbols of `pipeline.contract.vocabulary.KOREAN`."""
    return ipa_of(pronounce(text))


def _label(text: str, pronunciation: str, settings: PhonologySettings) -> Labelled | Rejection:
    unread = sorted({character for character in pronunciation if _must_be_read(character)})
    if unread:
        return Rejection(Reason.UNPRONOUNCEABLE, f"cannot pronounce {' '.join(unread)}")
    ipa = ipa_of(pronunciation, connected=settings.connected, initial_liquid=settings.initial_liquid)
    return Labelled(pronunciation, tuple(ipa), tuple(KOREAN.encode(ipa)), romanize(text))


def _must_be_read(character: str) -> bool:
    return not is_syllable(character) and unicodedata.category(character)[0] not in "PZ"
