"""ClovaCall: calls to restaurants, 60,000 short sentences of 11,000 speakers.

Provenance: Ha et al., "ClovaCall: Korean Goal-Oriented Dialog Speech Corpus for Automatic
Speech Recognition of Contact Centers", Interspeech 2020 (NAVER, on request).
Licence: NAVER's agreement, research only.

Layout: a JSON array of `{"wav", "text", "speaker_id"}` per split. The recordings are in folders
beside the arrays and are found by name. A .json that says "wav" but is no such array is
refused by name, and so is one that is not JSON; any other is passed over.
"""

from collections.abc import Iterator
from pathlib import Path

from pipeline.contract.errors import InputRejected
from pipeline.contract.manifest import CorpusRecord
from pipeline.corpora.contents import FolderContents, list_contents, read_head, walk_folders
from pipeline.corpora.corpus import Corpus, Listed, malformed_line
from pipeline.corpora.listings import read_json, refuse_unless_other_json, text_of
from pipeline.corpora.naming import speaker_id, split_hint, utterance_id
from pipeline.corpora.paths import FileIndex, index_files, listed_path, resolve_below
from pipeline.record import Annotation, AudioSource, Utterance


def list_utterances(root: Path, corpus: str) -> Iterator[Listed]:
    """List the entries of every array, in their order."""
    contents = list_contents(root)
    lists = _find_lists(contents)
    if not lists:
        raise InputRejected(
            f'{root} is not ClovaCall: looked for a .json array of {{"wav", "text", "speaker_id"}}, found'
            f" {contents.describe()}"
        )
    for path in contents.files("json"):
        if path not in lists:
            refuse_unless_other_json(path, own='"wav"', expected="an array of recordings and their texts")
    folder = root if root.is_dir() else root.parent
    recordings = index_files(walk_folders(folder), extensions=("wav", "flac"))
    for listing in lists:
        yield from _read_array(listing, root=root, corpus=corpus, recordings=recordings)


def _read_array(listing: Path, *, root: Path, corpus: str, recordings: FileIndex) -> Iterator[Listed]:
    try:
        entries = read_json(listing)
    except ValueError as error:
        yield malformed_line(corpus, listing, root=root, line=1, problem=f"not JSON: {error}")
        return
    if not isinstance(entries, list):
        yield malformed_line(corpus, listing, root=root, line=1, problem="expected an array")
        return
    for number, entry in enumerate(entries, start=1):
        wav = text_of(entry, "wav") if isinstance(entry, dict) else None
        if wav is None or not listed_path(wav).name:
            yield malformed_line(corpus, listing, root=root, line=number, problem='an entry without "wav"')
            continue
        speaker = text_of(entry, "speaker_id")
        stem = listed_path(wav).stem
        yield Utterance(
            utterance_id(corpus, *([speaker] if speaker else []), stem),
            speaker=speaker_id(corpus, speaker) if speaker else None,
            audio=AudioSource(recordings.find(wav) or resolve_below(listing.parent, wav)),
            transcript=text_of(entry, "text"),
            split=split_hint(listing.stem),
        )


def _find_lists(contents: FolderContents) -> list[Path]:
    return sorted(path for path in contents.files("json") if _is_list(path))


def _is_list(path: Path) -> bool:
    head = read_head(path)
    return head.startswith("[") and '"wav"' in head and '"text"' in head


def detect(contents: FolderContents) -> str | None:
    """A .json array whose first entries have "wav" and "text"."""
    lists = _find_lists(contents)
    return f'{contents.relative(lists[0])}, an array of "wav" and "text"' if lists else None


CLOVACALL = Corpus(
    CorpusRecord(name="clovacall", title="ClovaCall", licence="NAVER's agreement, research only"),
    Annotation.PLAIN,
    '.json arrays of {"wav", "text", "speaker_id"} beside folders of recordings',
    list_utterances,
    detect,
)
