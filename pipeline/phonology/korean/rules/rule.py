"""What a rule is: a name, an article, examples that are its test, and a function."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.phonology.korean.word import Word

Apply = Callable[[Word], bool]


@dataclass(frozen=True)
class Rule:
    """One rule of pronunciation.

    Attributes:
        name: The function's name.
        article: Article of the Standard Pronunciation (표준 발음법), with its section.
        summary: First line of the function's docstring.
        examples: (spelling, pronunciation) pairs; the rule fires for each.
        apply: Rewrites a word in place; tells whether it changed anything.
    """

    name: str
    article: str
    summary: str
    examples: tuple[tuple[str, str], ...]
    apply: Apply


def rule(article: str, examples: str) -> Callable[[Apply], Rule]:
    """Make a function a `Rule`.

    Args:
        article: "17", or "29.2" for article 29, supplement 2.
        examples: "굳이[구지] 밭이[바치]": spellings (spaces allowed) with their pronunciation.
    """
    pairs = tuple((left.strip(), right) for left, right in re.findall(r"([^\[\]]+)\[([^\]]+)\]", examples))

    def wrap(function: Apply) -> Rule:
        summary = (function.__doc__ or "").partition("\n")[0]
        return Rule(function.__name__, article, summary, pairs, function)

    return wrap
