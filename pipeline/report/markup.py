"""HTML in which nothing is markup unless it was meant to be: text is escaped as it goes in.

Transcripts and ids come from people nobody vouches for.
"""

import html
from collections.abc import Iterable, Sequence
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


def section(anchor: str, title: str, *content: Child, note: Child = "") -> Markup:
    """A section of the page, with a line on what it shows."""
    lead = [tag("p", note, class_="note")] if note else []
    return tag("section", tag("h2", title), *lead, *content, id=anchor)


def table(header: Sequence[str], rows: Iterable[Sequence[Child]]) -> Markup:
    """A table: the first column names, the others hold numbers. It scrolls by itself when narrow."""
    head = tag("tr", *(tag("th", name, scope="col") for name in header))
    body = [
        tag("tr", tag("th", first, scope="row"), *(tag("td", cell) for cell in rest)) for first, *rest in rows
    ]
    return tag("div", tag("table", tag("thead", head), tag("tbody", *body)), class_="scroll")


def facts(rows: Iterable[tuple[Child, Child]], *, class_: str = "facts") -> Markup:
    """Names and values."""
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in rows), class_=class_)


def details(summary: Child, *content: Child) -> Markup:
    """What only some readers open."""
    return tag("details", tag("summary", summary), *content)


def bullets(items: Iterable[Child], *, class_: str | None = None) -> Markup:
    """A list."""
    return tag("ul", join(tag("li", item) for item in items), class_=class_)
