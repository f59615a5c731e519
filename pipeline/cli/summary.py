"""Tables for a human reader: what a run did, what a manifest describes."""

import shlex
from collections.abc import Iterable

from pipeline.contract.manifest import Manifest, SettingsRecord
from pipeline.contract.text import one_line

MAX_SPEAKERS_SHOWN = 10

FEW_SPEAKERS = 40
"""With fewer speakers, a share of 5 % may select none."""


def summarise_run(manifest: Manifest, *, reused: int) -> str:
    """The table at the end of a run; its counts add up: read = kept + dropped."""
    statistics, run = manifest.statistics, manifest.run
    speed = f", {statistics.seconds_in / run.seconds:.0f}x real time" if run.seconds and not reused else ""
    return _table(
        [
            *_count_rows(manifest),
            ("hours in", f"{statistics.seconds_in / 3600:.3f}"),
            ("hours out", f"{statistics.seconds_out / 3600:.3f}"),
            ("silence removed", f"{statistics.silence_removed_s:.1f} s"),
            *_split_rows(manifest),
            ("shards", f"{len(manifest.shards)}" + (f", {reused} of them from before" if reused else "")),
            ("took", f"{run.seconds:.1f} s{speed}, {run.jobs} job{'s' * (run.jobs > 1)}"),
        ]
    )


def held_out_hint(manifest: Manifest, path: str) -> str | None:
    """Advice for a dataset without a valid or test split, or None if it has one."""
    if {shard.split for shard in manifest.shards} - {"train"}:
        return None
    speakers = list(manifest.statistics.speakers)
    split = f"malsori split {shlex.quote(path)} -o SPLIT.json"
    if not speakers:
        advice = f"{split} --valid 0.05 --test 0.05 divides it by utterance, since no speakers are named"
    elif len(speakers) == 1:
        advice = f"{split} --by utterance --test 0.05 divides it by utterance, since there is one speaker"
    elif len(speakers) < FEW_SPEAKERS:
        advice = (
            f"{split} --test-speaker {shlex.quote(speakers[0])} holds back one of {len(speakers)} speakers"
        )
    else:
        advice = f"{split} --valid 0.05 --test 0.05 divides it by speaker"
    return f"every utterance is in the train split: there is nothing to evaluate a recogniser on; {advice}"


def summarise_derived(manifest: Manifest) -> str:
    """The table after a merge, split or filter."""
    return _table([*_count_rows(manifest), *_split_rows(manifest)])


def summarise_manifest(manifest: Manifest) -> str:
    """What a manifest describes, on one screen."""
    statistics = manifest.statistics
    corpora = "; ".join(f"{source.corpus.title} ({source.corpus.licence})" for source in manifest.sources)
    return _table(
        [
            ("name", manifest.name),
            ("corpus", corpora),
            *_count_rows(manifest),
            *_split_rows(manifest),
            ("silence removed", f"{statistics.silence_removed_s:.1f} s"),
            ("durations", f"{statistics.shortest_s:.2f} to {statistics.longest_s:.2f} s"),
            ("phones", f"{statistics.phones:,}, {statistics.phones_per_second:.2f} a second"),
            ("speakers", _speakers(manifest)),
            ("vocabulary", f"{manifest.vocabulary.name}, {len(manifest.vocabulary.symbols)} symbols"),
            *(row for record in manifest.settings for row in _settings_rows(record)),
            *(("history", line) for line in manifest.history),
            ("made", f"{manifest.run.started} by {manifest.run.command}"),
        ]
    )


def _count_rows(manifest: Manifest) -> list[tuple[str, str]]:
    counts = manifest.counts
    return [
        ("read", f"{counts.read}"),
        ("kept", f"{counts.kept}"),
        ("dropped", f"{counts.read - counts.kept}"),
        *((f"  {reason}", f"{count}") for reason, count in counts.dropped.items()),
    ]


def _split_rows(manifest: Manifest) -> Iterable[tuple[str, str]]:
    for split in dict.fromkeys(shard.split for shard in manifest.shards):
        shards = manifest.split_shards(split)
        rows, seconds = sum(shard.rows for shard in shards), sum(shard.seconds for shard in shards)
        yield split, f"{rows} utterances, {seconds / 3600:.3f} h in {_shards(len(shards))}"


def _shards(count: int) -> str:
    return f"{count} shard{'s' * (count != 1)}"


def _speakers(manifest: Manifest) -> str:
    speakers = manifest.statistics.speakers
    if not speakers:
        return "none named"
    shown = ", ".join(list(speakers)[:MAX_SPEAKERS_SHOWN])
    return f"{len(speakers)}: {shown}{', …' if len(speakers) > MAX_SPEAKERS_SHOWN else ''}"


def _settings_rows(record: SettingsRecord) -> Iterable[tuple[str, str]]:
    yield "settings", record.fingerprint[:16]
    for stage, values in record.values.items():
        yield f"  {stage}", _settings_line(values)
    yield "versions", " ".join(f"{name}={version}" for name, version in record.versions.items())


def profile_table(timings: dict[str, float], *, audio_s: float) -> str:
    """Where the workers' time went: seconds, share and speed against real time by stage."""
    total = sum(timings.values())
    rows = [
        (stage, f"{seconds:9.2f} s {seconds / total:6.1%} {audio_s / seconds:10,.0f}x real time")
        for stage, seconds in sorted(timings.items(), key=lambda item: -item[1])
        if seconds > 0
    ]
    return _table(rows)


def _settings_line(values: object) -> str:
    return (
        " ".join(f"{key}={value}" for key, value in values.items())
        if isinstance(values, dict)
        else str(values)
    )


def _table(rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join(one_line(f"{name:<24} {value}") for name, value in rows)
