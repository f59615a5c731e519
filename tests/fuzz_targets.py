"""What is fuzzed: functions of a seed that must end well, whatever they are fed.

A target damages something sound and gives it to the code that must survive it. Ending well is
an answer, a drop's reason or a `MalsoriError`; any other exception is a bug. `fuzzing` runs them.
"""

import io
import json
import os
import random
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import soundfile
from click.testing import CliRunner
from handoff_data import Person, write_dataset
from miniature_corpora import LISTINGS
from mutations import ODD_VALUES, metadata_spots, mutate_bytes, mutate_json, mutate_lines

from pipeline.cli import main
from pipeline.contract.errors import HandOffBroken, InputRejected
from pipeline.contract.files import file_sha256
from pipeline.contract.manifest_file import read_manifest
from pipeline.contract.opened import open_manifest
from pipeline.corpora import READERS, detect_corpus
from pipeline.record import AudioSource, Clip, Dropped, Recording, Rejection

Target = Callable[[int, Path], str]


@cache
def _dataset() -> Path:
    """A manifest and a shard of 5 rows in 3 batches; the folder is the process' own."""
    people = [Person("fuzz/a", 3), Person(None, 2)]
    return write_dataset(Path(tempfile.mkdtemp(prefix="malsori-fuzz-")), "fuzz", people, rows_per_batch=2)


def make_sound_data() -> None:
    """Make what the targets damage, with the memory that this takes once in a process."""
    _stream()
    soundfile.read(io.BytesIO(_recording(".mp3")))


def load_manifest(seed: int, folder: Path) -> str:
    """A manifest whose JSON was changed: read, written again, compared."""
    path = folder / "m.json"
    path.write_bytes(mutate_json(_dataset().read_bytes(), random.Random(seed)))
    manifest = read_manifest(path)
    again = folder / "again.json"
    again.write_text(manifest.to_json())
    assert read_manifest(again) == manifest
    return "read"


def load_large_manifest(seed: int, folder: Path) -> str:
    """A manifest about as large as they may be, of which one part has millions of values."""
    manifest = json.loads(_dataset().read_bytes())
    _enlarge(manifest, seed % len(_LARGE))
    path = folder / "m.json"
    with path.open("w", encoding="utf-8") as stream:
        json.dump(manifest, stream, ensure_ascii=False, separators=(",", ":"))
    manifest.clear()
    read_manifest(path)
    return "read"


def _enlarge(manifest: dict[str, Any], part: int) -> None:
    settings = manifest["settings"][0]
    places = {
        "manifest": manifest, "shard": manifest["shards"][0], "vocabulary": manifest["vocabulary"],
        "speakers": manifest["statistics"]["speakers"], "counts": manifest["counts"],
        "values": settings["values"], "versions": settings["versions"],
    }  # fmt: skip
    place, make = _LARGE[part]
    places[place].update(make(manifest["shards"][0]))


def _shards_of(shard: dict[str, Any], pieces: list[dict[str, Any]]) -> dict[str, Any]:
    shards = [shard | piece for piece in pieces]
    kept = sum(piece["rows"] for piece in shards)
    return {"shards": shards, "counts": {"read": kept, "kept": kept, "dropped": {}}}


def _one_by_one(shard: dict[str, Any]) -> dict[str, Any]:
    ranges = [[2 * row, 2 * row + 1] for row in _MANY]
    return _shards_of(shard, [{"ranges": ranges, "stored_rows": 2 * 10**6, "rows": len(ranges)}])


