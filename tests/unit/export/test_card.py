import json

import pytest

from pipeline.contract.manifest import Manifest
from pipeline.contract.manifest_file import read_manifest
from pipeline.export.card import dataset_card

HOSTILE = 'x"\n---\n<script>alert(1)</script> | `a` [b](javascript:1)'


def header(card: str) -> dict[str, object]:
    """The header's fields; each is JSON, which is YAML."""
    lines = card.partition("\n---\n")[0].splitlines()[1:]
    return {key: json.loads(value) for key, _, value in (line.partition(": ") for line in lines)}


@pytest.fixture
def manifest(dataset) -> Manifest:
    return read_manifest(dataset)


def renamed(manifest: Manifest, *, licence: str = "CC BY 4.0", text: str = "plain") -> Manifest:
    corpus = manifest.sources[0].corpus.model_copy(update={"licence": licence, "title": text})
    source = manifest.sources[0].model_copy(update={"corpus": corpus})
    counts = manifest.counts.model_copy(update={"dropped": {text: 3}})
    changes = {"sources": (source,), "name": text, "counts": counts, "history": (text,)}
    return manifest.model_copy(update=changes)


def test_the_header_names_language_licence_task_and_files(manifest):
    assert header(dataset_card(manifest)) == {
        "language": ["ko"],
        "license": "other",
        "license_name": "AI Hub terms of use",
        "task_categories": ["automatic-speech-recognition"],
        "pretty_name": "small",
        "size_categories": ["n<1K"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [
                    {"split": "train", "path": "train/*.arrow"},
                    {"split": "valid", "path": "valid/*.arrow"},
                ],
            }
        ],
    }


def test_a_known_licence_has_hugging_faces_name(manifest):
    assert header(dataset_card(renamed(manifest)))["license"] == "cc-by-4.0"


def test_counts_hours_drops_and_settings_are_told(manifest):
    card = dataset_card(manifest)
    for line in (
        "| train | 17 | 0.02 |",
        "| all | 21 | 0.02 |",
        "Of 24 utterances read, 3 were dropped.",
        "| missing\\_audio | 1 |",
        manifest.settings[0].fingerprint,
        '      "longest_s": 3.0,',
    ):
        assert line in card


def test_a_hostile_manifest_stays_text(manifest):
    card = dataset_card(renamed(manifest, licence=HOSTILE, text=HOSTILE))
    assert header(card)["pretty_name"] == HOSTILE
    body = card.split("\n---\n", 1)[1]
    assert "<script>" not in body
    assert "\n---\n" not in body
    assert "\\`a\\` \\[b\\](javascript:1)" in body
    assert "| x&quot; --- &lt;script&gt;" in body


def test_an_apostrophe_is_shown_as_one(manifest):
    body = dataset_card(renamed(manifest, licence="CC0-1.0", text="the lab's #1")).split("\n---\n", 1)[1]
    assert "the lab&#x27;s \\#1" in body
