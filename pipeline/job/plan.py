"""Planning: list the corpus, give every utterance its split, cut the list into tasks.

A task is the utterances of one shard. The plan depends on the corpus and the settings alone,
never on the number of workers; it costs one `stat` per file and opens no recording.
"""

import hashlib
import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pipeline.contract.errors import InputRejected
from pipeline.contract.manifest import MAX_PARTS
from pipeline.contract.reasons import Reason, Stage
from pipeline.contract.schema import MAX_ID_BYTES
from pipeline.contract.text import as_text
from pipeline.job.outside import OutsideCount
from pipeline.record import Annotation, Dropped, TextFile, Utterance, UtteranceId
from pipeline.settings import PipelineSettings
from pipeline.shards.splits import assign_split, check_named_speakers

if TYPE_CHECKING:
    from pipeline.corpora import Corpus  # workers know plans, and need no readers

# Bytes that a second of speech takes in each kind of file: an estimate, for the size of tasks and the ETA.
BYTES_PER_SECOND = {".pcm": 32_000, ".wav": 32_000, ".flac": 18_000, ".mp3": 6_000, ".ogg": 6_000}
FALLBACK_BYTES_PER_SECOND = 32_000
SHARD_BYTES_PER_SECOND = 32_000

# Even a small corpus is cut into enough tasks to keep several workers busy.
MIN_TASKS = 24
MIN_TASK_S = 300.0


@dataclass(frozen=True, slots=True)
class Task:
    """The utterances of one shard.

    Attributes:
        name: Stem of the shard's file, `<split>-<number>`.
        key: Changes whenever the shard's bytes may: with the settings, the versions or the inputs.
        estimated_s: Length of the audio, estimated from the sizes of the files.
        quarantined: Utterances that killed their worker, and how. They are dropped without another
            attempt.
    """

    name: str
    split: str
    utterances: tuple[Utterance, ...]
    key: str
    estimated_s: float
    quarantined: tuple[tuple[UtteranceId, str], ...] = ()


@dataclass(frozen=True, slots=True)
class TaskContext:
    """What all tasks of a run share.

    Attributes:
        limit_s: The time that one utterance may take before its worker is killed; None is no limit.
        outdated: What the first new shard makes untrue, and takes away: a manifest of the old shards.
    """

    root: Path
    out: Path
    annotation: Annotation
    settings: PipelineSettings
    limit_s: float | None = None
    outdated: tuple[Path, ...] = ()

    @property
    def lexicon(self) -> Path | None:
        """The copy of the user's lexicon that lies beside the shards, if there is one."""
        name = self.settings.phonology.lexicon_file
        return None if name is None else self.out / name


@dataclass(frozen=True, slots=True)
class Plan:
    """All tasks of a run, and the utterances that were dropped while the corpus was listed.

    `num_utterances`, `listing_sha256` and `outside` describe the whole listing, also in a part of
    the plan. `outside` says how many recordings lie outside the corpus' folder; None if none does.
    """

    tasks: tuple[Task, ...]
    dropped: tuple[Dropped, ...]
    versions: dict[str, str]
    listing_sha256: str
    num_utterances: int
    estimated_s: float
    outside: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """The share of one machine when several divide a plan without talking: part `number` of `of`."""

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """`"3/8"` -> part 3 of 8. Raises InputRejected for anything else."""
        found = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text, re.ASCII)
        number, of = (int(found[1]), int(found[2])) if found else (0, 0)
        if not 1 <= number <= of <= MAX_PARTS:
            raise InputRejected(
                f"--part {text!r}: expected I/N with 1 <= I <= N <= {MAX_PARTS:,}, such as 3/8"
            )
        return cls(number, of)


def take_part(plan: Plan, part: Part) -> Plan:
    """Every n-th task of a plan; what the listing dropped belongs to part 1."""
    tasks = plan.tasks[part.number - 1 :: part.of]
    return replace(
        plan,
        tasks=tasks,
        dropped=plan.dropped if part.number == 1 else (),
        estimated_s=sum(task.estimated_s for task in tasks),
    )


@dataclass(frozen=True, slots=True)
class _Listed:
    utterance: Utterance
    split: str
    estimated_s: float
    stamp: bytes  # changes with the listing, the file's time and the transcript's


