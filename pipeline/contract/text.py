"""Text from a file that somebody else wrote, made safe for a terminal."""

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


def as_text(text: str) -> str:
    r"""`text` with what UTF-8 cannot store (bytes of a file name in another encoding) escaped.

    >>> as_text("caf\udce9")
    'caf\\udce9'
    """
    return text.encode("utf-8", "backslashreplace").decode()


def shorten(text: str) -> str:
    """`text`, cut short so that a hostile file cannot fill the screen."""
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
