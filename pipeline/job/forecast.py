"""What a plan will take: space, time, and a manifest that can be read back."""

import json
import shutil
from pathlib import Path

from pipeline.contract.errors import InputRejected
from pipeline.contract.manifest_file import MAX_MANIFEST_BYTES, MAX_SPEAKERS
from pipeline.job.plan import SHARD_BYTES_PER_SECOND, Plan
from pipeline.job.progress import clock
from pipeline.job.resources import WORKER_MB

SPEEDS = {"off": 1800, "gate": 1600, "noisereduce": 280, "noisereduce-defaults": 170}
"""Seconds of audio that one worker processes in a second, by denoiser: all of TEDxKR, rounded down."""


# What an entry of a manifest takes at most, beside a speaker's name; and all that does not grow.
SPEAKER_ENTRY_BYTES = 100
SHARD_ENTRY_BYTES = 400
MANIFEST_FRAME_BYTES = 2_000_000


def describe_plan(plan: Plan, *, out: Path, jobs: int, denoiser: str) -> str:
    """What a run will do, and roughly what it will take, in one line.

    Args:
        out: Folder of the shards, which need not exist yet.
        jobs: Worker processes.
        denoiser: The engine that the settings name.
    """
    tasks, utterances = len(plan.tasks), len(plan.dropped) + sum(len(task.utterances) for task in plan.tasks)
    gigabytes = plan.estimated_s * SHARD_BYTES_PER_SECOND / 1e9
    folder = out.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 1e9
    seconds = plan.estimated_s / SPEEDS[denoiser] / jobs
    return (
        f"{utterances:,} utterances, about {plan.estimated_s / 3600:.2f} h,"
        f" in {tasks} shard{'s' * (tasks != 1)} of about {gigabytes:.2f} GB in all ({free:.0f} GB free),"
        f" {jobs} worker{'s' * (jobs > 1)} at low priority, up to {WORKER_MB} MB each,"
        f" roughly {clock(seconds)} on a machine like the README's"
    )


def check_manifest_fits(plan: Plan) -> None:
    """Refuse a plan whose manifest would be too large to be read back.

    Raises:
        InputRejected: It has too many speakers or shards, or their names are too long in all.
    """
    speakers = {
        utterance.speaker
        for task in plan.tasks
        for utterance in task.utterances
        if utterance.speaker is not None
    }
    num_bytes = sum(len(json.dumps(name, ensure_ascii=False).encode()) for name in speakers)
    num_bytes += len(speakers) * SPEAKER_ENTRY_BYTES + len(plan.tasks) * SHARD_ENTRY_BYTES
    if len(speakers) <= MAX_SPEAKERS and num_bytes <= MAX_MANIFEST_BYTES - MANIFEST_FRAME_BYTES:
        return
    raise InputRejected(
        f"the manifest would list {len(speakers):,} speakers and {len(plan.tasks):,} shards in about"
        f" {num_bytes / 1e6:,.0f} MB, but one of over {MAX_SPEAKERS:,} speakers or"
        f" {MAX_MANIFEST_BYTES / 1e6:,.0f} MB cannot be read: with `--part I/N`, make several smaller ones,"
        " which `fit` takes together; or leave the speakers out of the listing, if each is one utterance"
    )