def make_plan(
    corpus: "Corpus", root: Path, *, settings: PipelineSettings, versions: dict[str, str], limit: int | None
) -> Plan:
    """List `root` and cut it into tasks.

    Raises:
        InputRejected: The folder does not hold this corpus, holds no utterance, or has no speaker
            of a name that the settings give.
    """
    most = None if limit is None else min(limit, sys.maxsize)
    seen: set[UtteranceId] = set()
    dropped: list[Dropped] = []
    listed: list[_Listed] = []
    digest = hashlib.sha256()
    stats = _FileStats(root)
    outside = OutsideCount(root)
    for item in islice(corpus.read(root), most):
        if isinstance(item, Dropped):
            dropped.append(item)
            digest.update(f"{item.id}\n".encode())
        elif item.id in seen:
            detail = f"the listing names {item.id} more than once; the first one is used"
            dropped.append(Dropped(item.id, Stage.CORPUS, Reason.DUPLICATE_ID, detail))
            digest.update(f"{item.id}\n".encode())
        elif (problem := _name_problem(item)) is not None:
            dropped.append(Dropped(item.id, Stage.CORPUS, Reason.NAME_TOO_LONG, problem))
            digest.update(f"{item.id}\n".encode())
        else:
            seen.add(item.id)
            outside.add(item.audio.path)
            listed.append(_list_utterance(item, stats, settings, digest))
    if limit is None:
        speakers = {item.utterance.speaker for item in listed if item.utterance.speaker is not None}
        check_named_speakers(settings.split, speakers)
    base = json.dumps([settings.fingerprint(), versions, corpus.record.name], sort_keys=True)
    return Plan(
        tasks=tuple(_cut_tasks(listed, settings=settings, base=base)),
        dropped=tuple(dropped),
        versions=versions,
        listing_sha256=digest.hexdigest(),
        num_utterances=len(listed) + len(dropped),
        estimated_s=sum(item.estimated_s for item in listed),
        outside=outside.describe(),
    )


def _name_problem(utterance: Utterance) -> str | None:
    """Why an utterance's id or speaker cannot be stored, or None."""
    for what, name in (("id", utterance.id), ("speaker", utterance.speaker or "")):
        if len(name) > MAX_ID_BYTES // 4 and len(name.encode()) > MAX_ID_BYTES:
            return f"its {what} has {len(name.encode()):,} bytes, {MAX_ID_BYTES:,} are the most"
    return None


class _FileStats:
    """`stat` of a corpus' files; only once for the many utterances of one long recording."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._last: tuple[Path, list[Any]] | None = None

    def of(self, path: Path) -> list[Any]:
        """[path relative to the root, size or None, mtime in ns or None]."""
        if self._last is None or self._last[0] != path:
            self._last = (path, self.read(path))
        return self._last[1]

    def read(self, path: Path) -> list[Any]:
        """The same, asked anew each time."""
        name = relative_name(path, root=self._root)
        try:
            stat = path.stat()
        except OSError:  # the worker will say what is wrong with the file
            return [name, None, None]
        return [name, stat.st_size, stat.st_mtime_ns]


def relative_name(path: Path, *, root: Path) -> str:
    """`path` relative to `root`, with forward slashes: the same on every machine.

    Bytes of a file name that are not UTF-8 are escaped, so that the name is text.
    """
    below = path.relative_to(root) if path.is_relative_to(root) else path
    return as_text(below.as_posix())


def _list_utterance(
    utterance: Utterance, stats: _FileStats, settings: PipelineSettings, listing: "hashlib._Hash"
) -> _Listed:
    """Give an utterance its split, estimate its length and add it to the hash of the listing."""
    audio = utterance.audio
    name, size, mtime = stats.of(audio.path)
    transcript: Any = utterance.transcript
    text_mtime = None
    if isinstance(transcript, TextFile):
        text_name, text_size, text_mtime = stats.read(transcript.path)
        transcript = [text_name, text_size, transcript.encoding]
    identity = json.dumps(
        [
            utterance.id, utterance.speaker, utterance.split,
            name, size, audio.offset_s, audio.length_s, transcript,
        ]
    )  # fmt: skip
    listing.update(f"{identity}\n".encode())
    stamp = hashlib.blake2b(f"{identity} {mtime} {text_mtime}".encode(), digest_size=16)
    rate = BYTES_PER_SECOND.get(audio.path.suffix.lower(), FALLBACK_BYTES_PER_SECOND)
    return _Listed(
        utterance=utterance,
        split=assign_split(utterance, settings=settings.split),
        estimated_s=audio.length_s if audio.length_s is not None else (size or 0) / rate,
        stamp=stamp.digest(),
    )


def _cut_tasks(listed: list[_Listed], *, settings: PipelineSettings, base: str) -> Iterator[Task]:
    total_s = sum(item.estimated_s for item in listed)
    largest_s = settings.shards.target_mb * 1_000_000 / SHARD_BYTES_PER_SECOND
    target_s = min(largest_s, max(MIN_TASK_S, total_s / MIN_TASKS))
    for split in sorted({item.split for item in listed}):
        members = (item for item in listed if item.split == split)
        for number, part in enumerate(_cut_list(members, target_s=target_s)):
            yield _task(f"{split}-{number:05d}", part, base=base)


def _cut_list(listed: Iterable[_Listed], *, target_s: float) -> Iterator[list[_Listed]]:
    """Runs of about `target_s` seconds; the utterances of one recording always stay together."""
    part: list[_Listed] = []
    part_s = 0.0
    for _, recording in groupby(listed, key=lambda item: item.utterance.audio.path):
        segments = list(recording)
        part += segments
        part_s += sum(item.estimated_s for item in segments)
        if part_s >= target_s:
            yield part
            part, part_s = [], 0.0
    if part:
        yield part


def _task(name: str, part: list[_Listed], *, base: str) -> Task:
    digest = hashlib.sha256(f"{base}\n{name}\n".encode())
    for item in part:
        digest.update(item.stamp)
    return Task(
        name=name,
        split=part[0].split,
        utterances=tuple(item.utterance for item in part),
        key=digest.hexdigest(),
        estimated_s=sum(item.estimated_s for item in part),
    )
