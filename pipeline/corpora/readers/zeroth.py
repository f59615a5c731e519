"""Zeroth-Korean: 51.6 hours of read Korean, 22,263 + 457 utterances, 115 speakers.

Provenance: OpenSLR 40; the Zeroth project (Lucas Jo, Wonkyum Lee). Licence: CC BY 4.0.

Layout: `{train_data_01,test_data_01}/<script>/<reader>/<reader>_<script>_<n>.flac` and
`<reader>_<script>.trans.txt` beside them. The archive has no top folder. The file `AUDIO_INFO`
beside the splits describes the readers (number, name, gender) and is not needed here.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from pipeline.contract.manifest import CorpusRecord
from pipeline.corpora.contents import FolderContents
from pipeline.corpora.corpus import Corpus, Listed
from pipeline.corpora.naming import speaker_id, split_hint, utterance_id
from pipeline.corpora.readers.trans import read_trans_folders
from pipeline.record import Annotation, AudioSource, Dropped, Utterance


def list_utterances(root: Path, corpus: str) -> Iterator[Listed]:
    """List every recording and every transcript line, folder by folder."""
    for file in read_trans_folders(root, corpus):
        if isinstance(file, Dropped):
            yield file
            continue
        # `root` may itself be the folder of a split, a script or a reader.
        reader = Path(os.path.abspath(file.folder))  # noqa: PTH100 - resolve() follows links
        yield Utterance(
            utterance_id(corpus, reader.name, file.key),
            speaker=speaker_id(corpus, reader.name),
            audio=AudioSource(file.audio),
            transcript=file.text,
            split=split_hint(reader.parent.parent.name),
        )


def detect(contents: FolderContents) -> str | None:
    """A *.trans.txt together with `AUDIO_INFO` or folders called `train_data_NN` or `test_data_NN`."""
    folders = sorted(name for name in contents.folder_names if name.startswith(("train_data_", "test_data_")))
    signs = [*folders, *(path.name for path in contents.named("AUDIO_INFO"))]
    lists = contents.files(".trans")
    if not lists or not signs:
        return None
    return f"{', '.join(signs)} above {contents.relative(lists[0])}"


ZEROTH = Corpus(
    CorpusRecord(name="zeroth", title="Zeroth-Korean (OpenSLR 40)", licence="CC BY 4.0"),
    Annotation.PLAIN,
    "{train,test}_data_01/<script>/<reader>/<key>.flac with a *.trans.txt of 'key text' lines",
    list_utterances,
    detect,
)
