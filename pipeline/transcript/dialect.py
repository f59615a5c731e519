"""Annotation of AI Hub's dialect sessions (118 to 122).

    #name# &name& @name     something that was said is hidden: `is_anonymised`
    (())  ((guess))  x xx   nobody could make it out, or somebody guessed: `has_unknown_word`
    {laughing} {singing}    what else is heard: removed
    -wor-                   a word that was cut off: its letters were said, they stay
    wo~rd                   drawn out: the word stays
    (A)/(B)                 left over in a form: A is the dialect, which was said

The documents at hand name `@` and `x` without their meaning (unverified): what follows an `@`
is taken for a hidden name, an `x` that is no Latin word for a syllable that was not understood.
"""

import re
from collections.abc import Callable

from pipeline.transcript.dual import resolve_dual_forms
from pipeline.transcript.tidying import Side, compose, one_blank, tidy

_HIDDEN = re.compile(r"#[^#]{0,30}#|&[^&]{0,30}&|@[^\s@]*")
_GUESSED = re.compile(r"\(\(([^()]*)\)\)")
_UNKNOWN_SYLLABLES = re.compile(r"(?<![A-Za-z0-9])[xX]+(?![A-Za-z0-9])")
_SOUND = re.compile(r"\{[^{}]*\}")
_CUT_OFF = re.compile(r"(?<![A-Za-z0-9])-|-(?![A-Za-z0-9])")
_MARKS = str.maketrans("#&@~(){}/*+", " " * 11)


def clean_dialect(raw: str, side: Side) -> str:
    """One form of an utterance without its marks.

    >>> clean_dialect("{laughing} 그 -머- 뭐라 카~노", "spoken")
    '그 머 뭐라 카노'
    """
    text = one_blank(compose(raw))
    for rule in RULES:
        text = rule(text, side)
    return tidy(text)


def is_anonymised(raw: str) -> bool:
    """Whether something that was said is hidden: `#name#`, `&name&`, `@name`."""
    return _HIDDEN.search(compose(raw)) is not None


def has_unknown_word(raw: str) -> bool:
    """Whether something was not understood (`(())`, `x`) or only guessed (`((word))`)."""
    text = _SOUND.sub(" ", compose(raw))
    return any(pattern.search(text) for pattern in (_GUESSED, _UNKNOWN_SYLLABLES))


def remove_sounds(text: str, side: Side) -> str:  # noqa: ARG001 - every rule takes a side
    """Remove `{laughing}` and the like."""
    return _SOUND.sub(" ", text)


def remove_hidden(text: str, side: Side) -> str:  # noqa: ARG001 - every rule takes a side
    """Remove what stands for something hidden or not understood; a guess stays."""
    return _UNKNOWN_SYLLABLES.sub(" ", _GUESSED.sub(r"\1", _HIDDEN.sub(" ", text)))


def choose_side(text: str, side: Side) -> str:
    """Resolve dual forms: the first one is the dialect."""
    return resolve_dual_forms(one_blank(text), keep=1 if side == "spoken" else 2)


def join_words(text: str, side: Side) -> str:  # noqa: ARG001 - every rule takes a side
    """Remove the marks of a cut-off or drawn-out word; what else is left of marks parts words."""
    return _CUT_OFF.sub("", text.replace("~", "")).translate(_MARKS)


RULES: tuple[Callable[[str, Side], str], ...] = (remove_sounds, remove_hidden, choose_side, join_words)
"""The rules, in order."""
