"""Hangul as spelled -> Hangul as pronounced, under one choice of settings."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

from pipeline.contract.errors import InputRejected
from pipeline.contract.text import shorten
from pipeline.phonology.korean.lexicon import load_lexicon
from pipeline.phonology.korean.morphemes import WORD, Token, split_word, tag_morphemes
from pipeline.phonology.korean.phrase import Form, join_forms, shape_word
from pipeline.phonology.korean.rules.vowels import vowel_rules
from pipeline.phonology.settings import PhonologySettings

_CACHED_WORDS: Final = 100_000
"""Word forms that a process keeps (about 100 MB when full); a full cache is emptied."""

_KEPT: Final = 4
"""A dataset made under more settings makes them again rather than hold all their words."""

_END: Final[tuple[int, Token | None]] = (0, None)


class Pronouncer:
    """Pronounces text, and caches the words it has met. The cache never changes a result."""

    def __init__(self, settings: PhonologySettings, lexicon: Path | None) -> None:
        self.settings = settings
        self._lexicon = load_lexicon(lexicon, settings.lexicon_sha256)
        self._vowels = vowel_rules(settings)
        self._forms: dict[tuple[Token, ...], Form] = {}

    def pronounce(self, text: str) -> str:
        """`text` (syllables, spaces and `, . ? !`) as pronounced."""
        said: list[str] = []
        for forms, mark in self.phrases(text):
            if self.settings.connected:
                said.append(join_forms(forms) + mark)
            else:
                said.append(" ".join(form.body for form in forms) + mark)
        return " ".join(said)

    def phrases(self, text: str) -> Iterator[tuple[list[Form], str]]:
        """The forms of each phrase's words, and the punctuation that ends the phrase."""
        tokens = iter(tag_morphemes(text))
        start_of_token, token = next(tokens, _END)
        forms: list[Form] = []
        end = 0
        for match in WORD.finditer(text):
            mark = text[end : match.start()].strip()
            if mark and forms:
                yield forms, mark
                forms = []
            end = match.end()
            of_word: list[Token] = []
            while token is not None and start_of_token < end:
                of_word.append(token)
                start_of_token, token = next(tokens, _END)
            forms.append(self._form(match[0], tuple(of_word)))
        if forms:
            yield forms, text[end:].strip()

    def _form(self, word: str, tokens: tuple[Token, ...]) -> Form:
        form = self._forms.get(tokens)
        if form is None:
            if len(self._forms) >= _CACHED_WORDS:
                self._forms.clear()
            parts = split_word(tokens, length=len(word))
            form = shape_word(word, parts, lexicon=self._lexicon, vowels=self._vowels)
            self._forms[tokens] = form
        return form


@lru_cache(maxsize=_KEPT)
def pronouncer(settings: PhonologySettings, lexicon: Path | None = None) -> Pronouncer:
    """The `Pronouncer` of this process for `settings`.

    Args:
        lexicon: The file of the user's lexicon, which `settings` name by its hash.

    Raises:
        InputRejected: `settings` name a lexicon and its file is not given.
        HandOffBroken: The file is missing, or is another one.
    """
    if settings.lexicon and lexicon is None:
        raise InputRejected(f"the settings name the lexicon {shorten(settings.lexicon)}: give its file too")
    return Pronouncer(settings, lexicon if settings.lexicon else None)
