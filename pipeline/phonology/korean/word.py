"""A word (eojeol) as the rules see and rewrite it: its syllables, its morphemes, what is settled."""

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from pipeline.phonology.korean.hangul import FIRST, compose, decompose

_SYLLABLES: Final = [decompose(chr(code)) for code in range(FIRST, FIRST + 11_172)]

PARTICLE_TAGS: Final = ("J", "E", "VCP", "XSN", "XSV", "XSA")
"""Tags (mecab-ko-dic) of particles, endings, suffixes and the copula."""


class Morpheme(NamedTuple):
    """A morpheme of a word.

    Attributes:
        start: Index of its first syllable in the word.
        end: Index after its last syllable.
        surface: Its spelling.
        tag: Part of speech in mecab-ko-dic's tag set; an inflected form joins several by "+".
        ending: The last morpheme of an inflected form as the dictionary writes it ("ᆯ지"), or "".
    """

    start: int
    end: int
    surface: str
    tag: str
    ending: str = ""

    @property
    def leans(self) -> bool:
        """Whether it leans on the morpheme before it: a particle, an ending, a suffix or the copula."""
        return self.tag.startswith(PARTICLE_TAGS)

    @property
    def is_stem(self) -> bool:
        """Whether it is the bare stem of a verb or an adjective."""
        return self.tag in ("VV", "VA", "VX")

    @property
    def is_prospective(self) -> bool:
        """Whether it ends in the adnominal ending -(으)ㄹ."""
        return self.tag.endswith("ETM") and (ord(self.surface[-1]) - FIRST) % 28 == 8


@dataclass(slots=True)
class Word:
    """A word's syllables as three lists of jamo, which the rules rewrite in place.

    Attributes:
        text: The spelling.
        morphemes: In order; together they cover the word.
        joint: For each syllable, the index of the morpheme that begins there, or -1.
        settled: Indices i whose boundary (between syllables i-1 and i) the lexicon has decided;
            the lexical rules leave these alone.
    """

    text: str
    morphemes: tuple[Morpheme, ...]
    onsets: list[str] = field(init=False)
    vowels: list[str] = field(init=False)
    codas: list[str] = field(init=False)
    joint: list[int] = field(init=False)
    settled: set[int] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        parts = [_SYLLABLES[ord(character) - FIRST] for character in self.text]
        self.onsets, self.vowels, self.codas = map(list, zip(*parts, strict=True))
        self.joint = [-1] * len(parts)
        for index, morpheme in enumerate(self.morphemes):
            self.joint[morpheme.start] = index

    def __len__(self) -> int:
        return len(self.text)

    def spelled(self) -> str:
        """The syllables as they stand now."""
        return "".join(map(compose, self.onsets, self.vowels, self.codas))

    def at(self, syllable: int) -> Morpheme | None:
        """The morpheme that begins at `syllable`, or None inside a morpheme."""
        index = self.joint[syllable]
        return self.morphemes[index] if index >= 0 else None

    def around(self, syllable: int) -> Morpheme:
        """The morpheme that `syllable` lies in."""
        return self.morphemes[bisect_right(self.morphemes, syllable, key=lambda m: m.start) - 1]

    def before(self, syllable: int) -> Morpheme:
        """The morpheme that ends where the one at joint `syllable` begins."""
        return self.morphemes[self.joint[syllable] - 1]
