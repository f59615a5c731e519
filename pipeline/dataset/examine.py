"""Examining every row of a shard: decoding its audio, deriving its labels from its text again."""

import io
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import soundfile

from pipeline.contract.errors import HandOffBroken, InputRejected
from pipeline.contract.files import is_regular
from pipeline.contract.manifest import SettingsRecord, ShardRecord
from pipeline.contract.opened import OpenedManifest
from pipeline.contract.row_audio import find_header_problem
from pipeline.contract.text import shorten
from pipeline.contract.vocabulary import Vocabulary
from pipeline.job.versions import package_versions
from pipeline.phonology import PhonologySettings, label_batch
from pipeline.record import Labelled, Rejection
from pipeline.settings import PipelineSettings

BLOCK_SAMPLES = 2**16


def examine_rows(
    opened: OpenedManifest, table: pa.Table, shard: ShardRecord, seen: set[str]
) -> Iterator[str]:
    """What is wrong with the rows of a shard, one line each.

    Args:
        seen: Ids of the shards before this one; this shard's ids are added.
    """
    recorded = opened.manifest.settings[shard.settings]
    try:
        settings = PipelineSettings.from_tables(recorded.values)
    except InputRejected as error:
        yield f"settings[{shard.settings}] are not those of this malsori: {error}{_version_hint(recorded)}"
        return
    vocabulary = opened.manifest.vocabulary.vocabulary()
    texts = table.column("spoken").to_pylist()
    try:
        lexicon = _find_lexicon(opened, shard, settings.phonology)
        labelled = label_batch(texts, settings=settings.phonology, lexicon=lexicon)
    except (HandOffBroken, InputRejected) as error:
        yield f"its labels cannot be derived again: {error}"
        return
    for position, derived in enumerate(labelled):
        (row,) = table.slice(position, 1).to_pylist()  # one at a time: a row may be long
        problem = (
            ("the id occurs twice" if row["id"] in seen else None)
            or _label_problem(row, derived, vocabulary, recorded)
            or _span_problem(row)
            or find_audio_problem(row["audio"]["bytes"], num_samples=row["num_samples"])
        )
        seen.add(row["id"])
        if problem is not None:
            yield f"utterance {shorten(row['id'])}: {problem}"


def _find_lexicon(opened: OpenedManifest, shard: ShardRecord, settings: PhonologySettings) -> Path | None:
    """The lexicon that a shard's labels were made with: beside the shard's file, found by its hash.

    Raises:
        HandOffBroken: It is missing; the message says what to copy where.
    """
    name = settings.lexicon_file
    if name is None:
        return None
    path = opened.locate((PurePosixPath(shard.path).parent / name).as_posix())
    if is_regular(path):
        return path
    if settings.lexicon == name:
        raise HandOffBroken(f"the lexicon {name} is missing; copy it to {path.parent}, with the shards")
    raise HandOffBroken(
        f"an older malsori made them with the lexicon {shorten(settings.lexicon)!r} and did not hand it on;"
        f" if you have it, copy it to {path}"
    )


def _label_problem(
    row: dict[str, Any], derived: Labelled | Rejection, vocabulary: Vocabulary, recorded: SettingsRecord
) -> str | None:
    symbols = row["ipa"].split()
    unknown = sorted(set(symbols) - set(vocabulary.symbols))
    if unknown:
        return shorten(f"symbols outside the vocabulary: {' '.join(unknown)}")
    if vocabulary.encode(symbols) != row["labels"]:
        return "its labels are not its IPA"
    if isinstance(derived, Rejection):
        return shorten(f"it has no pronunciation here: {derived.detail}; its text is {row['spoken']!r}")
    again = {
        "ipa": " ".join(derived.ipa),
        "pronunciation": derived.pronunciation,
        "romanized": derived.romanized,
    }
    for name, value in again.items():
        if row[name] != value:
            found = f"its text {row['spoken']!r} gives the {name} {value!r}, the shard has {row[name]!r}"
            return shorten(found) + _version_hint(recorded)
    return None


def _version_hint(recorded: SettingsRecord) -> str:
    here = package_versions()
    other = [
        f"{name} {version}, here {here.get(name, 'none')}"
        for name, version in recorded.versions.items()
        if here.get(name) != version
    ]
    return f" (made with {'; '.join(other)})" if other else ""


def _span_problem(row: dict[str, Any]) -> str | None:
    spans = [(span["start"], span["end"]) for span in row["kept"]]
    first, last = row["source"]["offset"], row["source"]["offset"] + row["source"]["length"]
    edges = [first, *(edge for span in spans for edge in span), last]
    return None if edges == sorted(edges) and spans else "its kept spans are not inside its source, in order"


def find_audio_problem(audio: bytes, *, num_samples: int) -> str | None:
    """Why `audio` is not `num_samples` of 16-bit 16 kHz mono WAV or FLAC; None when it is.

    Its header is judged first; then it is decoded block by block.
    """
    problem = find_header_problem(audio, num_samples=num_samples)
    if problem is not None:
        return problem
    try:
        with soundfile.SoundFile(io.BytesIO(audio)) as file:
            samples, silent = _decode(file, most=num_samples)
    except soundfile.LibsndfileError as error:
        return f"its audio cannot be decoded: {error}"
    if samples != num_samples:
        counted = f"over {num_samples}" if samples > num_samples else samples
        return f"its audio has {counted} samples, num_samples says {num_samples}"
    return "its audio is all zero" if silent else None


def _decode(file: soundfile.SoundFile, *, most: int) -> tuple[int, bool]:
    """The number of samples, counted to at most a block beyond `most`, and whether all are zero."""
    samples, silent = 0, True
    while samples <= most:
        block = file.read(BLOCK_SAMPLES, dtype="int16")
        if not len(block):
            break
        samples += len(block)
        silent = silent and not block.any()
    return samples, silent
