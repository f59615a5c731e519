"""Ids and splits."""

import os
from unicodedata import normalize

import pytest

from pipeline.corpora.naming import readable, speaker_id, split_hint, utterance_id


def test_ids_are_the_same_for_both_unicode_forms() -> None:
    assert utterance_id("kspon", normalize("NFD", "한글")) == utterance_id("kspon", "한글") == "kspon/한글"
    assert speaker_id("zeroth", "104") == "zeroth/104"


def test_names_from_a_korean_zip_archive_are_decoded() -> None:
    assert readable(os.fsdecode("한글".encode("cp949"))) == "한글"
    readable("\udcff\udc80").encode()  # neither encoding: still valid UTF-8


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train-clean-100", "train"), ("train_data_01", "train"), ("Training", "train"),
        ("dev", "valid"), ("dev-other", "valid"), ("Validation", "valid"), ("valid", "valid"),
        ("eval_clean", "test"), ("test", "test"), ("test.tsv", "test"),
        ("data", None), ("trainer", None), ("testimony", None), ("my-train", None), ("", None),
    ],
)  # fmt: skip
def test_split_of_a_name(name: str, split: str | None) -> None:
    assert split_hint(name) == split
