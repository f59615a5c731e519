"""HTML in which nothing is markup unless it was meant to be: text is escaped as it goes in.

Transcripts and ids come from people nobody vouches for.
"""

import html
from collections.abc import Iterable
from typing import TypeAlias

MAX_SHOWN = 400
"""Characters of one value on the page; an utterance of 30 s has about 250."""

_VOID = frozenset({"br", "img", "link", "meta", "rect", "path", "line"})
_CONTROL_PICTURES = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n\r"} | {0x7F: 0x2421}
_INVISIBLE = dict.fromkeys([*range(0x80, 0xA0), *range(0xFFF9, 0xFFFC), 0xFEFF], 0xFFFD)


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Child: TypeAlias = str | Markup


def tag(name: str, /, *children: Child, **attributes: str | float | None) -> Markup:
    """An element; children that are no `Markup`, and all attributes, are escaped.

    Args:
        attributes: `class_` is class, `aria_label` is aria-label; None is left out.

    >>> tag("b", "a < b", class_="x")
    '<b class="x">a &lt; b</b>'
    """
    opening = "".join([name, *(_attribute(key, value) for key, value in attributes.items())])
    if name in _VOID:
        return Markup(f"<{opening}/>" if name in {"rect", "path", "line"} else f"<{opening}>")
    return Markup(f"<{opening}>{join(children)}</{name}>")


def join(children: Iterable[Child], separator: Child = "") -> Markup:
    """Children one after the other."""
    return Markup(escape(separator).join(escape(child) for child in children))


def escape(child: Child) -> Markup:
    """`child` as HTML; control characters become their pictures."""
    if isinstance(child, Markup):
        return child
    return Markup(html.escape(child.translate(_CONTROL_PICTURES | _INVISIBLE)))


def value(text: str, *, class_: str | None = None, longest: int = MAX_SHOWN) -> Markup:
    """Somebody else's text: cut when it is very long, its writing direction its own affair."""
    shown = text if len(text) <= longest else f"{text[:longest]}…"
    return tag("bdi", shown, class_=class_)


def _attribute(key: str, content: str | float | None) -> str:
    name = key.removesuffix("_").replace("_", "-")
    return "" if content is None else f' {name}="{escape(str(content))}"'
