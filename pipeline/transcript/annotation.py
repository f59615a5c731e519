"""The rules of each annotation: how to remove its marks, and what some of them tell."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipeline.record import Annotation
from pipeline.transcript.dialect import clean_dialect, has_hidden_dialect_word, has_unknown_dialect_word
from pipeline.transcript.kspon import clean_kspon, has_unknown_kspon_word
from pipeline.transcript.tidying import Side, tidy


@dataclass(frozen=True, slots=True)
class AnnotationRules:
    """The rules of one annotation, all on a raw transcript.

    Attributes:
        clean: One side of the transcript, without marks.
        has_hidden_word: Whether something that was said is hidden, such as a name.
        has_unknown_word: Whether something that was said could not be made out.
    """

    clean: Callable[[str, Side], str]
    has_hidden_word: Callable[[str], bool]
    has_unknown_word: Callable[[str], bool]


def _clean_plain(raw: str, side: Side) -> str:  # noqa: ARG001 - plain text has one form
    return tidy(raw)


def _never(raw: str) -> bool:  # noqa: ARG001 - this annotation has no such mark
    return False


RULES: Mapping[Annotation, AnnotationRules] = {
    Annotation.PLAIN: AnnotationRules(_clean_plain, _never, _never),
    Annotation.KSPON: AnnotationRules(clean_kspon, _never, has_unknown_kspon_word),
    Annotation.AIHUB_DIALECT: AnnotationRules(
        clean_dialect, has_hidden_dialect_word, has_unknown_dialect_word
    ),
}
