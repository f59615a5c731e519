"""KsponSpeech: 969 hours of spontaneous Korean dialogue, 622,545 + 6,000 utterances.

Provenance: AI Hub data set 123 (한국어 음성), ETRI; Bang et al., "KsponSpeech: Korean
Spontaneous Speech Corpus for Automatic Speech Recognition", Applied Sciences 10(19), 2020.
Licence: AI Hub's terms of use (registration; no redistribution).

Layout: `KsponSpeech_0N/KsponSpeech_NNNN/KsponSpeech_NNNNNN.{pcm,txt}`, evaluation files
`KsponSpeech_ENNNNN.pcm`, and lists `train.trn dev.trn eval_clean.trn eval_other.trn` of
`path :: text` lines (UTF-8). The .pcm is headerless 16-bit 16 kHz mono; the .txt is cp949.
The folders above these differ from one download to the next, and the evaluation lists name a
folder that may not exist, so recordings are found by name, which is unique in the corpus.

A recording that no list names is read with its own .txt, or listed without a transcript if it
has none. There are no speaker ids.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.contract.errors import InputRejected
from pipeline.contract.manifest import CorpusRecord
from pipeline.corpora.contents import FolderContents, describe_files, split_extension, walk_folders
from pipeline.corpora.corpus import Corpus, Listed, malformed_line
from pipeline.corpora.lines import read_lines
from pipeline.corpora.naming import split_hint, utterance_id
from pipeline.corpora.paths import listed_path, resolve_below
from pipeline.record import Annotation, AudioSource, TextFile, Utterance, UtteranceId

_AUDIO = ("pcm", "wav", "flac")  # as distributed first, then what people convert it to
_NAME = re.compile(r"KsponSpeech_E?\d+")  # excludes KsponSpeech_label_*, which hold integer ids
_EVALUATION_NAME = re.compile(r"KsponSpeech_E\d+")
_LISTS = ("train.trn", "dev.trn", "eval_clean.trn", "eval_other.trn")


@dataclass(frozen=True, slots=True)
class _Place:
    """The folders and extensions of the files with one stem. Stems in the same folder share an object."""

    audio_folder: Path | None = None
    audio_extension: str = ""
    text_folder: Path | None = None
    text_extension: str = ""

    def audio(self, stem: str) -> Path | None:
        return self.audio_folder and self.audio_folder / f"{stem}.{self.audio_extension}"

    def text(self, stem: str) -> Path | None:
        return self.text_folder and self.text_folder / f"{stem}.{self.text_extension}"

    def with_file(self, folder: Path, extension: str) -> "_Place":
        """This place with one more file. Of two recordings, the one as distributed stays, else the first."""
        if extension.lower() in _AUDIO:
            if self.audio_folder and _rank(self.audio_extension) <= _rank(extension):
                return self
            return replace(self, audio_folder=folder, audio_extension=extension)
        return self if self.text_folder else replace(self, text_folder=folder, text_extension=extension)


_NOWHERE = _Place()


def list_utterances(root: Path, corpus: str) -> Iterator[Listed]:
    """List what the .trn files name, in their order, then the other recordings by name."""
    places, lists = _find_files(root)
    named: set[UtteranceId] = set()
    for listing in lists:
        for item in _read_list(listing, root=root, corpus=corpus, places=places):
            named.add(item.id)
            yield item
    for stem in sorted(places):
        place = places[stem]
        if utterance_id(corpus, stem) not in named and (place.audio_folder or _NAME.fullmatch(stem)):
            yield _unlisted(stem, corpus=corpus, place=place)


def _find_files(root: Path) -> tuple[dict[str, _Place], list[Path]]:
    places: dict[str, _Place] = {}
    lists: list[Path] = []
    kinds: Counter[str] = Counter()
    for folder in walk_folders(root):
        shared: dict[tuple[_Place, str], _Place] = {}
        for name in folder.names:
            stem, extension = split_extension(name)
            if extension.lower() == "trn":
                lists.append(folder.path / name)
            elif extension.lower() in (*_AUDIO, "txt"):
                key = places.get(stem, _NOWHERE), extension
                if key not in shared:
                    shared[key] = key[0].with_file(folder.path, extension)
                places[stem] = shared[key]
            kinds[extension.lower()] += 1
    if not lists and not any(map(_NAME.fullmatch, places)):
        raise InputRejected(
            f"{root} is not KsponSpeech: looked for .trn lists or KsponSpeech_NNNNNN.txt and .pcm files"
            f" in any folder, found {describe_files(kinds)}"
        )
    return places, sorted(lists, key=_list_order)


def _rank(extension: str) -> int:
    return _AUDIO.index(extension.lower())


def _list_order(listing: Path) -> tuple[int, str, str]:
    known = _LISTS.index(listing.name) if listing.name in _LISTS else len(_LISTS)
    return known, listing.name, str(listing)


def _read_list(listing: Path, *, root: Path, corpus: str, places: dict[str, _Place]) -> Iterator[Listed]:
    split = split_hint(listing.stem)
    for line in read_lines(listing):
        if not line.text.strip():
            continue
        path, separator, text = f"{line.text.strip()} ".partition(" :: ")
        stem = split_extension(listed_path(path).name)[0]
        problem = line.problem or (None if separator and stem else "expected 'path :: text'")
        if problem is not None:
            yield malformed_line(corpus, listing, root=root, line=line.number, problem=problem)
            continue
        audio = places.get(stem, _NOWHERE).audio(stem) or resolve_below(root, path)
        yield Utterance(utterance_id(corpus, stem), None, AudioSource(audio), text.strip(), split)


def _unlisted(stem: str, *, corpus: str, place: _Place) -> Utterance:
    text = place.text(stem)
    audio = place.audio(stem)
    if audio is None:
        assert text is not None
        audio = text.with_suffix(".pcm")
    return Utterance(
        utterance_id(corpus, stem),
        speaker=None,
        audio=AudioSource(audio),
        transcript=TextFile(text, "cp949") if text else None,
        # The evaluation set must never be hashed into the training split.
        split="test" if _EVALUATION_NAME.fullmatch(stem) else None,
    )


def detect(contents: FolderContents) -> str | None:
    """A .trn list, or a file named as KsponSpeech names its files."""
    files = contents.files("trn") + [
        path for kind in (*_AUDIO, "txt") for path in contents.files(kind) if _NAME.fullmatch(path.stem)
    ]
    return contents.relative(files[0]) if files else None


KSPON = Corpus(
    CorpusRecord(name="kspon", title="KsponSpeech (AI Hub 123)", licence="AI Hub terms of use"),
    Annotation.KSPON,
    "KsponSpeech_NNNNNN.pcm in any folders, with train/dev/eval .trn lists or cp949 .txt files",
    list_utterances,
    detect,
)
