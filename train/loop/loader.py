"""Batches prepared ahead of time, in a thread of their own."""

import queue
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import TracebackType
from typing import Final, Generic, Self, TypeVar

from pipeline.contract.errors import MissingResource

AHEAD: Final = 3  # items made before they are asked for
Wanted = TypeVar("Wanted")
Made = TypeVar("Made")


class Loader(Generic[Wanted, Made]):
    """Applies `make` to each item, in order, `AHEAD` items before the result is asked for.

    One thread is enough: copying batches out of mapped memory reaches some 30 audio-hours a
    second. An error in the thread is raised where the batch is asked for, and nothing waits
    longer than `timeout_s`.

    Attributes:
        waited_s: Time spent waiting for batches so far.
    """

    def __init__(self, make: Callable[[Wanted], Made], items: Iterable[Wanted], *, timeout_s: float) -> None:
        self.waited_s = 0.0
        self._timeout_s = timeout_s
        self._made: queue.Queue[tuple[Made | None, BaseException | None]] = queue.Queue(AHEAD)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, args=(make, items), name="loader", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        self._thread.join(self._timeout_s if kind is None else 1.0)

    def next(self) -> Made:
        """The next batch.

        Raises:
            MissingResource: None came within the time allowed.
            RuntimeError: The thread died.
        """
        started = time.monotonic()
        try:
            made, error = self._made.get(timeout=self._timeout_s)
        except queue.Empty:
            raise MissingResource(
                f"no batch came within {self._timeout_s:g} s: are the shards on a disk that hangs? Copy"
                " them to a local one, or allow more time with loop.loader_timeout_s"
            ) from None
        finally:
            self.waited_s += time.monotonic() - started
        if isinstance(error, Exception):
            raise error
        if made is None:
            raise RuntimeError("the thread that prepares batches died") from error
        return made

    def _work(self, make: Callable[[Wanted], Made], items: Iterable[Wanted]) -> None:
        try:
            for item in items:
                self._hand_over(make(item), None)
                if self._closed.is_set():
                    return
        except BaseException as error:  # noqa: BLE001 - the training thread raises it
            self._hand_over(None, error)

    def _hand_over(self, made: Made | None, error: BaseException | None) -> None:
        while not self._closed.is_set():
            with suppress(queue.Full):
                self._made.put((made, error), timeout=0.1)
                return
