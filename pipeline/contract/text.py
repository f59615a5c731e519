"""Text from a file that somebody else wrote, made safe for a terminal and for Markdown."""

import html

MAX_SHOWN = 200


def printable(text: str) -> str:
    r"""`text` with its control characters escaped: they could recolour or rewrite the screen.

    >>> printable("\x1b[2Jname\n")
    '\\x1b[2Jname\n'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char if char == "\n" or char.isprintable() else char.encode("unicode_escape").decode()
        for char in text
    )


def plain_markdown(text: str) -> str:
    r"""`text` as Markdown that means nothing but itself, on one line.

    >>> plain_markdown("*a*\n<b>")
    '\\*a\\* &lt;b&gt;'
    """
    line = "".join(f"\\{letter}" if letter in "\\`*_[]|#~" else letter for letter in " ".join(text.split()))
    return html.escape(printable(line))


def shorten(text: str) -> str:
    """`text`, cut short so that a hostile file cannot fill the screen."""
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
