"""The run: list the corpus, do the tasks that are not done yet, write the manifest."""

import shutil
import socket
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pipeline.contract.errors import InputRejected, TooManyDropped
from pipeline.contract.files import locked, sweep
from pipeline.contract.manifest import (
    Manifest,
    PartRecord,
    RunRecord,
    SettingsRecord,
    SourceRecord,
    VocabularyRecord,
)
from pipeline.contract.terminal import print_note
from pipeline.contract.vocabulary import KOREAN
from pipeline.corpora import Corpus
from pipeline.dataset.builder import Destination, Provenance, publish_manifest
from pipeline.dataset.dropped import dropped_path_of_run
from pipeline.dataset.huggingface import remove_dataset_files
from pipeline.job.folder import claim, events_path, record_path, tasks_folder
from pipeline.job.plan import SHARD_BYTES_PER_SECOND, Part, Plan, TaskContext, make_plan, take_part
from pipeline.job.progress import EventLog, Progress, clock
from pipeline.job.records import TaskRecord, collect_content, read_record
from pipeline.job.resources import WORKER_MB
from pipeline.job.retry import run_tasks
from pipeline.job.versions import package_versions
from pipeline.settings import PipelineSettings

SPEEDS = {"off": 1800, "gate": 1600, "noisereduce": 280, "noisereduce-defaults": 170}
"""Seconds of audio that one worker processes in a second, by denoiser: all of TEDxKR, rounded down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asked for. Only `settings` and the corpus can change the bytes of a shard.

    Attributes:
        jobs: Worker processes.
        limit: Read only this many utterances, the first ones.
        part: The share of this machine, when several divide the plan.
        fresh: Do finished shards again.
        max_dropped: The largest share of dropped utterances that still counts as success.
        limit_s: Time that one utterance may take before it is given up.
        backend: Where the tasks run: in worker processes here, or on a cluster at `address`.
    """

    root: Path
    corpus: Corpus
    out: Path
    manifest: Path
    name: str
    settings: PipelineSettings
    jobs: int
    limit: int | None = None
    part: Part | None = None
    fresh: bool = False
    max_dropped: float = 1.0
    limit_s: float = 120.0
    backend: Literal["loky", "dask", "ray"] = "loky"
    address: str | None = None
    command: str = ""


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A finished run: its manifest, the workers' seconds by stage, and how many shards it found finished."""

    manifest: Manifest
    timings: dict[str, float]
    reused: int


def preprocess(request: Request) -> FinishedRun:
    """Turn a raw corpus into shards and a manifest.

    A run that was cut short goes on where it stopped: what is finished under the same settings,
    versions and inputs is not done again.

    Raises:
        InputRejected: The corpus or the output folder cannot be used as given.
        TooManyDropped: Shards and manifest are written, but nothing or too little was kept.
    """
    started, began = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    plan = plan_request(request)
    with locked(request.out, option="--out"):
        events = EventLog(events_path(request.out))
        _take_folder(request)
        finished = _find_finished(plan, request)
        _withdraw_stale(plan, request, finished)
        timings = _do_tasks(plan, request, finished, events)
        run = RunRecord(
            command=request.command,
            host=socket.gethostname(),
            started=began,
            seconds=round(time.monotonic() - started, 3),
            jobs=request.jobs,
        )
        manifest = _publish(plan, request, run)
        events.write("finished", **manifest.counts.model_dump(), timings=timings)
    _judge(manifest, request)
    return FinishedRun(manifest, timings, reused=len(finished))


def plan_request(request: Request) -> Plan:
    """List the corpus and cut it into tasks, without reading any audio."""
    if request.out.resolve().is_relative_to(request.root.resolve()):
        raise InputRejected(
            f"--out {request.out} lies inside the raw corpus, which malsori never writes to:"
            " give another folder"
        )
    plan = make_plan(
        request.corpus,
        request.root,
        settings=request.settings,
        versions=package_versions(),
        limit=request.limit,
    )
    return plan if request.part is None else take_part(plan, request.part)


def describe_plan(plan: Plan, request: Request) -> str:
    """What a run will do, and roughly what it will take, in one line."""
    tasks, utterances = len(plan.tasks), len(plan.dropped) + sum(len(task.utterances) for task in plan.tasks)
    gigabytes = plan.estimated_s * SHARD_BYTES_PER_SECOND / 1e9
    folder = request.out.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 1e9
    seconds = plan.estimated_s / SPEEDS[request.settings.denoise.engine] / request.jobs
    return (
        f"{utterances:,} utterances, about {plan.estimated_s / 3600:.2f} h,"
        f" in {tasks} shard{'s' * (tasks != 1)} of about {gigabytes:.2f} GB in all ({free:.0f} GB free),"
        f" {request.jobs} worker{'s' * (request.jobs > 1)} at low priority, up to {WORKER_MB} MB each,"
        f" roughly {clock(seconds)} on a machine like the README's"
    )


def _take_folder(request: Request) -> None:
    """Claim the locked output folder, and clear away what killed runs left in it."""
    sweep(request.out)
    sweep(tasks_folder(request.out))
    if request.fresh:
        shutil.rmtree(tasks_folder(request.out), ignore_errors=True)
    claim(request.out, manifest=request.manifest, corpus=request.corpus.record.name, fresh=request.fresh)


