r"""Everything that the programs print passes here: results to stdout, notes to stderr.

File names, speakers and reasons are other people's text. Their control characters are escaped, so
that they cannot recolour or rewrite a screen, nor end a line or a cell: `\t`, `\n`, `\x1b`, and
`\udcc7` for a byte of a name that is not UTF-8. What the stream's encoding lacks is escaped too.
"""

import io
import sys

from pipeline.contract.text import one_line, printable, printable_json


def print_text(text: str) -> None:
    """Print a line or a table on stdout."""
    _print(printable(text))


def print_row(*cells: str) -> None:
    """Print cells on stdout, on one line and separated by tabs."""
    _print("\t".join(map(one_line, cells)))


def print_json(document: str) -> None:
    r"""Print a JSON document on stdout, of the same value and valid in every encoding.

    A byte of a file name that is not UTF-8 reads back as the text `\udcc7`: JSON has no bytes.
    """
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower()  # stdout may be closed: None
    _print(printable_json(document.rstrip("\n"), ascii_only=not encoding.startswith("utf")))


def print_note(line: str, *more: str) -> None:
    """Print a line on stderr, and further ones indented below it."""
    print("\n  ".join(map(one_line, (line, *more))), file=sys.stderr, flush=True)


def escape_what_streams_lack() -> None:
    """From now on, a character that stdout, stderr or stdin cannot hold is escaped and no error."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _print(text: str) -> None:
    print(text, flush=True)
