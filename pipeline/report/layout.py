"""The page's building blocks: sections, lists of facts, tables."""

from collections.abc import Iterable, Sequence

from pipeline.report.markup import Child, Markup, join, tag


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
