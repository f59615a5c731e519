"""Listings line by line: regular files only, in the encoding they have, and no line without end."""

import codecs
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

from pipeline.contract.errors import InputRejected
from pipeline.contract.files import open_regular

MEND_OR_MOVE = "mend it, or move it out of the corpus (names that begin with a dot are passed over)"
"""What to do with a listing that would otherwise be a silent gap in the corpus."""

MOST_LINE_CHARACTERS = 2**20
"""No row of a listing is as long; a file without line breaks must not fill the memory."""

MOST_LISTING_BYTES = 2**31
"""Twenty times the listing of the largest corpus; what lies beyond has no text in it."""

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16's, with which it begins
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ZEROS: dict[tuple[bool, ...], str] = {
    (True, False, False, False): "utf-32-le",
    (False, False, False, True): "utf-32-be",
    (True, False, True, False): "utf-16-le",
    (False, True, False, True): "utf-16-be",
}
"""Which of the first four bytes are not zero, in a listing without a mark that begins in ASCII."""


class ListedLine(NamedTuple):
    """A line of a listing.

    Attributes:
        number: Counted from 1.
        text: With its line break; what there is of it, if there is a problem.
        problem: Why it cannot be used, or None.
    """

    number: int
    text: str
    problem: str | None = None


def open_listing(listing: Path) -> io.BufferedReader:
    """Open a listing.

    Raises:
        InputRejected: It is not a regular file, is too large or cannot be opened; the message names it.
    """
    try:
        stream = open_regular(listing)
    except OSError as error:
        raise _cannot_read(listing, error) from error
    num_bytes = os.fstat(stream.fileno()).st_size
    if num_bytes > MOST_LISTING_BYTES:
        stream.close()
        raise InputRejected(
            f"the listing {listing} has {num_bytes:,} bytes, the most are {MOST_LISTING_BYTES:,}:"
            f" {MEND_OR_MOVE}"
        )
    return stream


def read_lines(listing: Path, *, newline: str = "\n", or_cp949: bool = False) -> Iterator[ListedLine]:
    r"""Read a listing in UTF-8, or in UTF-16 or UTF-32 if it begins as they do.

    Args:
        listing: A listing of any length.
        newline: Where lines end: at "\n", or with "" also at "\r" and "\r\n".
        or_cp949: Read a listing that is cp949 throughout, and neither UTF-8 nor marked as such, as cp949.

    Raises:
        InputRejected: The listing cannot be opened.
    """
    with open_listing(listing) as stream:
        head = stream.peek(4)
        encoding = find_encoding(head)
        if or_cp949 and encoding == "utf-8-sig" and not head.startswith(codecs.BOM_UTF8):
            encoding = _utf_8_or_cp949(stream)
        # Bytes can be escaped in what is read byte by byte; UTF-16 and UTF-32 show U+FFFD in their place.
        errors, sign = (
            ("replace", "\ufffd")
            if encoding.startswith(("utf-16", "utf-32"))
            else ("surrogateescape", "\udc80-\udcff")
        )
        broken = re.compile(f"[{sign}]")
        undecodable = f"not {encoding.removesuffix('-sig').upper()}"
        with io.TextIOWrapper(stream, encoding=encoding, errors=errors, newline=newline) as text:
            try:
                yield from _bounded_lines(text, broken=broken, problem=undecodable)
            except OSError as error:
                raise _cannot_read(listing, error) from error


def _cannot_read(listing: Path, error: OSError) -> InputRejected:
    return InputRejected(
        f"cannot read the listing {listing}: {error.strerror}; expected a regular file that you may"
        f" read: {MEND_OR_MOVE}"
    )


def _bounded_lines(text: TextIO, *, broken: re.Pattern[str], problem: str) -> Iterator[ListedLine]:
    number = 0
    while line := text.readline(MOST_LINE_CHARACTERS):
        number += 1
        if len(line) == MOST_LINE_CHARACTERS and line[-1] not in "\r\n":
            rest = line
            while rest and rest[-1] not in "\r\n":
                rest = text.readline(MOST_LINE_CHARACTERS)
            yield ListedLine(number, line, f"over {MOST_LINE_CHARACTERS:,} characters")
        else:
            yield ListedLine(number, line, problem if broken.search(line) else None)


def find_encoding(head: bytes) -> str:
    """UTF-16 or UTF-32 if a file begins with their byte order mark, or as ASCII does in them; else UTF-8."""
    marked = next((encoding for mark, encoding in _MARKS if head.startswith(mark)), None)
    return marked or _ZEROS.get(tuple(map(bool, head[:4])), "utf-8-sig")


def _utf_8_or_cp949(stream: io.BufferedReader) -> str:
    """cp949 if all of the stream is cp949 and not UTF-8, else UTF-8: then only broken rows are lost."""
    return next((encoding for encoding in ("utf-8-sig", "cp949") if _decodes(stream, encoding)), "utf-8-sig")


def _decodes(stream: io.BufferedReader, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while block := stream.read(2**20):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        stream.seek(0)
    return True
