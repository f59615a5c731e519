"""JSON lines: NeMo manifests of `{"audio_filepath", "duration", "text"}`, and similar lists.

Provenance: NVIDIA NeMo's format for speech recognition, which many tools write.
Licence: the recordings' own.

Layout: a .json or .jsonl file (or a folder of them) with one object per line. `offset`,
`speaker`, `id` (or `utt_id`) and `split` are optional. A .jsonl may use any of the names that a
table's columns may have (table.py); its first line decides which. Paths are absolute or
relative to the manifest. `duration` cuts the recording only together with `offset`. A manifest
called `train*`, `dev*` or `test*` gives its entries that split.
"""

from collections.abc import Iterator
from pathlib import Path

from pipeline.contract.errors import InputRejected
from pipeline.contract.manifest import CorpusRecord
from pipeline.corpora.contents import FolderContents, list_contents, read_head
from pipeline.corpora.corpus import Corpus, Listed, malformed_line
from pipeline.corpora.listings import (
    AUDIO_NAMES,
    TEXT_NAMES,
    Columns,
    encodable,
    make_utterance,
    name_columns,
    parse_json,
)
from pipeline.corpora.naming import split_hint
from pipeline.corpora.paths import RelativePaths
from pipeline.record import Annotation, Utterance

_NEMO = Columns("audio_filepath", "text", "id", "speaker", "split", "offset", "duration")


def list_utterances(root: Path, corpus: str) -> Iterator[Listed]:
    """List the lines of every manifest, in their order."""
    contents = list_contents(root)
    manifests = _find_manifests(contents)
    if not manifests:
        raise InputRejected(
            f'{root} holds no NeMo manifest: looked for .json or .jsonl lines of {{"audio_filepath": ...}},'
            f" or .jsonl lines that name a recording ({', '.join(AUDIO_NAMES)}) and its text"
            f" ({', '.join(TEXT_NAMES)}), found {contents.describe()}"
        )
    for manifest, columns in manifests.items():
        yield from _read_manifest(manifest, columns, root=root, corpus=corpus)


def _read_manifest(manifest: Path, columns: Columns, *, root: Path, corpus: str) -> Iterator[Listed]:
    files = RelativePaths(manifest.parent)
    split = split_hint(manifest.stem)
    with manifest.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            utterance = _read_line(line, columns, corpus=corpus, files=files, split=split)
            if isinstance(utterance, Utterance):
                yield utterance
            else:
                yield malformed_line(corpus, manifest, root=root, line=number, problem=utterance)


def _read_line(
    line: bytes, columns: Columns, *, corpus: str, files: RelativePaths, split: str | None
) -> Utterance | str:
    try:
        entry = parse_json(line)
    except ValueError as error:
        return f"not JSON: {error}"
    if not isinstance(entry, dict):
        return "not a JSON object"
    texts = {name: _text(value) for name, value in entry.items() if not isinstance(value, dict | list)}
    texts.setdefault("id", texts.get("utt_id", ""))
    return make_utterance(texts, columns, corpus=corpus, files=files, split=split)


def _text(value: object) -> str:
    return "" if value is None else encodable(str(value)).strip()


def _find_manifests(contents: FolderContents) -> dict[Path, Columns]:
    """Every file whose first line names a recording, with the names that it uses, in order."""
    files = sorted([*contents.files("json"), *contents.files("jsonl")])
    return {path: columns for path in files if (columns := _find_columns(path))}


def _find_columns(path: Path) -> Columns | None:
    """The names that the first line uses, or None when it names no recording."""
    first = read_head(path).partition("\n")[0]
    if not first.startswith("{"):
        return None
    if '"audio_filepath"' in first:
        return _NEMO
    if path.suffix.lower() != ".jsonl":
        return None
    try:
        entry = parse_json(first.encode())
    except ValueError:
        return None
    return name_columns(entry) if isinstance(entry, dict) else None


def detect(contents: FolderContents) -> str | None:
    """A .json or .jsonl file whose first line names a recording."""
    for manifest, columns in _find_manifests(contents).items():
        return f'{contents.relative(manifest)} with "{columns.audio}" in its first line'
    return None


NEMO = Corpus(
    CorpusRecord(name="nemo", title="A NeMo manifest's recordings", licence="the recordings' own"),
    Annotation.PLAIN,
    'JSON lines of {"audio_filepath", "duration", "text"}, or .jsonl lines that name audio and text',
    list_utterances,
    detect,
)
