"""The whole job: list, plan, spread the tasks, write the manifest."""

import functools
import shutil
import socket
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pipeline.contract.errors import InputRejected, TooManyDropped
from pipeline.contract.files import sweep
from pipeline.contract.manifest import (
    Manifest,
    PartRecord,
    RunRecord,
    SettingsRecord,
    SourceRecord,
    VocabularyRecord,
)
from pipeline.contract.vocabulary import KOREAN
from pipeline.corpora import Corpus
from pipeline.dataset.builder import Destination, Provenance, publish_manifest
from pipeline.dataset.dropped import list_of_run
from pipeline.dataset.huggingface import remove_dataset_files
from pipeline.job.cluster import run_on_cluster
from pipeline.job.folder import claim, locked
from pipeline.job.manifest import collect_content
from pipeline.job.plan import SHARD_BYTES_PER_SECOND, Part, Plan, make_plan, take_part
from pipeline.job.progress import Progress, RunLog, clock
from pipeline.job.resources import WORKER_MB
from pipeline.job.retry import spread_tasks
from pipeline.job.task import Job, TaskRecord, process_task, read_record, record_path
from pipeline.job.versions import package_versions
from pipeline.settings import PipelineSettings

SPEEDS = {"off": 1800, "gate": 1300, "noisereduce": 280, "noisereduce-defaults": 170}
"""Seconds of audio that one worker does in a second, by denoiser: of TEDxKR whole, rounded down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asked for; everything but the settings leaves the shards' bytes alone.

    Attributes:
        jobs: Worker processes.
        limit: Read only the first so many utterances.
        part: This box' share, when several boxes divide the plan.
        fresh: Do finished shards again.
        max_dropped: Largest share of dropped utterances that is still a success.
        limit_s: Time an utterance may take before it is given up.
        backend: Where the tasks run: worker processes here, or a cluster at `address`.
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
class Outcome:
    """A finished run: its manifest, the workers' seconds by stage, and shards that were there already."""

    manifest: Manifest
    timings: dict[str, float]
    reused: int


def preprocess(request: Request) -> Outcome:
    """Turn a raw corpus into shards and a manifest.

    A run that was cut short goes on where it stopped; what is finished under the same
    settings, versions and inputs is not done again.

    Raises:
        InputRejected: The corpus or the output folder cannot be used as given.
        TooManyDropped: Finished, shards and manifest written, but nothing or too little kept.
    """
    started, began = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    plan = plan_request(request)
    with locked(request.out):
        log = RunLog(request.out / "run.jsonl")
        sweep(request.out)
        sweep(request.out / ".tasks")
        if request.fresh:
            shutil.rmtree(request.out / ".tasks", ignore_errors=True)
        claim(request.out, manifest=request.manifest, corpus=request.corpus.record.name, fresh=request.fresh)
        done = _finished_before(plan, request)
        strays = _strays(plan, request)
        if strays or len(done) < len(plan.tasks):
            _withdraw_stale(strays, request)
        timings = _process(plan, request, log, done)
        run = RunRecord(
            command=request.command,
            host=socket.gethostname(),
            started=began,
            seconds=round(time.monotonic() - started, 3),
            jobs=request.jobs,
        )
        manifest = _publish(plan, request, run)
        log.write("finished", **manifest.counts.model_dump(), timings=timings)
    _judge(manifest, request)
    return Outcome(manifest, timings, reused=len(done))


def plan_request(request: Request) -> Plan:
    """List the corpus and cut it into tasks, without reading any audio."""
    if request.out.resolve().is_relative_to(request.root.resolve()):
        raise InputRejected(f"--out {request.out} lies inside the raw corpus, which is never written to")
    plan = make_plan(
        request.corpus,
        request.root,
        settings=request.settings,
        versions=package_versions(),
        limit=request.limit,
    )
    return plan if request.part is None else take_part(plan, request.part)


def _count(plan: Plan) -> int:
    return len(plan.dropped) + sum(len(task.utterances) for task in plan.tasks)


