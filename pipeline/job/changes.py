"""What a run would make, replace and remove; refused before anything is touched.

A run without --fresh removes nothing that it does not make again, and replaces only what earlier
runs of the same command made. While it works, one of two things holds, also when it is killed:

- No shard of the manifest that stands is made again (more recordings, an interrupted run): the
  manifest and its shards stay until everything new is there. Then it goes, the dropped list is
  written and the new manifest takes its place.
- Shards of it are made again (other settings, changed recordings), or --fresh: the manifest goes
  when the first new shard is whole and takes its place, and comes back with the last. In between
  there is none; the same command goes on.

So a manifest under its name always describes files that are there.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.contract import VERSION_OF_RUNS
from pipeline.contract.errors import HandOffBroken, InputRejected
from pipeline.contract.files import is_regular, sweep
from pipeline.contract.manifest import Manifest
from pipeline.contract.manifest_file import read_manifest
from pipeline.dataset.dropped import dropped_path_of_run
from pipeline.dataset.huggingface import INFO, STATE
from pipeline.job.folder import (
    Owner,
    claim,
    find_foreign,
    find_link,
    find_owner,
    record_path,
    shard_path,
    tasks_folder,
)
from pipeline.job.places import Places, resolve_path
from pipeline.job.plan import Plan
from pipeline.job.records import read_record

NAMED = 5
"""A message names at most this many shards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a run does to what is there. Shards are given by the names of their tasks.

    Attributes:
        finished: Recorded under the same settings, versions and recordings: only checked.
        replaced: There under other ones, and made again.
        strays: Not in the plan; removed, which only --fresh does.
        standing: The manifest of these shards that stands, or None.
        former: What to say about the other manifest that loses the folder to --fresh, or None.
    """

    finished: frozenset[str]
    replaced: tuple[str, ...]
    strays: tuple[str, ...]
    standing: Manifest | None
    former: str | None
    fresh: bool

    def outdated(self, places: Places) -> tuple[Path, ...]:
        """What is not true any more as soon as the first new shard is there."""
        if self.standing is None:
            return ()
        listed = {shard.path for shard in self.standing.shards}
        is_broken = any(shard_path(Path(), name).name in listed for name in self.replaced)
        return _of_standing(places) if is_broken or self.fresh else ()

    def describe(self, places: Places, *, num_tasks: int) -> str:
        """What would be made, replaced and removed, a line each."""
        new = num_tasks - len(self.finished) - len(self.replaced)
        lines = [f"shards: {len(self.finished)} finished, {new} new"]
        if self.replaced:
            lines.append(f"made again: {len(self.replaced)} ({_name(self.replaced)})")
        if self.strays:
            lines.append(f"removed: {len(self.strays)} ({_name(self.strays)})")
        if self.former is not None:
            lines.append(self.former)
        lines.append(f"{places.manifest} is {'replaced' if places.manifest.exists() else 'written'}")
        return "\n".join(lines)


def find_changes(plan: Plan, places: Places, *, fresh: bool) -> Changes:
    """Compare a plan with what is there. Reads, and writes nothing.

    Args:
        fresh: Take over what belongs to another dataset, and make everything again.

    Raises:
        InputRejected: Something that is not this run's own would be replaced or removed.
    """
    odd = find_link(places.out)
    if odd is not None:
        raise InputRejected(f"{odd} is a link or a folder, which no run made there: remove it")
    standing = _standing_manifest(places, fresh=fresh)
    if not fresh:
        _refuse_foreign(places)
    names = [task.name for task in plan.tasks]
    there = {path.stem for path in places.out.glob("*.arrow")}
    finished = frozenset(
        task.name
        for task in plan.tasks
        if not fresh and read_record(places.out, task.name, key=task.key) is not None
    )
    changes = Changes(
        finished=finished,
        replaced=tuple(
            name
            for name in names
            if name not in finished and (name in there or record_path(places.out, name).exists())
        ),
        strays=tuple(sorted(there.difference(names))),
        standing=standing,
        former=_describe_former(places),
        fresh=fresh,
    )
    if not fresh:
        _refuse_loss(changes, plan, places)
    return changes


def take_folder(changes: Changes, places: Places) -> None:
    """Make the locked folder this run's own; of what it breaks, the manifest goes first."""
    if changes.strays:
        withdraw(changes, places)
    if find_owner(places.out) is not None:  # nobody else's temporary files
        sweep(places.out)
        sweep(tasks_folder(places.out))
    for name in changes.strays:
        shard_path(places.out, name).unlink()
    if changes.fresh:
        shutil.rmtree(tasks_folder(places.out), ignore_errors=True)
    claim(places.out, _own(places))


