"""The corpora that can be read: `READERS[name].read(root)` lists a corpus' utterances.

Listing opens lists only, never a recording; a transcript that lies in a file of its own is
left to the worker. To add a corpus: one module with its provenance, licence and layout, one
line here, one miniature and one golden file in the tests.
"""

from collections.abc import Mapping
from types import MappingProxyType

from pipeline.corpora.corpus import Corpus
from pipeline.corpora.kspon import KSPON
from pipeline.corpora.librispeech import LIBRISPEECH, TEDXKR

__all__ = ["READERS", "Corpus"]

READERS: Mapping[str, Corpus] = MappingProxyType(
    {
        "kspon": KSPON,
        "librispeech": LIBRISPEECH,
        "tedxkr": TEDXKR,
    }
)
