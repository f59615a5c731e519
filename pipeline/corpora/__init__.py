"""The corpora that malsori can read: `READERS[name].read(root)` lists the utterances of one.

A reader opens listings only, never a recording. A transcript in a file of its own is opened
later, by the worker that processes the utterance.

    readers/    one module per corpus, named as on the command line
    corpus      what such a module provides
    contents    what lies in a folder: walking it, and telling which corpus it holds
    paths       from the paths that listings write to files on the disk
    lines       the lines of a listing, in the encoding it has
    tables      rows of cells, and the quotation marks that swallow rows
    listings    JSON, and the column names that your own lists may use
    naming      ids, speakers and splits

To add a corpus:

1. a module in readers/ with its provenance, licence and layout (zeroth.py is a short one);
2. a line in `READERS` below;
3. its listings in miniature, in tests/miniature_corpora.py: they are then detected, read,
   damaged and fuzzed like those of every other corpus;
4. a test with a golden file: tests/unit/corpora/test_<name>.py, tests/golden/corpora_<name>.jsonl.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from pipeline.contract.errors import InputRejected
from pipeline.corpora.contents import glance
from pipeline.corpora.corpus import Corpus, Listed
from pipeline.corpora.readers.aihub130 import AIHUB130
from pipeline.corpora.readers.clovacall import CLOVACALL
from pipeline.corpora.readers.commonvoice import COMMON_VOICE
from pipeline.corpora.readers.dialect import DIALECT
from pipeline.corpora.readers.fleurs import FLEURS
from pipeline.corpora.readers.kspon import KSPON
from pipeline.corpora.readers.kss import KSS
from pipeline.corpora.readers.librispeech import LIBRISPEECH
from pipeline.corpora.readers.nemo import NEMO
from pipeline.corpora.readers.table import TABLE
from pipeline.corpora.readers.tedxkr import TEDXKR
from pipeline.corpora.readers.zeroth import ZEROTH

__all__ = ["READERS", "Corpus", "Detection", "Listed", "detect_corpus", "find_corpus"]

READERS: Mapping[str, Corpus] = MappingProxyType(
    {
        "kspon": KSPON,
        "aihub130": AIHUB130,
        "dialect": DIALECT,
        "zeroth": ZEROTH,
        "tedxkr": TEDXKR,
        "librispeech": LIBRISPEECH,
        "kss": KSS,
        "commonvoice": COMMON_VOICE,
        "fleurs": FLEURS,
        "clovacall": CLOVACALL,
        "nemo": NEMO,
        "table": TABLE,
    }
)

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


def find_corpus(name: str) -> Corpus:
    """The reader called `name`; `reader:name` gives ids and speakers another first part.

    Two tables that both list `wavs/1.wav` are kept apart this way: `table:clinic`, `table:radio`.

    Raises:
        InputRejected: There is no such reader, or the given name has characters that ids may not have.
    """
    reader, colon, given = name.partition(":")
    if reader not in READERS:
        raise InputRejected(f"no corpus {reader!r}; expected one of {', '.join(READERS)}, or auto")
    corpus = READERS[reader]
    if not colon:
        return corpus
    if not _NAME.fullmatch(given):
        raise InputRejected(
            f"--corpus {name}: expected a name of small letters, digits, - and _ after {reader}:"
        )
    return replace(corpus, record=corpus.record.model_copy(update={"name": given}))


@dataclass(frozen=True, slots=True)
class Detection:
    """The corpus that a folder holds, and the evidence for it."""

    name: str
    evidence: str


def detect_corpus(root: Path) -> Detection:
    """Find out which corpus `root` holds: `--corpus auto`.

    Raises:
        InputRejected: `root` does not exist, fits no layout (the message lists all of them), or
            fits several.
    """
    if not root.exists():
        raise InputRejected(f"nothing at {root}; give the folder of a corpus")
    contents = glance(root)
    found = {name: evidence for name, corpus in READERS.items() if (evidence := corpus.detect(contents))}
    if len(found) == 1:
        ((name, evidence),) = found.items()
        return Detection(name, evidence)
    if found:
        several = "; ".join(f"{name} ({evidence})" for name, evidence in found.items())
        raise InputRejected(f"{root} looks like several corpora: {several}; choose one with --corpus")
    layouts = "; ".join(f"{name}: {corpus.layout}" for name, corpus in READERS.items())
    raise InputRejected(
        f"{root} fits no layout that can be read: found {contents.describe()}; looked for {layouts}"
    )
