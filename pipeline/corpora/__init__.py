"""The corpora that can be read: `READERS[name].read(root)` lists a corpus' utterances.

Listing opens lists only, never a recording; a transcript that lies in a file of its own is
left to the worker. To add a corpus: one module with its provenance, licence and layout, one
line here, one miniature and one golden file in the tests.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from pipeline.contract.errors import InputRejected
from pipeline.corpora.corpus import Corpus, Listed
from pipeline.corpora.detection import Detection, detect_in
from pipeline.corpora.readers.aihub130 import AIHUB130
from pipeline.corpora.readers.clovacall import CLOVACALL
from pipeline.corpora.readers.commonvoice import COMMON_VOICE
from pipeline.corpora.readers.dialect import DIALECT
from pipeline.corpora.readers.fleurs import FLEURS
from pipeline.corpora.readers.kspon import KSPON
from pipeline.corpora.readers.kss import KSS
from pipeline.corpora.readers.librispeech import LIBRISPEECH, TEDXKR
from pipeline.corpora.readers.nemo import NEMO
from pipeline.corpora.readers.table import TABLE
from pipeline.corpora.readers.zeroth import ZEROTH

__all__ = ["READERS", "Corpus", "Detection", "Listed", "detect", "find_corpus"]

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
    """The reader of that name; `layout:name` gives its ids and speakers another first part.

    Two tables that both name `wavs/1.wav` are told apart so: `table:clinic`, `table:radio`.

    Raises:
        InputRejected: There is no such reader, or the name is none.
    """
    layout, colon, given = name.partition(":")
    if layout not in READERS:
        raise InputRejected(f"no corpus {layout!r}; known: {', '.join(READERS)}, or auto")
    corpus = READERS[layout]
    if not colon:
        return corpus
    if not _NAME.fullmatch(given):
        raise InputRejected(f"--corpus {name}: a name has small letters, digits, - and _")
    return replace(corpus, record=corpus.record.model_copy(update={"name": given}))


def detect(root: Path) -> Detection:
    """Recognise the corpus below `root` and say what was seen. Raises InputRejected as `detect_in`."""
    return detect_in(root, READERS)
