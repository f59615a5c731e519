"""The whole job: list, plan, spread the tasks, write the manifest."""

import functools
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipeline.assemble import assemble_manifest
from pipeline.contract.errors import InputRejected, TooManyDropped
from pipeline.contract.files import sweep
from pipeline.contract.manifest import Manifest, RunRecord, write_manifest
from pipeline.corpora import READERS
from pipeline.engine import locked, run_tasks
from pipeline.plan import SHARD_BYTES_PER_SECOND, Plan, make_plan
from pipeline.progress import Progress
from pipeline.settings import PipelineSettings
from pipeline.shards.huggingface import remove_dataset_files, write_dataset_files
from pipeline.task import Job, TaskRecord, process_task, read_record
from pipeline.versions import package_versions


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asked for; everything but the settings leaves the shards' bytes alone."""

    root: Path
    corpus: str
    out: Path
    manifest: Path
    name: str
    settings: PipelineSettings
    jobs: int
    limit: int | None = None
    fresh: bool = False
    max_dropped: float = 1.0
    command: str = ""


def preprocess(request: Request) -> Manifest:
    """Turn a raw corpus into shards and a manifest.

    A run that was cut short goes on where it stopped; what is finished under the same
    settings, versions and inputs is not done again.

    Raises:
        InputRejected: The corpus or the output folder cannot be used as given.
        TooManyDropped: Finished, shards and manifest written, but nothing or too little kept.
    """
    started = time.monotonic()
    began = datetime.now(UTC).isoformat(timespec="seconds")
    plan = plan_request(request)
    with locked(request.out):
        sweep(request.out)
        sweep(request.out / ".tasks")
        _withdraw_stale(plan, request)
        _process(plan, request)
        records = functools.partial(_records, plan, request.out)
        run = RunRecord(
            command=request.command,
            host=socket.gethostname(),
            started=began,
            seconds=round(time.monotonic() - started, 3),
            jobs=request.jobs,
        )
        manifest = assemble_manifest(
            plan,
            records,
            corpus=READERS[request.corpus].record,
            settings=request.settings,
            name=request.name,
            out=request.out,
            manifest_path=request.manifest,
            run=run,
        )
        _publish(manifest, request)
    _judge(manifest, request)
    return manifest


def plan_request(request: Request) -> Plan:
    """List the corpus and cut it into tasks, without reading any audio."""
    if request.corpus not in READERS:
        raise InputRejected(f"no corpus {request.corpus!r}; known: {', '.join(sorted(READERS))}")
    if request.out.resolve().is_relative_to(request.root.resolve()):
        raise InputRejected(f"--out {request.out} lies inside the raw corpus, which is never written to")
    return make_plan(
        READERS[request.corpus],
        request.root,
        settings=request.settings,
        versions=package_versions(),
        limit=request.limit,
    )


def describe_plan(plan: Plan, request: Request) -> str:
    """What a run will use and roughly make, in one line."""
    gigabytes = plan.estimated_s * SHARD_BYTES_PER_SECOND / 1e9
    free = shutil.disk_usage(_existing_parent(request.out)).free / 1e9
    return (
        f"{plan.num_utterances:,} utterances, about {plan.estimated_s / 3600:.2f} h,"
        f" in {len(plan.tasks)} shards of about {gigabytes:.2f} GB in all ({free:.0f} GB free),"
        f" {request.jobs} jobs at low priority"
    )


def _existing_parent(path: Path) -> Path:
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return path


def _withdraw_stale(plan: Plan, request: Request) -> None:
    """Take back a manifest whose shards this run is about to change.

    A manifest under its final name always describes the shards that are there.
    """
    if request.fresh:
        shutil.rmtree(request.out / ".tasks", ignore_errors=True)
    names = {task.name for task in plan.tasks}
    recorded = {path.stem for path in (request.out / ".tasks").glob("*.json")}
    unchanged = recorded == names and all(
        read_record(request.out, task.name, key=task.key) is not None for task in plan.tasks
    )
    if unchanged:
        return
    request.manifest.unlink(missing_ok=True)
    remove_dataset_files(request.out)
    for name in recorded - names:
        (request.out / ".tasks" / f"{name}.json").unlink()
    for path in request.out.glob("*.arrow"):
        if path.stem not in names:
            path.unlink()


def _process(plan: Plan, request: Request) -> None:
    corpus = READERS[request.corpus]
    job = Job(root=request.root, out=request.out, annotation=corpus.annotation, settings=request.settings)
    lengths = {task.name: task.estimated_s for task in plan.tasks}
    print(describe_plan(plan, request), file=sys.stderr)  # noqa: T201 - said at the start of every run
    with Progress(total_s=plan.estimated_s) as progress:
        for record in run_tasks(functools.partial(process_task, job=job), plan.tasks, jobs=request.jobs):
            rows = record.shard.rows if record.shard else 0
            progress.update(done_s=lengths[record.name], kept=rows, dropped=len(record.dropped))


def _records(plan: Plan, out: Path) -> Iterator[TaskRecord]:
    """The records of all tasks in the plan's order, read one at a time."""
    for task in plan.tasks:
        record = read_record(out, task.name, key=task.key)
        if record is None:
            raise InputRejected(f"the record of {task.name} vanished from {out} while the run was writing")
        yield record


def _publish(manifest: Manifest, request: Request) -> None:
    write_dataset_files(
        request.out,
        shards=[shard.path for shard in manifest.shards],
        fingerprint=manifest.settings.fingerprint,
        description=f"{manifest.name}: {manifest.corpora[0].title} ({manifest.corpora[0].licence})",
    )
    write_manifest(request.manifest, manifest)


def _judge(manifest: Manifest, request: Request) -> None:
    read, kept = manifest.counts.read, manifest.counts.kept
    share = (read - kept) / read
    if kept == 0 or share > request.max_dropped:
        worst = max(manifest.counts.dropped, key=lambda reason: manifest.counts.dropped[reason])
        raise TooManyDropped(
            f"{read - kept} of {read} utterances were dropped, most as {worst};"
            f" the dropped list is {manifest.folder(request.manifest) / manifest.dropped.path}"
        )
