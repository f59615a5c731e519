"""Text from a file that somebody else wrote, made safe for a terminal and for Markdown."""

import html
import json
from unicodedata import category

MAX_SHOWN = 200


def printable(text: str) -> str:
    r"""`text` with its control characters escaped: they could recolour or rewrite the screen.

    >>> printable("\x1b[2Jname\n")
    '\\x1b[2Jname\n'
    """
    if text.isprintable():
        return text
    return "".join(
        char if char == "\n" or _is_shown(char) else char.encode("unicode_escape").decode() for char in text
    )


def as_text(text: str) -> str:
    r"""`text` with what UTF-8 cannot store (bytes of a file name in another encoding) escaped.

    >>> as_text("caf\udce9")
    'caf\\udce9'
    """
    return text.encode("utf-8", "backslashreplace").decode()


def one_line(text: str) -> str:
    r"""`printable` text without line breaks.

    >>> one_line("tab\tbreak\n")
    'tab\\tbreak\\n'
    """
    return printable(text).replace("\n", r"\n")


def printable_json(document: str, *, ascii_only: bool) -> str:
    r"""A JSON document of the same value, with JSON's escapes for what `printable` escapes.

    Lone surrogates, which stand for bytes of file names and which JSON in UTF-8 cannot hold,
    become text: a backslash and their code.

    Args:
        ascii_only: Escape all that is not ASCII.

    >>> printable_json('"\x9b가"', ascii_only=False)
    '"\\u009b가"'
    """
    if document.isascii() and document.isprintable():
        return document
    return "".join(
        char
        if char == "\n" or (_is_shown(char) and (char.isascii() or not ascii_only))
        else _json_escape(char)
        for char in document
    )


def _is_shown(char: str) -> bool:
    return char.isprintable() or category(char) == "Zs"  # Korean text has spaces that are not ASCII


def _json_escape(char: str) -> str:
    if category(char) == "Cs":
        return f"\\\\u{ord(char):04x}"
    return json.dumps(char)[1:-1]


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
