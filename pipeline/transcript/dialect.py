"""The annotation of AI Hub's dialect sessions (118 to 122).

    #name# &name& @name     words that were said but are hidden
    (())  ((guess))  x xx   nobody could make it out, or somebody guessed
    {laughing} {singing}    other sounds: removed
    -wor-                   a word that was cut off: what is written was said and stays
    wo~rd                   drawn out: the word stays
    (A)/(B)                 left over in a form: A is the dialect, which was said

The documents at hand name `@` and `x` without explaining them (unverified): what follows an `@`
is taken for a hidden name, and an `x` outside a Latin word for a syllable that nobody made out.
"""

import re

from pipeline.transcript.dual import resolve_dual_forms
from pipeline.transcript.tidying import Side, normalise_characters, single_spaces, tidy

_HIDDEN = re.compile(r"#[^#]{0,30}#|&[^&]{0,30}&|@[^\s@]*")
_GUESSED = re.compile(r"\(\(([^()]*)\)\)")
_UNKNOWN_SYLLABLES = re.compile(r"(?<![A-Za-z0-9])[xX]+(?![A-Za-z0-9])")
_SOUND = re.compile(r"\{[^{}]*\}")
_CUT_OFF = re.compile(r"(?<![A-Za-z0-9])-|-(?![A-Za-z0-9])")
_MARKS = str.maketrans("#&@~(){}/*+", " " * 11)


def clean_dialect(raw: str, side: Side) -> str:
    """One form of an utterance, without its marks; a guess stays.

    >>> clean_dialect("{laughing} 그 -머- 뭐라 카~노", "spoken")
    '그 머 뭐라 카노'
    """
    text = single_spaces(normalise_characters(raw))
    text = _SOUND.sub(" ", text)
    text = _UNKNOWN_SYLLABLES.sub(" ", _GUESSED.sub(r"\1", _HIDDEN.sub(" ", text)))
    text = resolve_dual_forms(single_spaces(text), keep=1 if side == "spoken" else 2)
    text = _CUT_OFF.sub("", text.replace("~", ""))
    return tidy(text.translate(_MARKS))


def has_hidden_dialect_word(raw: str) -> bool:
    """Whether something that was said is hidden: `#name#`, `&name&`, `@name`."""
    return _HIDDEN.search(normalise_characters(raw)) is not None


def has_unknown_dialect_word(raw: str) -> bool:
    """Whether something could not be made out (`(())`, `x`) or was only guessed (`((word))`)."""
    text = _SOUND.sub(" ", normalise_characters(raw))
    return any(pattern.search(text) for pattern in (_GUESSED, _UNKNOWN_SYLLABLES))