def describe_plan(plan: Plan, request: Request) -> str:
    """What a run will use and roughly make, in one line."""
    gigabytes = plan.estimated_s * SHARD_BYTES_PER_SECOND / 1e9
    folder = request.out.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 1e9
    seconds = plan.estimated_s / SPEEDS[request.settings.denoise.engine] / request.jobs
    return (
        f"{_count(plan):,} utterances, about {plan.estimated_s / 3600:.2f} h,"
        f" in {len(plan.tasks)} shards of about {gigabytes:.2f} GB in all ({free:.0f} GB free),"
        f" {request.jobs} worker{'s' * (request.jobs > 1)} at low priority with {WORKER_MB} MB each,"
        f" roughly {clock(seconds)} on cores like the README's"
    )


def _finished_before(plan: Plan, request: Request) -> set[str]:
    """The tasks of the plan that an earlier run finished."""
    recorded = [task for task in plan.tasks if record_path(request.out, task.name).is_file()]
    done = {task.name for task in recorded if read_record(request.out, task.name, key=task.key) is not None}
    if recorded:
        _say(f"{len(done)} of {len(plan.tasks)} shards are there already and are only checked")
    if len(done) < len(recorded):
        changed = "settings, versions or recordings have changed since they were made"
        _say(f"{len(recorded) - len(done)} are made again: {changed}")
    return done


def _strays(plan: Plan, request: Request) -> list[Path]:
    """Shards of an earlier run that the plan no longer has."""
    names = {task.name for task in plan.tasks}
    return [path for path in request.out.glob("*.arrow") if path.stem not in names]


def _withdraw_stale(strays: list[Path], request: Request) -> None:
    """Take back a manifest whose shards this run is about to change, then remove the strays.

    A manifest under its final name always describes the shards that are there.
    """
    request.manifest.unlink(missing_ok=True)
    remove_dataset_files(request.out)
    for path in strays:
        path.unlink()
        record_path(request.out, path.stem).unlink(missing_ok=True)


def _process(plan: Plan, request: Request, log: RunLog, done: set[str]) -> dict[str, float]:
    """Do every task of the plan that is not `done`, check the others; gives the workers' seconds by stage."""
    description = describe_plan(plan, request)
    log.write("started", command=request.command, plan=description)
    _say(description)
    lengths = {task.name: task.estimated_s for task in plan.tasks}
    timings: defaultdict[str, float] = defaultdict(float)
    with Progress(total_s=sum(task.estimated_s for task in plan.tasks if task.name not in done)) as progress:
        for record in _records_as_done(plan, request):
            if record.name in done:
                continue
            rows, dropped = record.shard.rows if record.shard else 0, len(record.dropped)
            progress.update(done_s=lengths[record.name], kept=rows, dropped=dropped)
            log.write("task", name=record.name, kept=rows, dropped=dropped, timings=record.timings)
            for stage, seconds in record.timings.items():
                timings[stage] += seconds
    return dict(timings)


def _say(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - what a run does is said on stderr


def _records_as_done(plan: Plan, request: Request) -> Iterator[TaskRecord]:
    job = Job(
        root=request.root,
        out=request.out,
        annotation=request.corpus.annotation,
        settings=request.settings,
        limit_s=request.limit_s if request.backend == "loky" else None,
    )
    if request.backend == "loky":
        return spread_tasks(plan.tasks, job, jobs=request.jobs)
    return run_on_cluster(
        functools.partial(process_task, job=job),
        plan.tasks,
        backend=request.backend,
        address=request.address,
        jobs=request.jobs,
    )


def _publish(plan: Plan, request: Request, run: RunRecord) -> Manifest:
    """Write the dropped list, the Hugging Face files and, last, the manifest."""
    destination = Destination(
        manifest=request.manifest,
        root=request.out,
        dropped=list_of_run(request.manifest, folder=request.out),
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
        versions=package_versions(),
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
            raise InputRejected(f"the record of {task.name} vanished from {out} while the run was writing")
        yield record


def _judge(manifest: Manifest, request: Request) -> None:
    read, kept = manifest.counts.read, manifest.counts.kept
    if read == 0 and request.part is not None:
        return  # more boxes than shards: this one has nothing to do
    if kept == 0 or (read - kept) / read > request.max_dropped:
        reasons = sorted(manifest.counts.dropped.items(), key=lambda item: -item[1])
        raise TooManyDropped(
            f"{read - kept} of {read} utterances were dropped"
            f" ({', '.join(f'{count} {reason}' for reason, count in reasons)});"
            f" the dropped list is {request.out / manifest.dropped.path}"
        )
