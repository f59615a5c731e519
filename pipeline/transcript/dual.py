"""Dual forms: `(A)/(B)` gives a word in two spellings. Annotators get the brackets wrong in many ways."""

import re

MAX_NESTING = 8
"""How deep dual forms may nest. Deeper ones are not resolved and lose their brackets."""

# The most reliable first. Words are one space apart, so that no pattern has to look far.
_DUAL_FORMS = tuple(
    map(
        re.compile,
        (
            r"\(([^()]*)\) ?/ ?\(([^()]*)\)",  # (A)/(B), (A) / (B)
            r"\(([^()]*)\) ?\(([^()]*)\)",  # (A)(B)
            r"\(([^()]*)\) ?/ ?([^()]*)\)",  # (A)/B)
            r"\(([^()]*)/ ?\(([^()]*)\)",  # (A/(B)
            r"(?<!\S)([^\s()]+)\) ?/ ?\(([^()]*)\)",  # A)/(B)
            r"\(([^()]*)\) ?/ ?\(([^()]*)$",  # (A)/(B at the end
            r"\(([^()/]*[^\s()/])/([^\s()/][^()/]*)\)",  # (A/B); the slash of a filler has a space behind it
        ),
    )
)


def resolve_dual_forms(text: str, *, keep: int) -> str:
    """Replace every `(A)/(B)` by A (`keep` 1) or B (`keep` 2), innermost first.

    >>> resolve_dual_forms("((A)/(B) C)/(D)", keep=1), resolve_dual_forms("((A)/(B) C)/(D)", keep=2)
    ('A C', 'D')
    """
    for pattern in _DUAL_FORMS:
        for _ in range(MAX_NESTING):
            text, resolved = pattern.subn(rf"\{keep}", text)
            if not resolved:
                break
    return text
