"""A rule of pronunciation: a function on a word, with its article and the examples that test it."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.phonology.explanation import RuleCard
from pipeline.phonology.korean.word import Word

Apply = Callable[[Word], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of pronunciation.

    Attributes:
        card: What the rule is called and says; the rule fires on each of its examples.
        apply: Rewrites a word in place; returns whether it changed anything.
    """

    card: RuleCard
    apply: Apply

    @property
    def name(self) -> str:
        """The name of the function."""
        return self.card.name


def rule(article: str, examples: str) -> Callable[[Apply], Rule]:
    """Make a `Rule` of a function; the first line of its docstring becomes the rule's summary.

    Args:
        article: "17", or "29.2" for article 29, supplement 2.
        examples: "굳이[구지] 밭이[바치]": spellings (spaces allowed), each with its pronunciation.
    """
    pairs = tuple((left.strip(), right) for left, right in re.findall(r"([^\[\]]+)\[([^\]]+)\]", examples))

    def wrap(function: Apply) -> Rule:
        summary = (function.__doc__ or "").partition("\n")[0]
        return Rule(RuleCard(function.__name__, article, summary, pairs), function)

    return wrap