_MANY, _MORE = range(970_000), 2_900_000
_LARGE: tuple[tuple[str, Callable[[dict[str, Any]], dict[str, Any]]], ...] = (
    ("manifest", _one_by_one),
    ("manifest", lambda shard: _shards_of(shard, [{"path": f"{n}.arrow"} for n in range(200_000)])),
    ("manifest", lambda _: {"shards": [{} for _ in _MANY]}),
    ("manifest", lambda _: {"history": [""] * _MORE}),
    ("manifest", lambda _: {"name": "😀" * (15 * 2**20)}),
    ("manifest", lambda _: {f"extra {n}": 1 for n in _MANY}),
    ("counts", lambda _: {f"extra {n}": 1 for n in range(990)}),
    ("shard", lambda _: {"ranges": [["x", "y"] for _ in _MANY]}),
    ("shard", lambda _: {"ranges": [[1] * _MORE]}),
    ("speakers", lambda _: {f"{n}": {"x": 1} for n in _MANY}),
    ("speakers", lambda _: {"a": {f"{n}": 1 for n in _MANY}}),
    ("speakers", lambda _: {f"{n}": {"utterances": n, "seconds": n + 0.5} for n in range(299_000)}),
    ("values", lambda _: {"many": [{f"{n}": [n]} for n in range(900_000)]}),
    ("values", lambda _: {"many": [{"a": 1} for _ in range(1_400_000)]}),
    ("versions", lambda _: {f"{n}": 1 for n in _MANY}),
    ("vocabulary", lambda _: {"symbols": ["a"] * _MORE}),
)


def read_shard(seed: int, folder: Path) -> str:
    """A shard whose bytes were changed, under a manifest that knows its hash: every reader of it."""
    from pipeline.dataset.examine import find_audio_problem
    from pipeline.dataset.filter import read_columns
    from pipeline.dataset.verify import verify_manifest
    from pipeline.dataset.views import tally_table

    rng = random.Random(seed)
    (folder / "shard.arrow").write_bytes(mutate_bytes(_stream(), rng, spots=_spots()))
    opened = open_manifest(_manifest_of_shard(folder))
    verify_manifest(opened, deep=False)
    (shard,) = opened.manifest.shards
    table = opened.rows(shard)
    for row in table.to_pylist():
        find_audio_problem(row["audio"]["bytes"], num_samples=row["num_samples"])
    tally_table(table, opened.manifest.vocabulary.symbols)
    read_columns(opened, shard)
    return "read"


@cache
def _stream() -> bytes:
    return next((_dataset().parent / "shards").glob("*.arrow")).read_bytes()


@cache
def _spots() -> list[tuple[int, int]]:
    return metadata_spots(_stream())


def _manifest_of_shard(folder: Path) -> Path:
    """A manifest in `folder` that describes `folder`/shard.arrow, whatever that holds."""
    manifest = json.loads(_dataset().read_bytes())
    (folder / "list.jsonl").write_bytes(b"")
    manifest["shards"][0] |= {
        "path": "shard.arrow", "sha256": file_sha256(folder / "shard.arrow"),
        "bytes": (folder / "shard.arrow").stat().st_size,
    }  # fmt: skip
    manifest["dropped"] |= {"path": "list.jsonl", "sha256": file_sha256(folder / "list.jsonl")}
    (folder / "m.json").write_text(json.dumps(manifest | {"root": "."}))
    return folder / "m.json"


def command_on_rows(command: tuple[str, ...], seed: int, folder: Path) -> str:
    """A sound Arrow file of odd values, under a manifest that knows its hash, given to a command."""
    manifest = _write_odd_rows(random.Random(seed), folder)
    name, *options = (option.format(folder=folder) for option in command)
    result = CliRunner().invoke(main, [name, str(manifest), *options])
    if result.exit_code not in {0, InputRejected.exit_code, HandOffBroken.exit_code}:
        raise result.exception or AssertionError(result.output)
    return f"exit {result.exit_code}"


def _write_odd_rows(rng: random.Random, folder: Path) -> Path:
    with pa.ipc.open_stream(_stream()) as stream:
        table = stream.read_all()
    rows = table.to_pylist()
    for _ in range(rng.choice((1, 2, 5))):
        row = rng.choice(rows)
        name = rng.choice(table.column_names)
        row[name] = _odd_value(row[name], rng)
    with pa.ipc.new_stream(folder / "shard.arrow", table.schema) as stream:
        stream.write_table(pa.Table.from_pylist(rows, schema=table.schema))
    return _manifest_of_shard(folder)