def withdraw(changes: Changes, places: Places) -> None:
    """Remove the manifest that stands, if it is that of these shards, then the files for Hugging Face."""
    if changes.standing is not None:
        for path in _of_standing(places):
            path.unlink(missing_ok=True)


def _of_standing(places: Places) -> tuple[Path, ...]:
    """The manifest and the files for Hugging Face, which describe all shards."""
    out = places.out.absolute()
    return (places.manifest.absolute(), out / STATE, out / INFO)


def _standing_manifest(places: Places, *, fresh: bool) -> Manifest | None:
    """The manifest of these shards that stands; None where none does, or another's that --fresh replaces.

    Raises:
        InputRejected: Something else stands there.
    """
    path = places.manifest
    if not (path.exists() or path.is_symlink()):
        return None
    if not is_regular(path):
        raise InputRejected(f"--manifest {path} is no regular file: give another name")
    advice = "give another --manifest, or replace it with --fresh"
    try:
        manifest = read_manifest(path)
    except InputRejected as error:
        raise InputRejected(f"{error}, so it is not replaced: give another --manifest") from error
    except HandOffBroken as error:
        if fresh:
            return None
        raise InputRejected(f"{error}; {advice}") from error
    if resolve_path(path.parent / manifest.root) == resolve_path(places.out):
        if manifest.contract_version == VERSION_OF_RUNS or fresh:
            return manifest
        raise InputRejected(
            f"{path} is a merge, split or filter of the shards in {places.out}, which a run would undo:"
            f" {advice}"
        )
    if fresh:
        return None
    raise InputRejected(
        f"{path} is the manifest of the shards in {path.parent / manifest.root}, not of those in"
        f" {places.out}: {advice}"
    )


def _describe_former(places: Places) -> str | None:
    owner = find_owner(places.out)
    if owner is None or owner.manifest == _own(places).manifest:
        return None
    former = (places.out / owner.manifest).resolve()
    return f"the shards in {places.out} are no longer those of {former}, which describes nothing then"


def _own(places: Places) -> Owner:
    return Owner.of(places.out, manifest=places.manifest, corpus=places.corpus)


def _refuse_foreign(places: Places) -> None:
    advice = "give another --out, or replace them with --fresh"
    owner = find_owner(places.out)
    if owner is None:
        foreign = find_foreign(places.out, dropped=dropped_path_of_run(places.manifest, folder=places.out))
        if foreign is not None:
            raise InputRejected(f"{places.out} holds files that no run made there ({foreign}): {advice}")
    elif owner != _own(places):
        raise InputRejected(
            f"{places.out} holds the shards of {(places.out / owner.manifest).resolve()} ({owner.corpus}):"
            f" {advice}"
        )


def _refuse_loss(changes: Changes, plan: Plan, places: Places) -> None:
    advice = "give another --out and --manifest to keep both, or replace it with --fresh"
    if changes.strays:
        raise InputRejected(
            f"{places.out} holds {len(changes.strays)} shards that this command would not make again"
            f" ({_name(changes.strays)}): {advice}"
        )
    planned = len(plan.dropped) + sum(len(task.utterances) for task in plan.tasks)
    if changes.standing is not None and changes.standing.counts.read > planned:
        raise InputRejected(
            f"{places.manifest} describes {changes.standing.counts.read:,} utterances, this command reads"
            f" {planned:,}: {advice}"
        )


def _name(names: Sequence[str]) -> str:
    files = [shard_path(Path(), name).name for name in names[:NAMED]]
    return ", ".join(files) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
