"""Text from a file that somebody else wrote, made safe for a terminal."""

import json

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


def printable_json(text: str) -> str:
    r"""JSON with the characters that cannot be printed escaped as JSON escapes them: it means the same.

    >>> printable_json('"a\x9b"')
    '"a\\u009b"'
    """
    return "".join(char if char == "\n" or char.isprintable() else json.dumps(char)[1:-1] for char in text)


def shorten(text: str) -> str:
    """`text`, cut short so that a hostile file cannot fill the screen."""
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