def _odd_value(value: object, rng: random.Random) -> object:
    """Another value of the same type, or none."""
    texts = (
        "",
        "\x00",
        "\x1b[2J",
        "../x",
        "😀" * 300,
        "가" * 5_000,
        "갉" * 60_000,
        "١٢٣",
        "1" * 3_000,
        "a b",
    )
    if value is None or rng.random() < 0.1:
        return None
    match value:
        case dict():
            name = rng.choice(list(value))
            return value | {name: _odd_value(value[name], rng)}
        case list():
            return rng.choice(([], value * 2, value[::-1], [None], value[:1]))
        case str():
            return rng.choice(
                (*texts, *(odd for odd in ODD_VALUES if isinstance(odd, str) and odd != "\ud800"))
            )
        case bytes():
            return rng.choice((b"", b"RIFF", mutate_bytes(value, rng), _recording(".flac"), value + b"\0"))
        case int():
            return (
                rng.choice((0, -1, 1, 42, 255, 16_000, 2**31 - 1))
                if value < 256
                else rng.choice((0, -1, value + 1))
            )
        case float():
            return rng.choice((0.0, float("nan"), float("inf"), -1e30))
    raise TypeError(type(value))


@cache
def _spots() -> list[tuple[int, int]]:
    folder = _dataset().parent / "shards"
    return metadata_spots(next(folder.glob("*.arrow")).read_bytes())


def read_dropped_list(seed: int, folder: Path) -> str:
    """A dropped list whose lines were changed, under a manifest that knows its hash."""
    from pipeline.dataset.dropped import read_dropped

    line = '{"id":"a/b","stage":"audio","reason":"empty_audio","detail":"0 bytes"}\n'
    (folder / "list.jsonl").write_bytes(mutate_lines((line * 3).encode(), random.Random(seed)))
    manifest = json.loads(_dataset().read_bytes())
    manifest["counts"] = {"read": 8, "kept": 5, "dropped": {"empty_audio": 3}}
    manifest["dropped"] = {"path": "list.jsonl", "sha256": file_sha256(folder / "list.jsonl"), "rows": 3}
    (folder / "m.json").write_text(json.dumps(manifest | {"root": "."}))
    return f"{len(list(read_dropped(open_manifest(folder / 'm.json'))))} lines"


def list_corpus(name: str, seed: int, folder: Path) -> str:
    """A corpus of which one listing was changed: listed, recognised."""
    rng = random.Random(seed)
    files = LISTINGS[name]
    damaged = rng.choice([path for path in files if files[path]])
    structured = damaged.endswith(".json") and name != "nemo" and rng.random() < 0.6
    mutate = mutate_json if structured else mutate_lines
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(mutate(content, rng) if path == damaged else content)
    try:
        for item in READERS[name].read(folder):
            _writable(item)
        return "listed"
    finally:
        detect_corpus(folder)


def _writable(item: object) -> None:
    """What is listed can be written to a shard or a dropped list: it has a form in UTF-8."""
    texts = [item.id, item.detail] if isinstance(item, Dropped) else [item.id, item.speaker, item.transcript]
    for text in texts:
        if isinstance(text, str):
            text.encode()


def decode_audio(suffix: str, seed: int, folder: Path) -> str:
    """A recording whose bytes were changed: decoded whole and in part, prepared."""
    from pipeline.audio.clip import prepare_clip
    from pipeline.audio.recordings import Recordings
    from pipeline.audio.settings import AcceptanceSettings, DenoiseSettings, SilenceSettings

    rng = random.Random(seed)
    content = _recording(suffix)
    spots = [(0, 64), (0, 300)] if rng.random() < 0.7 else []
    path = folder / f"r{suffix}"
    path.write_bytes(mutate_bytes(content, rng, spots=spots))
    outcomes = []
    with Recordings() as recordings:
        for source in (AudioSource(path), AudioSource(path, 0.1, 0.2), AudioSource(path, rng.random(), 99.0)):
            recording = recordings.read(source)
            if isinstance(recording, Recording):
                clip = prepare_clip(
                    recording,
                    silence=SilenceSettings(),
                    denoise=DenoiseSettings(max_snr_db=200.0),
                    acceptance=AcceptanceSettings(),
                )
                assert isinstance(clip, Rejection) or _is_sound(clip)
                recording = clip
            outcomes.append(recording.reason if isinstance(recording, Rejection) else "clip")
    return outcomes[0]


def _is_sound(clip: Clip) -> bool:
    return bool(np.isfinite(clip.wave).all() and np.abs(clip.wave).max(initial=0) <= 1)