def _find_finished(plan: Plan, request: Request) -> set[str]:
    """The tasks of the plan that an earlier run finished."""
    recorded = [task for task in plan.tasks if record_path(request.out, task.name).is_file()]
    finished = {task.name for task in recorded if read_record(request.out, task.name, key=task.key)}
    if recorded:
        count = f"{len(finished)} of {len(plan.tasks)} shards"
        _say(f"{count} are already finished; only their hashes are checked")
    if len(finished) < len(recorded):
        changed = "settings, versions or recordings have changed since they were made"
        _say(f"{len(recorded) - len(finished)} are made again: {changed}")
    return finished


def _withdraw_stale(plan: Plan, request: Request, finished: set[str]) -> None:
    """Remove shards that the plan no longer has, and first a manifest that this run makes stale.

    A manifest under its final name always describes the shards that are there.
    """
    names = {task.name for task in plan.tasks}
    strays = [path for path in request.out.glob("*.arrow") if path.stem not in names]
    if finished == names and not strays:
        return
    request.manifest.unlink(missing_ok=True)
    remove_dataset_files(request.out)
    for path in strays:
        path.unlink()
        record_path(request.out, path.stem).unlink(missing_ok=True)


def _do_tasks(plan: Plan, request: Request, finished: set[str], events: EventLog) -> dict[str, float]:
    """Do the tasks that are not finished, and check the others; returns the workers' seconds by stage."""
    description = describe_plan(plan, request)
    events.write("started", command=request.command, plan=description)
    _say(description)
    lengths_s = {task.name: task.estimated_s for task in plan.tasks if task.name not in finished}
    timings: defaultdict[str, float] = defaultdict(float)
    with Progress(total_s=sum(lengths_s.values())) as progress:
        for record in _run_tasks(plan, request):
            if record.name in finished:
                continue
            rows, dropped = record.shard.rows if record.shard else 0, len(record.dropped)
            progress.update(done_s=lengths_s[record.name], kept=rows, dropped=dropped)
            events.write("task", name=record.name, kept=rows, dropped=dropped, timings=record.timings)
            for stage, seconds in record.timings.items():
                timings[stage] += seconds
    return dict(timings)


def _run_tasks(plan: Plan, request: Request) -> Iterator[TaskRecord]:
    """The records of the plan's tasks as they finish, from wherever the request wants them done."""
    context = TaskContext(
        root=request.root,
        out=request.out,
        annotation=request.corpus.annotation,
        settings=request.settings,
        limit_s=request.limit_s if request.backend == "loky" else None,
    )
    if request.backend == "loky":
        return run_tasks(plan.tasks, context, jobs=request.jobs)
    from pipeline.job.cluster import run_on_cluster

    return run_on_cluster(
        plan.tasks, context, backend=request.backend, address=request.address, jobs=request.jobs
    )


def _say(line: str) -> None:
    print_note(line)  # what a run does is said on stderr


def _publish(plan: Plan, request: Request, run: RunRecord) -> Manifest:
    """Write the dropped list, the Hugging Face files and, last, the manifest."""
    destination = Destination(
        manifest=request.manifest,
        root=request.out,
        dropped=dropped_path_of_run(request.manifest, folder=request.out),
        huggingface=True,
    )
    content = collect_content(plan.dropped, _records(plan, request.out))
    return publish_manifest(_provenance(plan, request), content, destination, run=run)


def _provenance(plan: Plan, request: Request) -> Provenance:
    source = SourceRecord(
        corpus=request.corpus.record,
        listing_sha256=plan.listing_sha256,
        utterances=plan.num_utterances,
    )
    settings = SettingsRecord(
        fingerprint=request.settings.fingerprint(),
        values=request.settings.model_dump(mode="json"),
        versions=plan.versions,
    )
    part = request.part
    return Provenance(
        name=request.name,
        sources=(source,),
        settings=(settings,),
        vocabulary=VocabularyRecord.of(KOREAN),
        part=None if part is None else PartRecord(number=part.number, of=part.of),
    )


def _records(plan: Plan, out: Path) -> Iterator[TaskRecord]:
    """The records of all tasks in the plan's order, read one at a time."""
    for task in plan.tasks:
        record = read_record(out, task.name, key=task.key)
        if record is None:
            raise InputRejected(
                f"the record of {task.name} has vanished from {out}; the same command makes it again"
            )
        yield record


def _judge(manifest: Manifest, request: Request) -> None:
    read, kept = manifest.counts.read, manifest.counts.kept
    if read == 0 and request.part is not None:
        return  # more machines than shards: this one had nothing to do
    if kept == 0 or (read - kept) / read > request.max_dropped:
        reasons = sorted(manifest.counts.dropped.items(), key=lambda item: -item[1])
        raise TooManyDropped(
            f"{read - kept} of {read} utterances were dropped"
            f" ({', '.join(f'{count} {reason}' for reason, count in reasons)});"
            f" the dropped list is {request.out / manifest.dropped.path}"
        )
