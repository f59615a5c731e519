"""Pansori-TEDxKR: 3 hours of Korean TEDx talks, 2,989 utterances, 41 speakers.

Provenance: OpenSLR 58; Choi and Lee, "Pansori: ASR Corpus Generation from Open Online Video
Contents", 2018. Licence: CC BY-NC-ND 4.0.

Layout: LibriSpeech's, as `data/<base64 of the speaker's name>/<video id>/<key>-NNNN.flac` and
`<key>.trans.txt`. A video id may contain `-` and `_`, so keys are never taken apart. Two
recordings have no line. The folder `data` names no split.
"""

import base64
import re
from collections.abc import Iterator
from pathlib import Path

from pipeline.contract.manifest import CorpusRecord
from pipeline.corpora.contents import FolderContents
from pipeline.corpora.corpus import Corpus, Listed
from pipeline.corpora.readers.trans import list_chapters
from pipeline.record import Annotation

_KOREAN_NAME = re.compile("[가-힣 ]+")


def list_utterances(root: Path, corpus: str) -> Iterator[Listed]:
    """List every recording and every transcript line, folder by folder."""
    return list_chapters(root, corpus)


def detect(contents: FolderContents) -> str | None:
    """A *.trans.txt named after its folders, one of which is a Korean name in base64."""
    for path in contents.files(".trans"):
        name, video = path.parent.parent.name, path.parent.name
        if path.name == f"{name}-{video}.trans.txt" and _KOREAN_NAME.fullmatch(_decode_base64(name)):
            return contents.relative(path)
    return None


def _decode_base64(name: str) -> str:
    try:
        return base64.b64decode(name, validate=True).decode()
    except ValueError:
        return ""


TEDXKR = Corpus(
    CorpusRecord(name="tedxkr", title="Pansori-TEDxKR (OpenSLR 58)", licence="CC BY-NC-ND 4.0"),
    Annotation.PLAIN,
    "data/<base64 name>/<video id>/<key>.flac with a *.trans.txt of 'key text' lines beside them",
    list_utterances,
    detect,
)
