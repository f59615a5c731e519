"""The LibriSpeech layout: LibriSpeech itself, and Pansori-TEDxKR.

LibriSpeech: 1,000 hours of read English. Provenance: OpenSLR 12; Panayotov et al., ICASSP
2015. Licence: CC BY 4.0.
Layout: `<split>/<speaker>/<chapter>/<speaker>-<chapter>-NNNN.flac` and
`<speaker>-<chapter>.trans.txt`.

Pansori-TEDxKR: 3 hours of Korean TEDx talks, 2,989 utterances, 41 speakers. Provenance:
OpenSLR 58; Choi and Lee, "Pansori: ASR Corpus Generation from Open Online Video Contents",
2018. Licence: CC BY-NC-ND 4.0.
Layout: `data/<base64 of the speaker's name>/<video id>/<key>-NNNN.flac` and `<key>.trans.txt`.
A video id may hold `-` and `_`: keys are never taken apart. Two recordings have no line.

In both, the folder above the recordings' folder is the speaker, and the transcript's key is
the recording's stem. The split is that of the folder above the speaker's, where its name tells.
"""

import base64
import os
import re
from collections.abc import Iterator
from pathlib import Path

from pipeline.contract.manifest import CorpusRecord
from pipeline.corpora.contents import Survey
from pipeline.corpora.corpus import Corpus, Listed
from pipeline.corpora.naming import speaker_id, split_hint, utterance_id
from pipeline.corpora.readers import zeroth
from pipeline.corpora.readers.trans import read_trans_folders
from pipeline.record import Annotation, AudioSource, Dropped, Utterance


def list_utterances(root: Path, corpus: str) -> Iterator[Listed]:
    """List every recording and every transcript line below `root`, folder by folder."""
    for file in read_trans_folders(root, corpus):
        if isinstance(file, Dropped):
            yield file
            continue
        # `root` may itself be a split's, a speaker's or a chapter's folder.
        above = Path(os.path.abspath(file.folder)).parent  # noqa: PTH100 - resolve() follows links
        yield Utterance(
            utterance_id(corpus, above.name, file.key),
            speaker=speaker_id(corpus, above.name),
            audio=AudioSource(file.audio),
            transcript=file.text,
            split=split_hint(above.parent.name),
        )


def recognise(survey: Survey) -> str | None:
    """A *.trans.txt of no corpus that has more than that to tell it by."""
    lists = survey.files(".trans")
    if not lists or zeroth.recognise(survey) or recognise_tedxkr(survey):
        return None
    return survey.relative(lists[0])


def recognise_tedxkr(survey: Survey) -> str | None:
    """A *.trans.txt that is named after the base64 of a Korean name and the folder it lies in."""
    for path in survey.files(".trans"):
        name, video = path.parent.parent.name, path.parent.name
        if path.name == f"{name}-{video}.trans.txt" and _HANGUL_NAME.fullmatch(_decode_base64(name)):
            return survey.relative(path)
    return None


def _decode_base64(name: str) -> str:
    try:
        return base64.b64decode(name, validate=True).decode()
    except ValueError:
        return ""


_HANGUL_NAME = re.compile("[가-힣 ]+")
_LAYOUT = "<speaker>/<chapter>/<key>.flac with a *.trans.txt of 'key text' lines beside them"

LIBRISPEECH = Corpus(
    CorpusRecord(
        name="librispeech",
        title="Recordings in LibriSpeech's layout",
        licence="the recordings' own (LibriSpeech: CC BY 4.0; Pansori-TEDxKR: CC BY-NC-ND 4.0)",
    ),
    Annotation.PLAIN,
    _LAYOUT,
    list_utterances,
    recognise,
)

TEDXKR = Corpus(
    CorpusRecord(name="tedxkr", title="Pansori-TEDxKR (OpenSLR 58)", licence="CC BY-NC-ND 4.0"),
    Annotation.PLAIN,
    f"data/<base64 name>/<video id>: {_LAYOUT}",
    list_utterances,
    recognise_tedxkr,
)
