"""What happened to a text on its way to labels: each form it took, and the rules that changed it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuleCard:
    """A rule as it is shown to a reader.

    Attributes:
        name: The rule's name.
        article: The article of the language's standard that it states (Korean: 표준 발음법), with
            its section: "5.3". "-" if no article states it.
        summary: What the rule does, in one sentence.
        examples: (spelling, pronunciation) pairs.
    """

    name: str
    article: str
    summary: str
    examples: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FiredRule:
    """A rule that changed something, and where: in a word, or between two words."""

    where: str
    rule: RuleCard


@dataclass(frozen=True, slots=True)
class Explanation:
    """A text, step by step.

    Attributes:
        spelling: The text as given.
        reading: The same with its numbers, signs and foreign words read aloud.
        pronunciation: The reading as pronounced.
        ipa: Symbols of the vocabulary.
        romanized: The spelling in Latin letters.
        fired: The rules that changed something, in the order of the words.
    """

    spelling: str
    reading: str
    pronunciation: str
    ipa: tuple[str, ...]
    romanized: str
    fired: tuple[FiredRule, ...]
