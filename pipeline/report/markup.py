"""HTML, built from elements and escaped text.

Every string is escaped unless it is a `Markup`, because transcripts and ids come from strangers.
"""

import html
from collections.abc import Iterable, Sequence
from typing import TypeAlias

MAX_SHOWN = 400
"""Characters of a text that the page shows; an utterance of 30 s has about 250."""

_VOID = frozenset({"br", "img", "link", "meta", "rect", "path", "line"})
_CONTROL_PICTURES = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n\r"} | {0x7F: 0x2421}
_INVISIBLE = dict.fromkeys([*range(0x80, 0xA0), *range(0xFFF9, 0xFFFC), 0xFEFF], 0xFFFD)


class Markup(str):
    """A string that is already HTML and is not escaped again."""

    __slots__ = ()


Child: TypeAlias = str | Markup


def tag(name: str, /, *children: Child, **attributes: str | float | None) -> Markup:
    """An element. Its attributes are escaped, and so are children that are not `Markup`.

    Args:
        attributes: `class_` stands for class, `aria_label` for aria-label; None is left out.

    >>> tag("b", "a < b", class_="x")
    '<b class="x">a &lt; b</b>'
    """
    opening = "".join([name, *(_attribute(key, value) for key, value in attributes.items())])
    if name in _VOID:
        return Markup(f"<{opening}/>" if name in {"rect", "path", "line"} else f"<{opening}>")
    return Markup(f"<{opening}>{join(children)}</{name}>")


def join(children: Iterable[Child], separator: Child = "") -> Markup:
    """The children as HTML, with `separator` between them."""
    return Markup(escape(separator).join(escape(child) for child in children))


def escape(child: Child) -> Markup:
    """`child` as HTML, with control characters shown as their Unicode pictures (␀)."""
    if isinstance(child, Markup):
        return child
    return Markup(html.escape(child.translate(_CONTROL_PICTURES | _INVISIBLE)))


def value(text: str, *, class_: str | None = None, longest: int = MAX_SHOWN) -> Markup:
    """A text from the dataset: cut if it is very long, and isolated in its writing direction."""
    shown = text if len(text) <= longest else f"{text[:longest]}…"
    return tag("bdi", shown, class_=class_)


def _attribute(key: str, content: str | float | None) -> str:
    name = key.removesuffix("_").replace("_", "-")
    return "" if content is None else f' {name}="{escape(str(content))}"'


def section(anchor: str, title: str, *content: Child, note: Child = "") -> Markup:
    """A section of the page: a heading, a note on what it shows, and its content."""
    lead = [tag("p", note, class_="note")] if note else []
    return tag("section", tag("h2", title), *lead, *content, id=anchor)


def table(header: Sequence[str], rows: Iterable[Sequence[Child]]) -> Markup:
    """A table whose first column holds the rows' names. It scrolls sideways on a narrow screen."""
    head = tag("tr", *(tag("th", name, scope="col") for name in header))
    body = [
        tag("tr", tag("th", first, scope="row"), *(tag("td", cell) for cell in rest)) for first, *rest in rows
    ]
    return tag("div", tag("table", tag("thead", head), tag("tbody", *body)), class_="scroll")


def facts(rows: Iterable[tuple[Child, Child]], *, class_: str = "facts") -> Markup:
    """A list of names, each with its value."""
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in rows), class_=class_)


def details(summary: Child, *content: Child) -> Markup:
    """Content that is hidden until a reader opens it."""
    return tag("details", tag("summary", summary), *content)


def bullets(items: Iterable[Child], *, class_: str | None = None) -> Markup:
    """A bulleted list."""
    return tag("ul", join(tag("li", item) for item in items), class_=class_)
