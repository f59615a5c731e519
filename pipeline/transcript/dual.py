"""Dual transcriptions `(A)/(B)`, and the ways in which annotators get them wrong."""

import re

MAX_NESTING = 8
"""Dual transcriptions within dual transcriptions that are resolved; deeper ones lose their brackets."""

# In order of trust. The texts have one blank between words, so that no pattern looks far.
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
            r"\(([^()/]*[^\s()/])/([^\s()/][^()/]*)\)",  # (A/B); a filler's slash has a blank behind it
        ),
    )
)


def resolve_dual_forms(text: str, *, keep: int) -> str:
    """Replace every `(A)/(B)` by A (`keep` 1) or B (`keep` 2), from the innermost outwards.

    >>> resolve_dual_forms("((A)/(B) C)/(D)", keep=1), resolve_dual_forms("((A)/(B) C)/(D)", keep=2)
    ('A C', 'D')
    """
    for pattern in _DUAL_FORMS:
        for _ in range(MAX_NESTING):
            text, resolved = pattern.subn(rf"\{keep}", text)
            if not resolved:
                break
    return text
