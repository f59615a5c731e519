import json
from typing import Any

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


def processed(manifest: Manifest, *records: dict[str, Any]) -> Manifest:
    """The manifest as if its first shards had been made with these settings, one record each."""
    first = manifest.settings[0]
    shards = tuple(
        manifest.shards[0].model_copy(update={"settings": number}) for number in range(len(records))
    )
    settings = tuple(first.model_copy(update={"values": values}) for values in records)
    return manifest.model_copy(update={"shards": shards, "settings": settings})


def column(card: str, name: str) -> str:
    (line,) = [line for line in card.splitlines() if line.startswith(f"| {name} |")]
    return line.removeprefix(f"| {name} | ").removesuffix(" |")


GATE = {"silence": {"enabled": True}, "denoise": {"engine": "gate"}}
OFF = {"silence": {"enabled": True}, "denoise": {"engine": "off"}}


@pytest.mark.parametrize(
    ("records", "audio"),
    [
        ([OFF], "16 kHz mono; pauses over 3 s shortened to 1 s, no denoising"),
        ([GATE], "16 kHz mono; pauses over 3 s shortened to 1 s, clips denoised (gate)"),
        (
            [{"silence": {"enabled": False}, "denoise": {"engine": "noisereduce", "max_snr_db": 9.5}}],
            (
                "16 kHz mono; pauses as recorded,"
                " clips with a signal-to-noise ratio under 9.5 dB denoised (noisereduce)"
            ),
        ),
        ([{"denoise": {"engine": "a|b"}}], "16 kHz mono; treatment not recorded"),
        ([{"silence": 3, "denoise": []}], "16 kHz mono; treatment not recorded"),
    ],
)
def test_the_audio_column_says_what_the_settings_did(manifest, records, audio):
    assert column(dataset_card(processed(manifest, *records)), "audio") == audio


def test_shards_made_with_different_settings_are_not_described_as_one(manifest):
    audio = column(dataset_card(processed(manifest, GATE, OFF, OFF)), "audio")
    pauses = "pauses over 3 s shortened to 1 s"
    expected = f"depending on the shard, {pauses}, clips denoised (gate) or {pauses}, no denoising"
    assert audio == f"16 kHz mono; {expected}"


def test_settings_that_no_shard_was_made_with_are_not_told_as_done(manifest):
    unused = processed(manifest, OFF, GATE)
    card = dataset_card(unused.model_copy(update={"shards": unused.shards[:1]}))
    assert column(card, "audio").endswith(", no denoising")


@pytest.mark.parametrize(("records", "before"), [([OFF], False), ([GATE], True), ([OFF, GATE], True)])
def test_measurements_are_from_before_noise_reduction_only_where_there_was_some(manifest, records, before):
    text = column(dataset_card(processed(manifest, *records)), "measurements")
    assert text.endswith("before noise reduction") == before


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
