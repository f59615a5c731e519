"""NeMo manifests: JSON lines of `{"audio_filepath", "duration", "text"}`.

Provenance: NVIDIA NeMo's format for speech recognition, written by many tools.
Licence: the recordings' own.

Layout: a .json or .jsonl file (or a folder of them) with one object a line; optional `offset`,
`speaker`, `id` (or `utt_id`), `split`. Paths are absolute or relative to the manifest.
`duration` cuts only where `offset` is given. A manifest named `train*`, `dev*`, `test*` says
the split.
"""

from collections.abc import Iterator
from pathlib import Path

from pipeline.contract.errors import InputRejected
from pipeline.contract.manifest import CorpusRecord
from pipeline.corpora.corpus import Corpus, Listed, malformed
from pipeline.corpora.entries import Columns, make_utterance
from pipeline.corpora.jsons import encodable, parse_json
from pipeline.corpora.naming import split_hint
from pipeline.corpora.resolving import Relative
from pipeline.corpora.survey import Survey, read_head, take_survey
from pipeline.record import Annotation, Utterance

_COLUMNS = Columns("audio_filepath", "text", "id", "speaker", "split", "offset", "duration")


def list_utterances(root: Path, corpus: str) -> Iterator[Listed]:
    """List every manifest's lines in their order."""
    survey = take_survey(root)
    manifests = _find_manifests(survey)
    if not manifests:
        raise InputRejected(
            f'{root} holds no NeMo manifest: looked for .json or .jsonl lines of {{"audio_filepath": ...}},'
            f" found {survey.describe()}"
        )
    for manifest in manifests:
        yield from _read_manifest(manifest, root=root, corpus=corpus)


def _read_manifest(manifest: Path, *, root: Path, corpus: str) -> Iterator[Listed]:
    files = Relative(manifest.parent)
    split = split_hint(manifest.stem)
    with manifest.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            utterance = _read_line(line, corpus=corpus, files=files, split=split)
            if isinstance(utterance, Utterance):
                yield utterance
            else:
                yield malformed(corpus, manifest, root=root, line=number, problem=utterance)


def _read_line(line: bytes, *, corpus: str, files: Relative, split: str | None) -> Utterance | str:
    try:
        entry = parse_json(line)
    except ValueError as error:
        return f"not JSON: {error}"
    if not isinstance(entry, dict):
        return "not a JSON object"
    texts = {name: _text(value) for name, value in entry.items() if not isinstance(value, dict | list)}
    texts.setdefault("id", texts.get("utt_id", ""))
    return make_utterance(texts, _COLUMNS, corpus=corpus, files=files, split=split)


def _text(value: object) -> str:
    return "" if value is None else encodable(str(value)).strip()


def _find_manifests(survey: Survey) -> list[Path]:
    files = [*survey.files("json"), *survey.files("jsonl")]
    return sorted(path for path in files if _is_manifest(path))


def _is_manifest(path: Path) -> bool:
    first = read_head(path).partition("\n")[0]
    return first.startswith("{") and '"audio_filepath"' in first


def recognise(survey: Survey) -> str | None:
    """A .json or .jsonl file whose first line has an audio_filepath."""
    manifests = _find_manifests(survey)
    return f'{survey.relative(manifests[0])} with "audio_filepath" in its first line' if manifests else None


NEMO = Corpus(
    CorpusRecord(name="nemo", title="A NeMo manifest's recordings", licence="the recordings' own"),
    Annotation.PLAIN,
    'a manifest of {"audio_filepath", "duration", "text"} lines, or a folder of such manifests',
    list_utterances,
    recognise,
)
