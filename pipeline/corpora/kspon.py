"""KsponSpeech: 969 hours of spontaneous Korean dialogue, 622,545 + 6,000 utterances.

Provenance: AI Hub data set 123 (한국어 음성), ETRI; Bang et al., "KsponSpeech: Korean
Spontaneous Speech Corpus for Automatic Speech Recognition", Applied Sciences 10(19), 2020.
Licence: AI Hub's terms of use (registration; no redistribution).

Layout: `KsponSpeech_0N/KsponSpeech_NNNN/KsponSpeech_NNNNNN.{pcm,txt}`, evaluation files
`KsponSpeech_ENNNNN.pcm`, and lists `train.trn dev.trn eval_clean.trn eval_other.trn` of
`path :: text` lines (UTF-8). The .pcm is headerless 16-bit 16 kHz mono; the .txt is cp949.
The folders above differ from one download to the next, and the evaluation lists name a folder
that need not exist: recordings are found by their name, which is unique in the corpus.

A recording that no list names is read with its own .txt, or is listed without a transcript.
There are no speaker ids.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pipeline.contract.errors import InputRejected
from pipeline.contract.manifest import CorpusRecord
from pipeline.corpora.corpus import Corpus, Listed, malformed
from pipeline.corpora.listing import describe_files, split_name, walk_folders
from pipeline.corpora.naming import split_hint, utterance_id
from pipeline.record import Annotation, AudioSource, TextFile, Utterance

_AUDIO = ("pcm", "wav", "flac")  # as distributed; then what people convert it to
_NAME = re.compile(r"KsponSpeech_E?\d+")  # and so not KsponSpeech_label_*, which are integer ids
_EVALUATION_NAME = re.compile(r"KsponSpeech_E\d+")
_LISTS = ("train.trn", "dev.trn", "eval_clean.trn", "eval_other.trn")


@dataclass(frozen=True, slots=True)
class _Files:
    """What lies below the root: for each extension, the folder of each stem."""

    folders: dict[str, dict[str, Path]] = field(default_factory=dict)
    lists: list[Path] = field(default_factory=list)

    def find(self, stem: str, extensions: tuple[str, ...]) -> Path | None:
        for wanted in extensions:
            for extension in (wanted, wanted.upper()):
                folder = self.folders.get(extension, {}).get(stem)
                if folder is not None:
                    return folder / f"{stem}.{extension}"
        return None

    def stems(self, extensions: tuple[str, ...]) -> set[str]:
        found: set[str] = set()
        for extension, folders in self.folders.items():
            if extension.lower() in extensions:
                found.update(folders)
        return found


def list_utterances(root: Path, corpus: str) -> Iterator[Listed]:
    """List KsponSpeech below `root`: what the .trn files name in their order, then the rest."""
    files = _find_files(root)
    named: set[str] = set()
    for listing in files.lists:
        yield from _read_list(listing, root=root, corpus=corpus, files=files, named=named)
    for stem in sorted(_own_transcripts_and_audio(files) - named):
        yield _unlisted(stem, corpus=corpus, files=files)


def _find_files(root: Path) -> _Files:
    files = _Files()
    others: list[str] = []
    for folder in walk_folders(root):
        for name in folder.names:
            stem, extension = split_name(name)
            kind = extension.lower()
            if kind == "trn":
                files.lists.append(folder.path / name)
            elif kind in _AUDIO or kind == "txt":
                files.folders.setdefault(extension, {}).setdefault(stem, folder.path)
            else:
                others.append(name)
    stems = files.stems((*_AUDIO, "txt"))
    if not files.lists and not any(map(_NAME.fullmatch, stems)):
        found = describe_files([*others, *(f"{stem}.{e}" for e, of in files.folders.items() for stem in of)])
        raise InputRejected(
            f"{root} is not KsponSpeech: looked for .trn lists or KsponSpeech_NNNNNN.txt and .pcm files"
            f" anywhere below it, found {found}"
        )
    files.lists.sort(key=_list_order)
    return files


def _list_order(listing: Path) -> tuple[int, str, str]:
    known = _LISTS.index(listing.name) if listing.name in _LISTS else len(_LISTS)
    return known, listing.name, str(listing)


def _read_list(listing: Path, *, root: Path, corpus: str, files: _Files, named: set[str]) -> Iterator[Listed]:
    split = split_hint(listing.stem)
    with listing.open("rb") as lines:
        for number, raw in enumerate(lines, start=1):
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip()
            except UnicodeDecodeError:
                yield malformed(corpus, listing, line=number, problem="not UTF-8")
                continue
            if not line:
                continue
            path, separator, text = f"{line} ".partition(" :: ")
            stem = split_name(PurePosixPath(path.replace("\\", "/")).name)[0]
            if not separator or not stem:
                yield malformed(corpus, listing, line=number, problem="expected 'path :: text'")
                continue
            named.add(stem)
            audio = files.find(stem, _AUDIO) or _expected_path(root, path)
            yield Utterance(utterance_id(corpus, stem), None, AudioSource(audio), text.strip(), split)


def _expected_path(root: Path, path: str) -> Path:
    """Where a listed recording should lie; never outside `root`."""
    parts = PurePosixPath(path.replace("\\", "/").replace("\0", "")).parts
    return root.joinpath(*(part for part in parts if part not in ("/", "//", "..")))


def _own_transcripts_and_audio(files: _Files) -> set[str]:
    audio = files.stems(_AUDIO)
    return audio | {stem for stem in files.stems(("txt",)) if stem in audio or _NAME.fullmatch(stem)}


def _unlisted(stem: str, *, corpus: str, files: _Files) -> Utterance:
    text = files.find(stem, ("txt",))
    audio = files.find(stem, _AUDIO)
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


KSPON = Corpus(
    CorpusRecord(name="kspon", title="KsponSpeech (AI Hub 123)", licence="AI Hub terms of use"),
    Annotation.KSPON,
    "KsponSpeech_NNNNNN.pcm below any folders, with train/dev/eval .trn lists or cp949 .txt files",
    list_utterances,
)
