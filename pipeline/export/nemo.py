"""NeMo's layout: `<split>.jsonl` with one object per line, and the audio beside it.

    DIR/train.jsonl   {"audio_filepath": "audio/3f/...wav", "duration": 2.5, "offset": 0, "text": ...}
    DIR/audio/3f/...  the shards' WAV or FLAC files, byte for byte

Paths are relative to the manifest's folder, as NeMo reads them.
Source: https://docs.nvidia.com/nemo-framework (ASR datasets, "Preparing Custom ASR Data").
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from pipeline.contract.errors import HandOffBroken
from pipeline.contract.files import new_folder
from pipeline.contract.opened import OpenedManifest
from pipeline.contract.row_audio import SUFFIXES, find_header_problem
from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.contract.text import shorten
from pipeline.dataset.verify import verify_manifest
from pipeline.export.names import audio_name, check_split

COLUMNS = ("id", "speaker", "audio", "num_samples", "text", "pronunciation", "ipa")


def export_nemo(opened: OpenedManifest, folder: Path) -> None:
    """Write the utterances of `opened` into the new folder `folder`.

    One utterance is in memory at a time.

    Raises:
        InputRejected: `folder` exists.
        HandOffBroken: The shards are not what the manifest says.
    """
    splits = [check_split(split) for split in dict.fromkeys(shard.split for shard in opened.manifest.shards)]
    verify_manifest(opened, deep=False)
    with new_folder(folder) as temporary:
        for split in splits:
            with (temporary / f"{split}.jsonl").open("wb") as lines:
                for row in _rows(opened, split):
                    _write_utterance(row, split=split, folder=temporary, lines=lines)


def _rows(opened: OpenedManifest, split: str) -> Iterator[dict[str, Any]]:
    for shard in opened.manifest.split_shards(split):
        table: pa.Table = opened.rows(shard, COLUMNS)
        for start in range(table.num_rows):
            yield table.slice(start, 1).to_pylist()[0]


def _write_utterance(row: dict[str, Any], *, split: str, folder: Path, lines: BinaryIO) -> None:
    audio = row["audio"]["bytes"]
    name = audio_name(row["id"], suffix=_suffix(row, audio))
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("xb") as stream:
            stream.write(audio)
    except FileExistsError as error:
        raise HandOffBroken(f"the id {row['id']!r} occurs twice; `malsori merge` drops the second") from error
    entry = {
        "audio_filepath": name,
        "duration": row["num_samples"] / SAMPLE_RATE_HZ,
        "offset": 0,
        "text": row["text"],
        "pronunciation": row["pronunciation"],
        "ipa": row["ipa"],
        "id": row["id"],
        "speaker": row["speaker"],
        "split": split,
    }
    lines.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")


def _suffix(row: dict[str, Any], audio: bytes) -> str:
    """The suffix of an utterance's audio file, whose header must agree with its row."""
    problem = find_header_problem(audio, num_samples=row["num_samples"])
    if problem is not None:
        raise HandOffBroken(f"utterance {shorten(row['id'])!r}: {problem}; make the shard again")
    return SUFFIXES[audio[:4]]
