"""ClovaCall: calls to restaurants, 60,000 short sentences of 11,000 speakers.

Provenance: Ha et al., "ClovaCall: Korean Goal-Oriented Dialog Speech Corpus for Automatic
Speech Recognition of Contact Centers", Interspeech 2020 (NAVER, on request).
Licence: NAVER's agreement, research only.

Layout: JSON arrays of `{"wav", "text", "speaker_id"}`, one for each split, and the recordings
in folders beside them, found by name.
"""

from collections.abc import Iterator
from pathlib import Path

from pipeline.contract.errors import InputRejected
from pipeline.contract.manifest import CorpusRecord
from pipeline.corpora.contents import Survey, read_head, take_survey
from pipeline.corpora.corpus import Corpus, Listed, malformed
from pipeline.corpora.files import FileIndex, index_files, listed_path, walk_folders, within
from pipeline.corpora.listings import read_json, text_of
from pipeline.corpora.naming import speaker_id, split_hint, utterance_id
from pipeline.record import Annotation, AudioSource, Utterance


def list_utterances(root: Path, corpus: str) -> Iterator[Listed]:
    """List every array's entries in their order."""
    survey = take_survey(root)
    lists = _find_lists(survey)
    if not lists:
        raise InputRejected(
            f'{root} is not ClovaCall: looked for .json arrays of {{"wav", "text", "speaker_id"}}, found'
            f" {survey.describe()}"
        )
    folder = root if root.is_dir() else root.parent
    recordings = index_files(walk_folders(folder), extensions=("wav", "flac"))
    for listing in lists:
        yield from _read_array(listing, root=root, corpus=corpus, recordings=recordings)


def _read_array(listing: Path, *, root: Path, corpus: str, recordings: FileIndex) -> Iterator[Listed]:
    try:
        entries = read_json(listing)
    except ValueError as error:
        yield malformed(corpus, listing, root=root, line=1, problem=f"not JSON: {error}")
        return
    if not isinstance(entries, list):
        yield malformed(corpus, listing, root=root, line=1, problem="expected an array")
        return
    for number, entry in enumerate(entries, start=1):
        wav = text_of(entry, "wav") if isinstance(entry, dict) else None
        if wav is None or not listed_path(wav).name:
            yield malformed(corpus, listing, root=root, line=number, problem='an entry without "wav"')
            continue
        speaker = text_of(entry, "speaker_id")
        stem = listed_path(wav).stem
        yield Utterance(
            utterance_id(corpus, *([speaker] if speaker else []), stem),
            speaker=speaker_id(corpus, speaker) if speaker else None,
            audio=AudioSource(recordings.find(wav) or within(listing.parent, wav)),
            transcript=text_of(entry, "text"),
            split=split_hint(listing.stem),
        )


def _find_lists(survey: Survey) -> list[Path]:
    return sorted(path for path in survey.files("json") if _is_list(path))


def _is_list(path: Path) -> bool:
    head = read_head(path)
    return head.startswith("[") and '"wav"' in head and '"text"' in head


def recognise(survey: Survey) -> str | None:
    """A .json array whose first entries have "wav" and "text"."""
    lists = _find_lists(survey)
    return f'{survey.relative(lists[0])}, an array of "wav" and "text"' if lists else None


CLOVACALL = Corpus(
    CorpusRecord(name="clovacall", title="ClovaCall", licence="NAVER's agreement, research only"),
    Annotation.PLAIN,
    '.json arrays of {"wav", "text", "speaker_id"} beside folders of recordings',
    list_utterances,
    recognise,
)
