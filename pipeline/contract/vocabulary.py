"""The label vocabulary: IPA symbols, their ids, and the CTC length rule.

Ids run from 1; id 0 is the CTC blank and not a symbol. Spaces are not symbols.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType
from typing import Final

BLANK_ID: Final = 0

KOREAN_CONSONANTS = tuple("p pʰ p* b t tʰ t* d k kʰ k* ɡ tɕ tɕʰ tɕ* dʑ s s* h m n ŋ l ɾ".split())
KOREAN_VOWELS = tuple("ɑ ɛ i o u ʌ ɯ ja jɛ jʌ jo ju wa wɛ wʌ wi ɰi".split())


@dataclass(frozen=True)
class Vocabulary:
    """An ordered set of symbols; the id of a symbol is its position, counted from 1."""

    name: str
    language: str
    symbols: tuple[str, ...]
    ids: Mapping[str, int] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        ids = {symbol: index for index, symbol in enumerate(self.symbols, start=1)}
        if len(ids) != len(self.symbols):
            raise ValueError(f"vocabulary {self.name!r} lists a symbol twice")
        object.__setattr__(self, "ids", MappingProxyType(ids))

    @property
    def num_classes(self) -> int:
        """Number of symbols plus the blank: the width of a CTC classifier."""
        return len(self.symbols) + 1

    @property
    def sha256(self) -> str:
        """Hash of the name, the language and the ordered symbols."""
        content = json.dumps([self.name, self.language, self.symbols], ensure_ascii=False)
        return hashlib.sha256(content.encode()).hexdigest()

    def encode(self, symbols: Iterable[str]) -> list[int]:
        """Ids (1..len) of `symbols`. Raises KeyError for a symbol outside the vocabulary."""
        return [self.ids[symbol] for symbol in symbols]

    def decode(self, labels: Iterable[int]) -> list[str]:
        """Symbols of `labels` (1..len). Raises IndexError for the blank or an unknown id."""
        return [self._symbol(label) for label in labels]

    def _symbol(self, label: int) -> str:
        if not 1 <= label <= len(self.symbols):
            raise IndexError(f"label {label} is outside 1..{len(self.symbols)} of {self.name!r}")
        return self.symbols[label - 1]


KOREAN = Vocabulary("ko-ipa-41", "ko", KOREAN_CONSONANTS + KOREAN_VOWELS)


def min_ctc_frames(labels: Sequence[int]) -> int:
    """Output frames a CTC path for `labels` needs: one each, and a blank between repeats.

    The CTC loss is finite exactly when the network gives at least as many frames.
    """
    return len(labels) + sum(left == right for left, right in pairwise(labels))
