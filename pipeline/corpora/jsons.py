"""JSON that others wrote: nothing in it can be trusted to be there, or to be of its type."""

import json
import math
from pathlib import Path
from typing import Any

MAX_JSON_BYTES = 128 * 2**20


def read_json(path: Path) -> Any:
    """The content of a JSON file in UTF-8, with or without a byte order mark.

    Raises:
        ValueError: It is not JSON, or is larger than any listing that is known.
    """
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise ValueError(f"over {MAX_JSON_BYTES} bytes")
        return parse_json(path.read_bytes())
    except OSError as error:
        raise ValueError(str(error.strerror)) from error


def parse_json(content: bytes) -> Any:
    """Content of JSON text. Raises ValueError when it is none."""
    try:
        return json.loads(content.decode("utf-8-sig"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def text_of(record: dict[str, Any], *names: str) -> str | None:
    """The first of the named values that is a text or a whole number and not blank, stripped."""
    for name in names:
        value = record.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and value.strip():
            return encodable(value.strip())
    return None


def encodable(text: str) -> str:
    r"""`text` without lone surrogates, which JSON can spell ("\ud800") and UTF-8 cannot."""
    return text.encode(errors="replace").decode()


def seconds_of(value: object) -> float | None:
    """A time in seconds (a number, or a text that is one); None when it is none or not finite."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) else None
