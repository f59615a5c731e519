"""The errors of a run, and the exit code of each.

    MalsoriError             one clear line for the user, no traceback
    ├── InputRejected    3    settings or input that cannot be used as given
    ├── TooManyDropped   4    finished, but more utterances were dropped than allowed
    ├── HandOffBroken    5    a hash, schema or version that does not match its manifest
    ├── MissingResource  6    something that must be installed or fetched beforehand
    └── TrainingDiverged 7    too many training steps in a row were not finite

Exit code 1 is a bug (the traceback is kept), 2 is usage and 130 is an interruption. A message
says what was found, what was expected and what to do next. One utterance's problem never
reaches the user as an exception: it is a `Dropped` value, counted and written out.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from pipeline.contract.terminal import escape_what_streams_lack, print_note

INTERRUPTED = 130

ENVIRONMENT_ERRORS = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space",
    errno.EFBIG: "raise the limit on file sizes",
    errno.EROFS: "give another place",
    errno.EACCES: "give another place, or mend its permissions",
    errno.EPERM: "give another place, or mend its permissions",
    errno.ENOMEM: "free some memory",
    errno.EIO: "check the disk",
}

IMPOSSIBLE_PATHS = {errno.ENAMETOOLONG, errno.ELOOP}


class MalsoriError(Exception):
    """A problem of the run that the user can act on. Subclasses set `exit_code`.

    Its arguments are a message of one line and, if need be, further lines to print below it.
    """

    exit_code: ClassVar[int]

    def __str__(self) -> str:
        return "\n  ".join(map(str, self.args))


class InputRejected(MalsoriError):
    """Settings or input that cannot be used as given."""

    exit_code = 3


class TooManyDropped(MalsoriError):
    """The run finished, but dropped a larger share of its utterances than allowed."""

    exit_code = 4


class HandOffBroken(MalsoriError):
    """A shard, manifest or checkpoint is not what its record says it is."""

    exit_code = 5


class MissingResource(MalsoriError):
    """A package or file that must be there before the run is not."""

    exit_code = 6


class TrainingDiverged(MalsoriError):
    """Too many steps in a row gave a loss or a gradient that is not finite."""

    exit_code = 7


@contextmanager
def exit_codes(again: str = "the same command") -> Iterator[None]:
    """Turn a run's errors into one line on stderr and the exit code of their kind.

    A full disk, too little memory or a missing write permission is reported the same way: only the
    user can mend them.
    Anything else is a bug and propagates. From here on, nothing that is printed is an error
    because of the encoding of a stream.

    Args:
        again: The command that continues an interrupted run.
    """
    escape_what_streams_lack()
    try:
        yield
    except MalsoriError as error:
        line, *more = map(str, error.args or ("",))
        print_note(f"error: {line}", *more)
        raise SystemExit(error.exit_code) from error
    except MemoryError as error:
        print_note(f"error: the memory ran out: free some, then run {again}")
        raise SystemExit(MissingResource.exit_code) from error
    except OSError as error:
        if error.errno in IMPOSSIBLE_PATHS:
            print_note(f"error: {error}: give another path")
            raise SystemExit(InputRejected.exit_code) from error
        if error.errno not in ENVIRONMENT_ERRORS:
            raise
        advice = f"{ENVIRONMENT_ERRORS[error.errno]}; {again} then goes on where it stopped"
        print_note(f"error: {error}: {advice}")
        raise SystemExit(MissingResource.exit_code) from error
    except KeyboardInterrupt as interruption:
        print_note(f"interrupted: {again} goes on where it stopped")
        raise SystemExit(INTERRUPTED) from interruption
