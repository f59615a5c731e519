"""Recordings outside RAW: a listing may name them, and whoever runs it must know that they are read."""

import os
from pathlib import Path

from pipeline.contract.files import is_regular
from pipeline.contract.text import as_text, shorten


class OutsideCount:
    """Counts the utterances whose recordings lie outside RAW by their paths; links are not followed."""

    def __init__(self, root: Path) -> None:
        """`root` is RAW: a folder, or a listing that speaks for the folder that it lies in."""
        folder = root.parent if is_regular(root) else root
        self._root = root
        self._given = _with_slash(str(folder))
        self._folders = _with_slash(os.path.abspath(folder)), _with_slash(os.path.realpath(folder))  # noqa: PTH100
        self._count = 0
        self._first = ""

    def add(self, path: Path) -> None:
        """Count one utterance, if its recording `path` lies outside."""
        text = str(path)
        if text.startswith(self._given) and text.find("/..", len(self._given) - 1) < 0:
            return  # as nearly all: a corpus may have a million
        if not os.path.abspath(text).startswith(self._folders):  # noqa: PTH100
            self._count += 1
            self._first = self._first or text

    def describe(self) -> str | None:
        """The count and the first of them, in one line; None if there are none."""
        if not self._count:
            return None
        utterances = "1 utterance lies" if self._count == 1 else f"{self._count:,} utterances lie"
        first = shorten(as_text(self._first))
        return f"the audio of {utterances} outside {self._root}, such as {first}: the listing names it so"


def _with_slash(folder: str) -> str:
    return folder if folder.endswith("/") else f"{folder}/"
