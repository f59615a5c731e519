"""The run: list the corpus, do the tasks that are not done yet, write the manifest."""

import socket
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pipeline.contract.errors import InputRejected, TooManyDropped
from pipeline.contract.locks import locked, locked_name
from pipeline.contract.manifest import (
    Manifest,
    PartRecord,
    RunRecord,
    SettingsRecord,
    SourceRecord,
    VocabularyRecord,
)
from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.contract.terminal import print_note
from pipeline.contract.vocabulary import KOREAN
from pipeline.corpora import Corpus
from pipeline.dataset.builder import Destination, Provenance, publish_manifest
from pipeline.dataset.dropped import dropped_path_of_run
from pipeline.job.changes import Changes, find_changes, take_folder, withdraw
from pipeline.job.folder import events_path
from pipeline.job.forecast import check_manifest_fits, describe_plan
from pipeline.job.places import Places, check_places, require_writable
from pipeline.job.plan import Part, Plan, TaskContext, make_plan, take_part
from pipeline.job.progress import EventLog, Progress
from pipeline.job.records import TaskRecord, collect_content, read_record
from pipeline.job.retry import run_tasks
from pipeline.job.versions import package_versions
from pipeline.phonology import UserLexicon
from pipeline.settings import PipelineSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asked for. Only `settings` and the corpus can change the bytes of a shard.

    Attributes:
        jobs: Worker processes.
        lexicon: The one that `settings` name by its hash; it travels with the shards.
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
    lexicon: UserLexicon | None = None
    limit: int | None = None
    part: Part | None = None
    fresh: bool = False
    max_dropped: float = 1.0
    limit_s: float = 120.0
    backend: Literal["loky", "dask", "ray"] = "loky"
    address: str | None = None
    command: str = ""

    @property
    def places(self) -> Places:
        """Where the run reads and writes."""
        return Places(root=self.root, out=self.out, manifest=self.manifest, corpus=self.corpus.record.name)


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
    with (
        locked(request.out, option="--out"),
        locked_name(request.manifest, option="--manifest"),
    ):
        changes = find_changes(plan, request.places, fresh=request.fresh)
        require_writable(request.places)
        if request.lexicon is not None:
            request.lexicon.keep_in(request.out)
        take_folder(changes, request.places)
        events = EventLog(events_path(request.out))
        timings, made = _do_tasks(plan, request, changes, events)
        if made or not _describes(changes.standing, plan):
            withdraw(changes, request.places)
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
    return FinishedRun(manifest, timings, reused=len(plan.tasks) - made)


def plan_request(request: Request) -> Plan:
    """List the corpus and cut it into tasks, without reading any audio; say what lies outside it.

    Raises:
        InputRejected: The corpus, the settings, the places or the number of speakers cannot be used.
        MissingResource: The backend is not installed.
    """
    check_places(request.places)
    if request.backend != "loky":
        from pipeline.job.cluster import require_backend

        require_backend(request.backend)
    plan = make_plan(
        request.corpus,
        request.root,
        settings=request.settings,
        versions=package_versions(),
        limit=request.limit,
    )
    plan = plan if request.part is None else take_part(plan, request.part)
    check_manifest_fits(plan)
    if plan.outside is not None:
        _say(plan.outside)
    _provenance(plan, request)  # what no manifest can record is refused now, not when all is done
    return plan


def describe_dry_run(request: Request) -> str:
    """What a run would take, and what it would make, replace and remove. Writes nothing.

    Raises:
        InputRejected: The run would be refused.
    """
    plan = plan_request(request)
    changes = find_changes(plan, request.places, fresh=request.fresh)
    return f"{_describe(plan, request)}\n{changes.describe(request.places, num_tasks=len(plan.tasks))}"


def _describe(plan: Plan, request: Request) -> str:
    return describe_plan(plan, out=request.out, jobs=request.jobs, denoiser=request.settings.denoise.engine)


def _describes(manifest: Manifest | None, plan: Plan) -> bool:
    """Whether a manifest that stands is the one that a run which makes nothing would write."""
    return (
        manifest is not None
        and manifest.sources[0].listing_sha256 == plan.listing_sha256
        and manifest.settings[0].versions == plan.versions
    )


def _do_tasks(
    plan: Plan, request: Request, changes: Changes, events: EventLog
) -> tuple[dict[str, float], int]:
    """Do the tasks that are not finished, and check the others.

    Returns:
        The workers' seconds by stage, and how many shards were made.
    """
    description = _describe(plan, request)
    events.write("started", command=request.command, plan=description)
    if changes.finished:
        count = f"{len(changes.finished)} of {len(plan.tasks)} shards"
        _say(f"{count} are already finished; only their hashes are checked")
    if changes.replaced and not changes.fresh:
        changed = "settings, versions or recordings have changed since they were made"
        _say(f"{len(changes.replaced)} are made again: {changed}")
    if changes.former is not None:
        _say(changes.former)
    _say(description)
    lengths_s = {task.name: task.estimated_s for task in plan.tasks}
    timings: defaultdict[str, float] = defaultdict(float)
    made, damaged = 0, []
    to_do_s = sum(length_s for name, length_s in lengths_s.items() if name not in changes.finished)
    with Progress(total_s=to_do_s) as progress:
        for record in _run_tasks(plan, request, changes):
            if not record.made_now:
                continue
            made += 1
            if record.name in changes.finished:
                damaged.append(record.name)
                progress.expect(lengths_s[record.name])
            rows, dropped = record.shard.rows if record.shard else 0, len(record.dropped)
            heard_s = record.tally.samples_in / SAMPLE_RATE_HZ
            progress.update(estimated_s=lengths_s[record.name], heard_s=heard_s, kept=rows, dropped=dropped)
            events.write("task", name=record.name, kept=rows, dropped=dropped, timings=record.timings)
            for stage, seconds in record.timings.items():
                timings[stage] += seconds
    if damaged:
        _say(f"damaged or missing, and made again: {len(damaged)} of the finished shards")
    return dict(timings), made


def _run_tasks(plan: Plan, request: Request, changes: Changes) -> Iterator[TaskRecord]:
    """The records of the plan's tasks as they finish, from wherever the request wants them done."""
    context = TaskContext(
        root=request.root,
        out=request.out,
        annotation=request.corpus.annotation,
        settings=request.settings,
        limit_s=request.limit_s if request.backend == "loky" else None,
        outdated=changes.outdated(request.places),
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
