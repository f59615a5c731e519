"""Fuzzing targets: manifests, dropped lists, and the expressions of filter."""

import json
import random
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from fuzz_ends import Target
from handoff_data import Person, write_dataset
from mutations import mutate_json, mutate_lines

from pipeline.contract.files import file_sha256
from pipeline.contract.manifest_file import read_manifest
from pipeline.contract.opened import open_manifest


@cache
def small_dataset() -> Path:
    """A manifest and a shard of 5 rows in 3 batches; the folder is the process' own."""
    people = [Person("fuzz/a", 3), Person(None, 2)]
    return write_dataset(Path(tempfile.mkdtemp(prefix="malsori-fuzz-")), "fuzz", people, rows_per_batch=2)


def load_manifest(seed: int, folder: Path) -> str:
    """A manifest whose JSON was changed: read, written again, compared."""
    path = folder / "m.json"
    path.write_bytes(mutate_json(small_dataset().read_bytes(), random.Random(seed)))
    manifest = read_manifest(path)
    again = folder / "again.json"
    again.write_text(manifest.to_json())
    assert read_manifest(again) == manifest
    return "read"


def load_large_manifest(seed: int, folder: Path) -> str:
    """A manifest about as large as they may be, of which one part has millions of values."""
    manifest = json.loads(small_dataset().read_bytes())
    _enlarge(manifest, seed % len(_LARGE))
    path = folder / "m.json"
    # Not json.dump, which takes most of the time that the input has.
    path.write_text(json.dumps(manifest, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
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


def read_dropped_list(seed: int, folder: Path) -> str:
    """A dropped list whose lines were changed, under a manifest that knows its hash."""
    from pipeline.dataset.dropped import read_dropped

    line = '{"id":"a/b","stage":"audio","reason":"empty_audio","detail":"0 bytes"}\n'
    (folder / "list.jsonl").write_bytes(mutate_lines((line * 3).encode(), random.Random(seed)))
    manifest = json.loads(small_dataset().read_bytes())
    manifest["counts"] = {"read": 8, "kept": 5, "dropped": {"empty_audio": 3}}
    manifest["dropped"] = {"path": "list.jsonl", "sha256": file_sha256(folder / "list.jsonl"), "rows": 3}
    (folder / "m.json").write_text(json.dumps(manifest | {"root": "."}))
    return f"{len(list(read_dropped(open_manifest(folder / 'm.json'))))} lines"


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
    opened = open_manifest(small_dataset())
    filter_manifest(opened, folder / "out.json", expression=text, command="")
    return "selected"


LARGE_MANIFESTS = len(_LARGE)

TARGETS = {
    "manifest": Target(load_manifest, prepare=small_dataset),
    "large manifest": Target(load_large_manifest, share=0.005, prepare=small_dataset),
    "dropped list": Target(read_dropped_list, prepare=small_dataset),
    "expression": Target(select_by_expression, prepare=small_dataset),
}
