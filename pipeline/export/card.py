"""The dataset card: README.md of a Hugging Face dataset, taken entirely from the manifest.

The header is YAML. Its values are written as JSON, a subset of YAML, so nothing in somebody
else's manifest can break out of them.
"""

import json
from collections.abc import Iterable, Sequence

from pipeline.audio.settings import FrontEndSettings
from pipeline.contract.manifest import Manifest, SettingsRecord
from pipeline.contract.text import plain_markdown, printable

LICENCES = {
    "CC0 1.0": "cc0-1.0",
    "CC BY 4.0": "cc-by-4.0",
    "CC BY-NC-SA 4.0": "cc-by-nc-sa-4.0",
    "CC BY-NC-ND 4.0": "cc-by-nc-nd-4.0",
}
"""Hugging Face's names for the licences it knows; every other one is "other", with its own name."""

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
LARGEST = "1M<n<10M"

LICENCE_NOTE = (
    "The recordings remain under their own licences: check that these allow what you do with the"
    " dataset, including publishing it."
)

COLUMNS = (
    ("id", "`<corpus>/<speaker>/<utterance>`, stable"),
    ("speaker", "`<corpus>/<speaker>`, null where the corpus names none"),
    ("audio", "16 kHz mono; {treatment}"),
    ("num_samples", "samples of `audio`"),
    ("text", "cleaned spelling"),
    ("spoken", "what was said, where the corpus writes both down"),
    ("pronunciation", "Hangul as pronounced"),
    ("ipa", "phones, separated by spaces"),
    ("labels", "the phones as ids from 1; 0 is left to the CTC blank"),
    ("romanized", "spelling in Latin letters"),
    ("source", "file, sample rate and samples of the recording that the utterance comes from"),
    ("kept", "spans of the recording that remain, in its own samples"),
    ("split", "as in the folder's name"),
    ("measurements", "silence removed; noise floor, speech level and peak{before}"),
)


def dataset_card(manifest: Manifest) -> str:
    """The card of the dataset that `manifest` describes, in Markdown with a YAML header."""
    return "\n".join(
        [
            *_header(manifest),
            f"# {plain_markdown(manifest.name)}",
            "",
            "Korean speech with its transcripts, pronunciation and phones, prepared by malsori.",
            "",
            *_sources(manifest),
            *_contents(manifest),
            *_dropped(manifest),
            *_how_it_was_made(manifest),
            "## Columns",
            "",
            *_table(["Column", "Content"], _columns(manifest)),
        ]
    )


def _header(manifest: Manifest) -> list[str]:
    licences = list(dict.fromkeys(source.corpus.licence for source in manifest.sources))
    known = sorted({LICENCES.get(licence, "other") for licence in licences})
    fields: dict[str, object] = {
        "language": [manifest.vocabulary.language],
        "license": known[0] if len(known) == 1 else known,
        **({"license_name": "; ".join(licences)} if "other" in known else {}),
        "task_categories": ["automatic-speech-recognition"],
        "pretty_name": manifest.name,
        "size_categories": [_size(manifest.counts.kept)],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": split, "path": f"{split}/*.arrow"} for split in _splits(manifest)],
            }
        ],
    }
    lines = [f"{key}: {_yaml(json.dumps(value, ensure_ascii=False))}" for key, value in fields.items()]
    return ["---", *lines, "---", ""]


def _size(utterances: int) -> str:
    return next((name for limit, name in SIZES if utterances < limit), LARGEST)


def _splits(manifest: Manifest) -> list[str]:
    return list(dict.fromkeys(shard.split for shard in manifest.shards))


def _sources(manifest: Manifest) -> list[str]:
    rows = [
        (plain_markdown(source.corpus.title), plain_markdown(source.corpus.licence), f"{source.utterances:,}")
        for source in manifest.sources
    ]
    return [
        "## Sources",
        "",
        *_table(["Corpus", "Licence", "Utterances listed"], rows),
        LICENCE_NOTE,
        "",
    ]


def _contents(manifest: Manifest) -> list[str]:
    rows = []
    for split in _splits(manifest):
        shards = manifest.split_shards(split)
        utterances, seconds = sum(shard.rows for shard in shards), sum(shard.seconds for shard in shards)
        rows.append((plain_markdown(split), f"{utterances:,}", f"{seconds / 3600:.2f}"))
    statistics = manifest.statistics
    rows.append(("all", f"{manifest.counts.kept:,}", f"{statistics.seconds_out / 3600:.2f}"))
    speakers = f"{len(statistics.speakers):,}" if statistics.speakers else "not named"
    figures = (
        f"Utterances last {statistics.shortest_s:.2f} to {statistics.longest_s:.2f} s; speakers: {speakers};"
        f" {statistics.phones:,} phones, {statistics.phones_per_second:.2f} a second;"
        f" {statistics.silence_removed_s:.1f} s of long pauses were removed."
    )
    return ["## Contents", "", *_table(["Split", "Utterances", "Hours"], rows), figures, ""]


def _dropped(manifest: Manifest) -> list[str]:
    counts = manifest.counts
    return [
        "## Dropped",
        "",
        f"Of {counts.read:,} utterances read, {counts.read - counts.kept:,} were dropped.",
        "",
        *_table(
            ["Reason", "Utterances"],
            [(plain_markdown(reason), f"{n:,}") for reason, n in counts.dropped.items()],
        ),
    ]


def _how_it_was_made(manifest: Manifest) -> list[str]:
    lines = ["## How it was made", ""]
    for record in manifest.settings:
        lines += _settings(record)
    if manifest.history:
        lines += ["Since then:", "", *(f"- {plain_markdown(line)}" for line in manifest.history), ""]
    return lines


def _settings(record: SettingsRecord) -> list[str]:
    """Settings as a block of indented code, which no content can end."""
    content = _yaml(json.dumps(record.values, indent=1, sort_keys=True, ensure_ascii=False))
    content = content.replace("<", r"\u003c")  # not every reader takes indented code for code
    versions = ", ".join(f"{name} {version}" for name, version in record.versions.items())
    return [
        f"Settings `{record.fingerprint}` with {plain_markdown(versions)}:",
        "",
        *(f"    {line}" for line in content.splitlines()),
        "",
    ]


def _columns(manifest: Manifest) -> list[tuple[str, str]]:
    """Each column and what it holds, which for audio depends on the settings."""
    used = sorted({shard.settings for shard in manifest.shards})
    front_ends = [FrontEndSettings.of_run(manifest.settings[number].values) for number in used]
    treatments = dict.fromkeys(
        "treatment not recorded" if each is None else each.describe() for each in front_ends
    )
    denoised = any(each is None or each.denoise.engine != "off" for each in front_ends)
    content = {
        "treatment": f"{'depending on the shard, ' if len(treatments) > 1 else ''}{' or '.join(treatments)}",
        "before": " before noise reduction" if denoised else "",
    }
    return [(name, text.format_map(content)) for name, text in COLUMNS]


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(header)} |", f"|{' --- |' * len(header)}"]
    return [*lines, *(f"| {' | '.join(cells)} |" for cells in rows), ""]


def _yaml(document: str) -> str:
    """JSON as YAML: what cannot be printed, which YAML does not allow, is escaped alike in both."""
    return printable(document)
