"""The annotation of KsponSpeech: marks beside the words that were said.

    b/ l/ o/ n/     breath, laugh, overlap, noise: removed
    u/              a word that nobody could make out (also a lone `*`)
    word/           filler: the word stays, because it was said
    word+           repetition or false start: likewise
    word*           unclear: likewise
    (A)/(B)         dual form: spelled A, said B

Annotators' slips are part of the data: spaces in `(A) / (B)`, no slash in `(A)(B)`, a missing
bracket, a stray `#`, `w1+w2`. AI Hub 130 writes the same dual forms.
"""

import re

from pipeline.transcript.dual import resolve_dual_forms
from pipeline.transcript.tidying import Side, normalise_characters, single_spaces, tidy

# A tag is never part of a Latin word: `Seoul/` and `o/x` contain none. A run of tags is taken whole and
# then judged: looking ahead in the pattern would try it again from each of its tags.
_TAGS = re.compile(r"(?<![A-Za-z0-9])(?:[blonu]/)+")
_UNKNOWN = re.compile(r"(?<![A-Za-z0-9])u/(?![A-Za-z0-9](?!/))|(?<!\S)\*+(?!\S)")
_MARKS = str.maketrans("/+*#()", "      ")


def clean_kspon(raw: str, side: Side) -> str:
    """One side of an annotated transcript, without its marks.

    >>> clean_kspon("b/ (70%)/(칠십 퍼센트) 확률이라니 아/ (뭐 뭔)/(모 몬) 소리야+", "spoken")
    '칠십 퍼센트 확률이라니 아 모 몬 소리야'
    >>> clean_kspon("b/ (70%)/(칠십 퍼센트) 확률이라니 아/ (뭐 뭔)/(모 몬) 소리야+", "spelling")
    '70% 확률이라니 아 뭐 뭔 소리야'
    """
    text = single_spaces(normalise_characters(raw))
    # Tags first: their slash must not be taken for that of a filler or of a dual form.
    text = single_spaces(_TAGS.sub(_drop_tags, text))
    text = resolve_dual_forms(text, keep=1 if side == "spelling" else 2)
    return tidy(text.translate(_MARKS))


def _drop_tags(match: re.Match[str]) -> str:
    following = match.string[match.end() : match.end() + 1]
    return match[0] if following.isascii() and following.isalnum() else " "


def has_unknown_kspon_word(raw: str) -> bool:
    """Whether something was said that is not written down: `u/`, or a `*` on its own."""
    return _UNKNOWN.search(single_spaces(normalise_characters(raw))) is not None
