"""KsponSpeech's annotation: which words were said, and which marks stand beside them.

    b/ l/ o/ n/     breath, laugh, overlap, noise: removed
    u/              a word nobody could make out (also a lone `*`): see `has_unknown_word`
    word/           filler: the word stays, it was said
    word+           repetition or false start: likewise
    word*           unclear: likewise
    (A)/(B)         dual transcription: spelled A, said B

The annotators' slips are part of the data: blanks in `(A) / (B)`, no slash in `(A)(B)`, a
lost bracket, a stray `#`, `w1+w2`. AI Hub 130 writes the same dual transcriptions.
"""

import re
from collections.abc import Callable

from pipeline.transcript.dual import resolve_dual_forms
from pipeline.transcript.tidying import Side, compose, one_blank, tidy

# A tag is no part of a Latin word: `Seoul/` and `o/x` hold none.
_TAG = re.compile(r"(?<![A-Za-z0-9])(?:[blonu]/)+(?![A-Za-z0-9])")
_UNKNOWN = re.compile(r"(?<![A-Za-z0-9])(?:[blonu]/)*u/(?![A-Za-z0-9](?!/))|(?<!\S)\*+(?!\S)")
_MARKS = str.maketrans("/+*#()", "      ")


def clean_kspon(raw: str, side: Side) -> str:
    """One side of an annotated transcript, without a mark.

    >>> clean_kspon("b/ (70%)/(칠십 퍼센트) 확률이라니 아/ (뭐 뭔)/(모 몬) 소리야+", "spoken")
    '칠십 퍼센트 확률이라니 아 모 몬 소리야'
    >>> clean_kspon("b/ (70%)/(칠십 퍼센트) 확률이라니 아/ (뭐 뭔)/(모 몬) 소리야+", "spelling")
    '70% 확률이라니 아 뭐 뭔 소리야'
    """
    text = one_blank(compose(raw))
    for rule in RULES:
        text = rule(text, side)
    return tidy(text)


def has_unknown_word(raw: str) -> bool:
    """Whether something was said that is not written down: `u/`, or a `*` beside no word."""
    return _UNKNOWN.search(one_blank(compose(raw))) is not None


def remove_tags(text: str, side: Side) -> str:  # noqa: ARG001 - every rule takes a side
    """Remove b/ l/ o/ n/ u/ where they are tokens of their own."""
    return one_blank(_TAG.sub(" ", text))


def choose_side(text: str, side: Side) -> str:
    """Resolve dual transcriptions: the first form is the spelling."""
    return resolve_dual_forms(text, keep=1 if side == "spelling" else 2)


def remove_marks(text: str, side: Side) -> str:  # noqa: ARG001 - every rule takes a side
    """Remove what is left of the marks; the words beside them stay, parted."""
    return text.translate(_MARKS)


RULES: tuple[Callable[[str, Side], str], ...] = (remove_tags, choose_side, remove_marks)
"""The rules, in order: a tag's slash must not be taken for a filler's, nor a dual form's."""
