"""Which annotation has which rules."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipeline.record import Annotation
from pipeline.transcript import dialect, kspon
from pipeline.transcript.tidying import Side, tidy


@dataclass(frozen=True, slots=True)
class Marks:
    """The rules of one annotation.

    Attributes:
        clean: One side of a raw transcript, without a mark.
        is_anonymised: Whether something that was said is hidden.
        has_unknown_word: Whether something that was said could not be made out.
    """

    clean: Callable[[str, Side], str]
    is_anonymised: Callable[[str], bool]
    has_unknown_word: Callable[[str], bool]


def _clean_plain(raw: str, side: Side) -> str:  # noqa: ARG001 - plain text has one form
    return tidy(raw)


def _never(raw: str) -> bool:  # noqa: ARG001 - these transcripts have no such mark
    return False


MARKS: Mapping[Annotation, Marks] = {
    Annotation.PLAIN: Marks(_clean_plain, _never, _never),
    Annotation.KSPON: Marks(kspon.clean_kspon, _never, kspon.has_unknown_word),
    Annotation.AIHUB_DIALECT: Marks(dialect.clean_dialect, dialect.is_anonymised, dialect.has_unknown_word),
}
