"""The lexicon: words whose pronunciation no rule can know.

It is made of the bundled tables (`tables/lexicon_*.tsv`) and a user's own, which overrides them.
An entry gives a word as pronounced on its own. If its last coda is only the neutralised form of
the spelled one, the spelled one is kept for the next syllable (꽃잎 [꼰닙], but 꽃잎이 [꼰니피]).
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from pipeline.contract.errors import InputRejected
from pipeline.contract.text import shorten
from pipeline.phonology.korean.hangul import Syllable, decompose, is_syllable
from pipeline.phonology.korean.ipa import NEUTRALISED
from pipeline.phonology.korean.tables import parse_rows, read_table
from pipeline.phonology.korean.word import Word
from pipeline.phonology.user_lexicon import UserLexicon, read_carried_lexicon

BUNDLED: Final = ("lexicon_plain", "lexicon_insertion", "lexicon_tensing", "lexicon_words")
_FREE_LENGTH: Final = 3
"""An entry of this many syllables may end inside a morpheme: the tagger may not know the word."""

_KEPT: Final = 4
"""A dataset made with more lexicons reads them again rather than hold them all."""

Lexicon = Mapping[str, tuple[Syllable, ...]]


@lru_cache(maxsize=_KEPT)
def load_lexicon(path: Path | None, sha256: str) -> Lexicon:
    """The bundled lexicon, overridden by the user's: the copy at `path`, if there is one.

    Raises:
        HandOffBroken: The copy is missing, or does not have the hash `sha256`.
        InputRejected: It is not a table of spellings and pronunciations.
    """
    entries = {row[0]: row[1] for name in BUNDLED for row in read_table(name)}
    if path is not None:
        entries |= parse_lexicon(read_carried_lexicon(path, sha256=sha256), path)
    return {spelling: _merge(spelling, said) for spelling, said in entries.items()}


def apply_lexicon(word: Word, lexicon: Lexicon) -> bool:
    """Rewrite `word` by the longest entries that begin at a morpheme; returns whether any was found."""
    fired = False
    start, length = 0, len(word)
    while start < length:
        end = _match(word, lexicon, start) if word.joint[start] >= 0 else 0
        if end:
            for index, syllable in enumerate(lexicon[word.text[start:end]], start):
                word.onsets[index], word.vowels[index], word.codas[index] = syllable
            word.settled.update(range(start + 1, end))
            fired = True
        start = end or start + 1
    return fired


def _match(word: Word, lexicon: Lexicon, start: int) -> int:
    text, joint, length = word.text, word.joint, len(word)
    for end in range(min(length, start + 8), start, -1):
        if text[start:end] not in lexicon or _reaches_into_particle(word, start, end):
            continue
        if end == length or joint[end] >= 0 or end - start >= _FREE_LENGTH:
            return end
    return 0


def _reaches_into_particle(word: Word, start: int, end: int) -> bool:
    """Whether a particle begins inside a part of a word: 년 + 대 + 가 is not the noun 대가."""
    if end - start == len(word):
        return False
    for index in range(start + 1, end):
        morpheme = word.at(index)
        if morpheme is not None and morpheme.tag.startswith("J"):
            return True
    return False


def _merge(spelling: str, said: str) -> tuple[Syllable, ...]:
    syllables = [decompose(character) for character in said]
    written = decompose(spelling[-1]).coda
    if NEUTRALISED[written] == syllables[-1].coda:
        syllables[-1] = syllables[-1]._replace(coda=written)
    return tuple(syllables)


def parse_lexicon(lexicon: UserLexicon, path: Path) -> dict[str, str]:
    """Spelling -> pronunciation. Raises InputRejected, naming `path`, if it is no such table."""
    try:
        header, *rows = parse_rows(lexicon.content.decode())
    except ValueError as error:
        raise InputRejected(f"cannot read the lexicon {path}: {error}") from error
    if header[:2] != ("spelling", "pronunciation"):
        raise InputRejected(
            f"the lexicon {path} begins with {shorten(str(header))}; expected a first line with the columns"
            " spelling, pronunciation, separated by a tab"
        )
    for row in rows:
        if len(row) < 2 or not 0 < len(row[0]) == len(row[1]) or not all(map(is_syllable, row[0] + row[1])):
            raise InputRejected(
                f"the lexicon {path} has {shorten(str(row))}; expected a spelling in Hangul and as many"
                " syllables of pronunciation"
            )
    return {row[0]: row[1] for row in rows}
