"""LibriSpeech, and any corpus in its layout.

Provenance: LibriSpeech is 1,000 hours of read English, OpenSLR 12; Panayotov et al., ICASSP
2015. Licence: CC BY 4.0. Other corpora in this layout have their own.

Layout: `<split>/<speaker>/<chapter>/<speaker>-<chapter>-NNNN.flac` and
`<speaker>-<chapter>.trans.txt`. The folder above the recordings' folder is the speaker, the key
in the transcript is the recording's stem, and the folder above the speaker's names the split.
"""

from collections.abc import Iterator
from pathlib import Path

from pipeline.contract.manifest import CorpusRecord
from pipeline.corpora.contents import FolderContents
from pipeline.corpora.corpus import Corpus, Listed
from pipeline.corpora.readers import tedxkr, zeroth
from pipeline.corpora.readers.trans import list_chapters
from pipeline.record import Annotation


def list_utterances(root: Path, corpus: str) -> Iterator[Listed]:
    """List every recording and every transcript line, folder by folder."""
    return list_chapters(root, corpus)


def detect(contents: FolderContents) -> str | None:
    """A *.trans.txt, unless the folder holds one of the corpora that can be told by more than that."""
    lists = contents.files(".trans")
    if not lists or zeroth.detect(contents) or tedxkr.detect(contents):
        return None
    return contents.relative(lists[0])


LIBRISPEECH = Corpus(
    CorpusRecord(
        name="librispeech",
        title="Recordings in LibriSpeech's layout",
        licence="the recordings' own (LibriSpeech: CC BY 4.0; Pansori-TEDxKR: CC BY-NC-ND 4.0)",
    ),
    Annotation.PLAIN,
    "<speaker>/<chapter>/<key>.flac with a *.trans.txt of 'key text' lines beside them",
    list_utterances,
    detect,
)
