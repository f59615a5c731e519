"""JSON lines: NeMo manifests of `{"audio_filepath", "duration", "text"}`, and similar lists.

Provenance: NVIDIA NeMo's format for speech recognition, which many tools write.
Licence: the recordings' own.

Layout: a .json or .jsonl file (or a folder of them) with one object per line. `offset`,
`speaker`, `id` (or `utt_id`) and `split` are optional. A .jsonl may use any of the names that a
table's columns may have (table.py); the first line that names a recording decides which. Paths
are absolute or relative to the manifest, and may lead out of its folder: a run says how many do.
`duration` cuts the recording only together with `offset`. A manifest called `train*`, `dev*` or
`test*` gives its entries that split.

A folder of manifests is read whole or not at all: refused by name are a .jsonl that names no
recordings, and a .json that is not JSON or says `audio_filepath` but not in lines. Any other
.json is passed over.
"""

from collections.abc import Collection, Iterator
from pathlib import Path

from pipeline.contract.errors import InputRejected
from pipeline.contract.manifest import CorpusRecord
from pipeline.corpora.contents import FolderContents, list_contents, read_head
from pipeline.corpora.corpus import Corpus, Listed, malformed_line
from pipeline.corpora.lines import MEND_OR_MOVE, open_listing, read_lines
from pipeline.corpora.listings import (
    AUDIO_NAMES,
    TEXT_NAMES,
    Columns,
    encodable,
    make_utterance,
    name_columns,
    parse_json,
    refuse_unless_other_json,
)
from pipeline.corpora.naming import split_hint
from pipeline.corpora.paths import RelativePaths
from pipeline.record import Annotation, Utterance

_LINES_LOOKED_AT = 20
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
    _refuse_others(contents, manifests.keys())
    for manifest, columns in manifests.items():
        yield from _read_manifest(manifest, columns, root=root, corpus=corpus)


def _refuse_others(contents: FolderContents, manifests: Collection[Path]) -> None:
    """Refuse a folder with a file that may be one more manifest, but cannot be read as one."""
    for path in _candidates(contents):
        if path in manifests:
            continue
        if path.suffix.lower() != ".jsonl":
            refuse_unless_other_json(path, own='"audio_filepath"', expected="lines that name recordings")
            continue
        open_listing(path).close()  # says what is wrong with one that cannot be opened
        raise InputRejected(
            f"{path} has no line that names a recording ({', '.join(AUDIO_NAMES)}) and its text"
            f" ({', '.join(TEXT_NAMES)}), as the manifests beside it do: {MEND_OR_MOVE}"
        )


def _read_manifest(manifest: Path, columns: Columns, *, root: Path, corpus: str) -> Iterator[Listed]:
    files = RelativePaths(manifest.parent)
    split = split_hint(manifest.stem)
    for line in read_lines(manifest):
        if not line.text.strip():
            continue
        utterance = line.problem or _read_line(line.text, columns, corpus=corpus, files=files, split=split)
        if isinstance(utterance, Utterance):
            yield utterance
        else:
            yield malformed_line(corpus, manifest, root=root, line=line.number, problem=utterance)


def _read_line(
    line: str, columns: Columns, *, corpus: str, files: RelativePaths, split: str | None
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


def _candidates(contents: FolderContents) -> list[Path]:
    return sorted([*contents.files("json"), *contents.files("jsonl")])


def _find_manifests(contents: FolderContents) -> dict[Path, Columns]:
    """Every file with a line that names a recording, with the names that it uses, in order."""
    return {path: columns for path in _candidates(contents) if (columns := _find_columns(path))}


def _find_columns(path: Path) -> Columns | None:
    """The names that the first line to name a recording uses, or None if there is none near the top."""
    lines = read_head(path).split("\n")[:_LINES_LOOKED_AT]
    return next((columns for line in lines if (columns := _columns_of(line, path))), None)


def _columns_of(line: str, path: Path) -> Columns | None:
    if not line.startswith("{"):
        return None
    if '"audio_filepath"' in line:
        return _NEMO
    if path.suffix.lower() != ".jsonl":
        return None
    try:
        entry = parse_json(line)
    except ValueError:
        return None
    return name_columns(entry) if isinstance(entry, dict) else None


def detect(contents: FolderContents) -> str | None:
    """A .json or .jsonl file with a line that names a recording."""
    for manifest, columns in _find_manifests(contents).items():
        return f'{contents.relative(manifest)} with lines that name "{columns.audio}"'
    return None


NEMO = Corpus(
    CorpusRecord(name="nemo", title="A NeMo manifest's recordings", licence="the recordings' own"),
    Annotation.PLAIN,
    'JSON lines of {"audio_filepath", "duration", "text"}, or .jsonl lines that name audio and text',
    list_utterances,
    detect,
)
