"""Faults at every write: `python tests/faults.py MOST SCENARIO...` kills, fills the disk, makes it read-only.

A scenario is a command that writes where something stood before. The command runs in a child that is
forked for it, and that comes to grief at the n-th time that it opens a file for writing, renames, removes,
makes a folder or syncs; for every n. What is there afterwards must be what was there before or what the
command makes, and whole; and the same command must then end as if nothing had happened. Prints a JSON
object for each scenario: how often it was disturbed, and what went wrong. MOST limits how many places
of a scenario each fault comes to, evenly spaced.

The parent imports what the commands need and never runs any of it, so that it has no threads to fork.
"""

import contextlib
import errno
import importlib
import json
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KILLED = 137
FAULTS = ("kill", "full", "read-only")
CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.link", "os.truncate"}
MAKING = {"open", "os.mkdir", "fsync"}
"""What a full disk refuses; removing and renaming still work."""

State = Any
"""What stands in a folder, for comparison: JSON."""


@dataclass(frozen=True)
class Scenario:
    """A command that writes, and how to look at what is there.

    Attributes:
        prepare: Makes, in an empty folder, what stands there before.
        run: Runs the command; gives its exit code.
        look: What is there; raises if it is not whole, and gives None if there is nothing.
        withdraws: Whether the command may remove the old before the new is there (its shards change in
            place): then nothing is as good as old or new.
        refuses: Whether the command refuses to replace what it made.
    """

    prepare: Callable[[Path], object]
    run: Callable[[Path], int]
    look: Callable[[Path], State]
    withdraws: bool = False
    refuses: bool = False


def disturb(scenario: Scenario, scratch: Path, *, most: int) -> dict[str, Any]:
    """Run a scenario with every fault at every place."""
    start = scratch / "start"
    start.mkdir()
    _import(_must(lambda: (scenario.prepare(start), sorted(sys.modules))[1]))
    before = _must(lambda: scenario.look(start))
    calm = shutil.copytree(start, scratch / "calm", symlinks=True)
    places, modules = _must(lambda: (_count(scenario, calm), sorted(sys.modules)))
    _import(modules)
    after = _must(lambda: scenario.look(calm))
    disturbed, problems = 0, []
    for number, fault in enumerate(FAULTS):
        for nth in sorted({1 + (at * places // most + number) % places for at in range(min(most, places))}):
            disturbed += 1
            problem = _disturb_once(scenario, start, scratch / "here", (before, after), fault, nth)
            if problem:
                problems.append(f"{fault} at write {nth} of {places}: {problem}")
    return {"places": places, "disturbed": disturbed, "changed": before != after, "problems": problems}


def _import(names: list[str]) -> None:
    """Import what a child had to import, so that the others need not."""
    for name in names:
        if name not in sys.modules:
            with contextlib.suppress(Exception):
                importlib.import_module(name)


def _disturb_once(
    scenario: Scenario, start: Path, here: Path, states: tuple[State, State], fault: str, nth: int
) -> str | None:
    shutil.rmtree(here, ignore_errors=True)
    shutil.copytree(start, here, symlinks=True)
    code, told = _forked(lambda: _run_disturbed(scenario, here, fault, nth))
    if code != (KILLED if fault == "kill" else 0):
        return f"it ended with {code}: {told}"
    if fault != "kill" and told not in (0, 6):
        return f"exit {told}, expected 6"
    code, found = _forked(lambda: scenario.look(here))
    if code:
        return f"what is there is not whole: {found}"
    if found not in states and not (scenario.withdraws and found is None):
        return f"neither old nor new: {found}"
    code, told = _forked(lambda: scenario.run(here))
    if code or not (told == 0 or (told == 3 and scenario.refuses and found == states[1])):
        return f"the same command again: exit {told}"
    code, found = _forked(lambda: scenario.look(here))
    if code or found != states[1]:
        return f"after the same command again: {found}"
    return None


def _count(scenario: Scenario, folder: Path) -> int:
    seen: list[str] = []
    _on_write(folder, seen.append)
    code = scenario.run(folder)
    assert code == 0, f"undisturbed, it exits with {code}"
    return len(seen)


def _run_disturbed(scenario: Scenario, folder: Path, fault: str, nth: int) -> int:
    seen = []

    def fail(event: str) -> None:
        seen.append(event)
        if len(seen) < nth:
            return
        if fault == "kill":
            os._exit(KILLED)
        if fault == "read-only":
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        if event in MAKING:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    _on_write(folder, fail)
    return scenario.run(folder)


def _on_write(folder: Path, act: Callable[[str], None]) -> None:
    """Call `act` before each change of a file below `folder`; for the rest of this process."""
    real = os.path.realpath(folder)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if not (isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)):
                return
        elif event in CHANGES:
            path = arguments[0]
        else:
            return
        inside = isinstance(path, str | os.PathLike) and os.path.realpath(path).startswith(real)
        if inside or (event in CHANGES and arguments[-1] not in (-1, None) and event != "os.truncate"):
            act(event)  # a descriptor of a folder comes last: rmtree goes through one

    def sync(descriptor: int) -> None:
        act("fsync")
        fsync(descriptor)

    fsync, os.fsync = os.fsync, sync
    sys.addaudithook(hook)


def _must(work: Callable[[], Any]) -> Any:
    code, result = _forked(work)
    if code:
        raise RuntimeError(result)
    return result


def _forked(work: Callable[[], Any]) -> tuple[int, Any]:
    """Do something in a child: its exit code, and what it gave (JSON) or how it failed."""
    with tempfile.TemporaryFile() as answer:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                result, code = work(), 0
            except BaseException:  # noqa: BLE001 - told to the parent
                result = traceback.format_exc()[-500:]
            answer.write(json.dumps(result).encode())
            answer.flush()
            os._exit(code)
        _, status = os.waitpid(child, 0)
        answer.seek(0)
        return os.waitstatus_to_exitcode(status), json.loads(answer.read() or b"null")


def _main(most: int, names: list[str]) -> None:
    from fault_scenarios import SCENARIOS

    from pipeline.phonology import to_ipa

    to_ipa("가")  # loads the dictionary
    for name in names:
        with tempfile.TemporaryDirectory(prefix="malsori-faults-") as scratch:
            found = disturb(SCENARIOS[name], Path(scratch), most=most)
            print(json.dumps({"scenario": name, **found}), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    _main(int(sys.argv[1]), sys.argv[2:])
