"""Laws of the manifest operations."""

import ast
import json
import tempfile
from contextlib import suppress
from pathlib import Path
from unicodedata import category

import numpy as np
import pytest
from handoff_data import Person, splits_of, write_dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from small_corpus import rows_by_id

from pipeline.cli.summary import summarise_manifest
from pipeline.contract.errors import InputRejected, MalsoriError
from pipeline.contract.manifest import ShardRecord
from pipeline.contract.manifest_file import read_manifest
from pipeline.contract.opened import open_manifest
from pipeline.dataset.compare import compare_manifests
from pipeline.dataset.filter import filter_manifest, parse_expression
from pipeline.dataset.merge import merge_manifests
from pipeline.dataset.split import split_manifest
from pipeline.dataset.verify import verify_manifest
from pipeline.dataset.views import stored_positions, to_ranges
from pipeline.shards.settings import SplitSettings

lawful = settings(derandomize=True, deadline=None, max_examples=25)
quickly = settings(derandomize=True, deadline=None, max_examples=300)


@pytest.fixture(scope="module")
def radio(tmp_path_factory) -> Path:
    people = [Person("a", 5), Person("b", 4, "valid"), Person(None, 3)]
    return write_dataset(tmp_path_factory.mktemp("radio"), "radio", people)


def merge(paths: list[Path], output: Path) -> Path:
    opened = [open_manifest(path) for path in paths]
    merge_manifests(opened, output, name=None, command="", mixed_settings=False)
    return output


speakers = st.lists(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), unique=True, min_size=1, max_size=12)


@lawful
@given(speakers, speakers, st.floats(0, 0.5), st.floats(0, 0.5), st.integers(0, 99), st.booleans())
def test_no_speaker_changes_split_when_a_corpus_is_merged(one, other, valid, test, seed, nameless):
    chosen = SplitSettings(by="speaker", valid=valid, test=test, seed=seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        people = [Person(name, 1) for name in one] + [Person(None, 3)] * nameless
        first = write_dataset(folder / "one", "one", people)
        second = write_dataset(folder / "other", "other", [Person(name, 2) for name in other])
        split_manifest(open_manifest(first), folder / "before.json", settings=chosen, command="")
        both = merge([first, second], folder / "both.json")
        split_manifest(open_manifest(both), folder / "after.json", settings=chosen, command="")
        before, after = (splits_of(folder / f"{name}.json") for name in ("before", "after"))
        assert before.items() <= after.items()
        assert len(after) == len(before) + len(other)


texts = st.sampled_from(["'강'", "'나무'", "'radio/a'", "''", "'valid'"])
numbers = st.sampled_from(["0.1", "1600", "2", "3", "-60", "0.11", "20"])
text_columns = st.sampled_from(["id", "speaker", "text", "split"])
number_columns = st.sampled_from(["num_samples", "duration_s", "num_phones", "phones_per_second"])
comparisons = st.one_of(
    st.tuples(number_columns, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), numbers),
    st.tuples(numbers, st.sampled_from(["<", ">="]), number_columns),
    st.tuples(text_columns, st.sampled_from(["==", "!="]), texts),
    st.tuples(texts, st.sampled_from(["in", "not in"]), st.sampled_from(["id", "text", "split"])),
    st.tuples(
        text_columns, st.just("in"), st.lists(texts, max_size=3).map(lambda row: f"[{', '.join(row)}]")
    ),
    st.just(("speaker", "==", "None")),
).map(" ".join)
expressions = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda parts: f"({' '.join(parts)})"),
        inner.map(lambda part: f"(not {part})"),
    ),
    max_leaves=6,
)


def values_of(row: dict, split: str) -> dict[str, object]:
    duration_s = row["num_samples"] / 16_000
    phones = len(row["labels"])
    return row | {
        "split": split, "duration_s": duration_s, "num_phones": phones,
        "phones_per_second": phones / duration_s,
    }  # fmt: skip


@lawful
@given(expressions)
def test_an_expression_picks_what_python_would(radio, expression):
    """Python's own `eval` is the oracle; the expressions are ours."""
    opened = open_manifest(radio)
    expected = {
        row["id"]
        for shard in opened.manifest.shards
        for row in opened.rows(shard).to_pylist()
        if eval(expression, {}, values_of(row, shard.split))
    }
    with tempfile.TemporaryDirectory() as name:
        picked, others = Path(name, "picked.json"), Path(name, "others.json")
        filter_manifest(opened, picked, expression=expression, command="")
        filter_manifest(opened, others, expression=f"not {expression}", command="")
        assert set(rows_by_id(picked)) == expected
        assert set(rows_by_id(others)) == set(rows_by_id(radio)) - expected
        again = merge([others, picked], Path(name, "again.json"))
        assert read_manifest(again).statistics == opened.manifest.statistics
        for path in (picked, others, again):
            verify_manifest(open_manifest(path), deep=False)


@quickly
@given(st.text(max_size=60) | st.text("()[]<>=!'\"., abdnorti_sxp0123456789-+*:", max_size=60))
def test_no_text_is_more_than_an_expression_or_a_rejection(text):
    with suppress(InputRejected):
        assert isinstance(parse_expression(text), ast.expr)


@quickly
@given(st.lists(st.booleans(), max_size=40))
def test_ranges_hold_exactly_the_rows_they_were_made_of(picked):
    rows = np.flatnonzero(np.array(picked, dtype=bool))
    ranges = to_ranges(rows, stored_rows=len(picked))
    shard = ShardRecord(
        path="x", sha256="0" * 64, bytes=0, stored_rows=len(picked), rows=rows.size, ranges=ranges,
        seconds=0.0, split="train", settings=0,
    )  # fmt: skip
    assert stored_positions(shard).tolist() == rows.tolist()
    assert ranges is None or all(start < end for start, end in ranges)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@quickly
@given(st.data())
def test_a_manifest_with_any_value_anywhere_is_read_or_refused(radio, data):
    content = json.loads(radio.read_text())
    place = content
    while True:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(values)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "m.json")
        path.write_text(json.dumps(content))
        try:
            manifest = read_manifest(path)
        except MalsoriError:
            return
        path.write_text(manifest.to_json())
        assert read_manifest(path) == manifest
        shown = [
            *summarise_manifest(manifest).split("\n"),
            *compare_manifests(manifest, read_manifest(radio)),
        ]
        assert not [
            char for line in shown for char in line if category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        ]