@cache
def _recording(suffix: str) -> bytes:
    time_s = np.arange(12_000) / 16_000
    wave = (np.sin(2 * np.pi * 200 * time_s) * np.sin(2 * np.pi * 3 * time_s) * 8_000).astype("<i2")
    if suffix == ".pcm":
        return wave.tobytes()
    stream = io.BytesIO()
    kinds = {
        ".wav": ("WAV", "PCM_16"), ".float.wav": ("WAV", "FLOAT"), ".adpcm.wav": ("WAV", "IMA_ADPCM"),
        ".flac": ("FLAC", "PCM_16"), ".ogg": ("OGG", "VORBIS"), ".mp3": ("MP3", "MPEG_LAYER_III"),
        ".opus": ("OGG", "OPUS"),
    }  # fmt: skip
    kind, subtype = kinds[suffix]
    soundfile.write(stream, wave, 16_000, format=kind, subtype=subtype)
    return stream.getvalue()


def select_by_expression(seed: int, folder: Path) -> str:
    """An expression out of pieces, sound and hostile."""
    from pipeline.dataset.filter import filter_manifest

    rng = random.Random(seed)
    pieces = (
        "duration_s", "text", "speaker", "split", "num_phones", "peak", "<", ">=", "==", "!=", "in", "not in",
        "and", "or", "not", "(", ")", "[", "]", ",", "1", "-", "2.5", "1e999", "9" * 400, "None", "True",
        "'a'", '"한"', "__import__('os')", ".x", "[0]", "lambda: 0", "if", "else", ":=", "*", "**", "is",
        "\n", "\x00", "\\", "#", "f'{text}'", "...", "b'x'", "1j", "not " * 100, "(" * 100, "-" * 500, "é",
    )  # fmt: skip
    sound = "duration_s > 0.1 and not speaker in ['fuzz/b', None] or num_phones <= 3 and '강' in text".split()
    for _ in range(rng.choice((0, 1, 1, 2, 9))):
        place = rng.randrange(len(sound))
        sound[place : place + rng.randrange(2)] = [rng.choice(pieces)]
    text = " ".join(sound)
    opened = open_manifest(_dataset())
    filter_manifest(opened, folder / "out.json", expression=text, command="")
    return "selected"


ROW_COMMANDS = {
    "rows verified": ("verify", "--deep"),
    "rows split": ("split", "-o", "{folder}/split.json", "--valid", "0.5"),
    "rows reported": ("report", "-o", "{folder}/report.html"),
    "rows to NeMo": ("export", "--to", "nemo", "-o", "{folder}/nemo"),
    "rows to HF": ("export", "--to", "hf", "-o", "{folder}/hf"),
}

TARGETS: dict[str, Target] = {
    "manifest": load_manifest,
    "shard": read_shard,
    **{
        name: (lambda seed, folder, command=command: command_on_rows(command, seed, folder))
        for name, command in ROW_COMMANDS.items()
    },
    "dropped list": read_dropped_list,
    "expression": select_by_expression,
    **{
        f"corpus {name}": (lambda seed, folder, name=name: list_corpus(name, seed, folder))
        for name in LISTINGS
    },
    **{
        f"audio {suffix}": (lambda seed, folder, suffix=suffix: decode_audio(suffix, seed, folder))
        for suffix in (".pcm", ".wav", ".float.wav", ".adpcm.wav", ".flac", ".ogg", ".opus", ".mp3")
    },
}


LARGE_MANIFESTS = len(_LARGE)
SLOW_TARGETS: dict[str, Target] = {"large manifest": load_large_manifest}
"""Seconds a seed: for tests/bench/fuzz.py."""


def _crash(seed: int, folder: Path) -> str:
    os.abort()


def _hang(seed: int, folder: Path) -> str:
    while True:
        pass


def _gorge(seed: int, folder: Path) -> str:
    return str(np.ones(2**28).sum())


SELF_TESTS: dict[str, Target] = {
    "crash": _crash,
    "hang": _hang,
    "gorge": _gorge,
    "bug": lambda *_: str(1 // 0),
}
"""What `fuzzing` must notice."""
