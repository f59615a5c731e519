"""Fuzzing targets: shards, their bytes and their rows, under a manifest that knows their hash."""

import json
import random
from functools import cache, partial
from pathlib import Path

import pyarrow as pa
from fuzz_ends import Target, run_command
from fuzz_manifests import small_dataset
from fuzz_sound import sound_recording
from mutations import ODD_VALUES, metadata_spots, mutate_bytes

from pipeline.cli import main
from pipeline.contract.files import file_sha256
from pipeline.contract.opened import open_manifest


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
    return next((small_dataset().parent / "shards").glob("*.arrow")).read_bytes()


@cache
def _spots() -> list[tuple[int, int]]:
    return metadata_spots(_stream())


def _manifest_of_shard(folder: Path) -> Path:
    """A manifest in `folder` that describes `folder`/shard.arrow, whatever that holds."""
    manifest = json.loads(small_dataset().read_bytes())
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
    return run_command(main, [name, manifest, *options])


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
            return rng.choice(
                (b"", b"RIFF", mutate_bytes(value, rng), sound_recording(".flac"), value + b"\0")
            )
        case int():
            return (
                rng.choice((0, -1, 1, 42, 255, 16_000, 2**31 - 1))
                if value < 256
                else rng.choice((0, -1, value + 1))
            )
        case float():
            return rng.choice((0.0, float("nan"), float("inf"), -1e30))
    raise TypeError(type(value))


ROW_COMMANDS = {
    "rows verified": ("verify", "--deep"),
    "rows split": ("split", "-o", "{folder}/split.json", "--valid", "0.5"),
    "rows reported": ("report", "-o", "{folder}/report.html"),
    "rows to NeMo": ("export", "--to", "nemo", "-o", "{folder}/nemo"),
    "rows to HF": ("export", "--to", "hf", "-o", "{folder}/hf"),
}

TARGETS = {
    "shard": Target(read_shard, prepare=_stream),
    **{
        name: Target(partial(command_on_rows, command), share=0.3, prepare=_stream)
        for name, command in ROW_COMMANDS.items()
    },
}
