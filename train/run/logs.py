"""What a run reports: metrics.jsonl for programs, TensorBoard, a bar or lines on stderr for people."""

import json
import os
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from tqdm import tqdm

from pipeline.contract.errors import HandOffBroken
from pipeline.contract.files import (
    make_folder,
    named_in_utf8,
    open_own,
    open_regular_text,
    replacing,
    write_text,
)
from pipeline.contract.terminal import print_note
from pipeline.contract.text import one_line, shorten

if TYPE_CHECKING:
    from torch import Tensor

MOST_LINE_CHARACTERS = 2**20
"""Of metrics.jsonl: a step that was skipped names its utterances."""


def say(line: str) -> None:
    """Print a line for people, on stderr."""
    print_note(line)


def write_json_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write rows as JSON lines, completely or not at all."""
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


class MetricsLog:
    """metrics.jsonl, flushed after every row."""

    def __init__(self, path: Path, *, up_to_step: int) -> None:
        """Continue after `up_to_step`, dropping the rows of later steps that a killed run left."""
        path.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(path):
            with replacing(path) as kept:
                kept.writelines(line.encode() for line in _whole_lines(path, up_to_step=up_to_step))
        self._stream = os.fdopen(open_own(path, os.O_APPEND), "a", encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()

    def add(self, row: dict[str, Any]) -> None:
        """Append a row, which has a `step`."""
        self._stream.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")
        self._stream.flush()


def _whole_lines(path: Path, *, up_to_step: int) -> Iterator[str]:
    """The lines of a metrics.jsonl up to a step, without a last one that a kill cut off.

    Raises:
        HandOffBroken: It is not a file of rows: somebody else wrote it, and it is left as it is.
    """
    try:
        with open_regular_text(path, newline="\n") as stream:
            while line := stream.readline(MOST_LINE_CHARACTERS):
                if not line.endswith("\n") and len(line) < MOST_LINE_CHARACTERS:
                    return
                if _step_of(line) <= up_to_step:
                    yield line
    except (OSError, ValueError, RecursionError) as error:
        raise HandOffBroken(
            f"{path} is not the log of a run ({shorten(str(error))}): mend it, or move it away"
        ) from error


def _step_of(line: str) -> int:
    row = json.loads(line)
    step = row.get("step") if isinstance(row, dict) else None
    if type(step) is not int:
        raise ValueError("a line is not an object with a step")
    return step


class Display:
    """Progress on stderr: a bar on a terminal, elsewhere a line every `every` steps."""

    def __init__(self, *, done: int, total: int, every: int) -> None:
        self._every = every
        self._total = total
        self._started = time.monotonic()
        self._done_before = done
        self._bar = tqdm(total=total, initial=done, unit="step") if sys.stderr.isatty() else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def step(self, step: int, text: str) -> None:
        """Show that a step is done."""
        if self._bar is not None:
            self._bar.set_postfix_str(text, refresh=False)
            self._bar.update(step - self._bar.n)
        elif step % self._every == 0 or step == self._total:
            say(f"step {step}/{self._total}  {text}  {self._remaining(step)}")

    def line(self, text: str) -> None:
        """Print a line, above the bar if there is one."""
        if self._bar is not None:
            tqdm.write(one_line(text), file=sys.stderr)
        else:
            say(text)

    def _remaining(self, step: int) -> str:
        each_s = (time.monotonic() - self._started) / max(step - self._done_before, 1)
        return f"{tqdm.format_interval(each_s * (self._total - step))} left"


class RunLog(ExitStack):
    """Reports steps and validations: to metrics.jsonl, to TensorBoard, on stderr.

    All ranks but the first are `silent`: they report nothing.
    """

    def __init__(
        self, metrics: Path, *, tensorboard: Path | None, done: int, total: int, every: int, silent: bool
    ) -> None:
        super().__init__()
        self._silent = silent
        self._per = ""
        self._recent: deque[dict[str, Any]] = deque(maxlen=20)
        if silent:
            return
        self._metrics = self.enter_context(MetricsLog(metrics, up_to_step=done))
        self._display = self.enter_context(Display(done=done, total=total, every=every))
        self._board = None
        if tensorboard is not None:
            from torch.utils.tensorboard import SummaryWriter

            make_folder(tensorboard)
            name = self.enter_context(named_in_utf8(tensorboard))
            self._board = SummaryWriter(name, purge_step=done + 1)
            self.callback(self._board.close)

    def add(self, row: dict[str, Any]) -> None:
        """Add a row to metrics.jsonl, and its numbers to TensorBoard."""
        if self._silent:
            return
        self._metrics.add(row)
        if self._board is not None:
            for key, value in row.items():
                if key not in {"step", "epoch"} and isinstance(value, float):
                    self._board.add_scalar(key, value, row["step"])

    def step(self, row: dict[str, Any]) -> None:
        """Report a step, with the average speed of the last twenty."""
        self.add(row)
        if self._silent:
            return
        self._recent.append(row)
        audio_s, seconds, waited_s = (
            sum(recent[key] for recent in self._recent) for key in ("audio_s", "seconds", "waited_s")
        )
        speed = f"{audio_s / seconds / 3600:.3f} h/s  waiting {waited_s / seconds:.0%}"
        self._display.step(row["step"], f"loss {row['loss']:.3f}{self._per}  {speed}")

    def validation(self, row: dict[str, Any]) -> None:
        """Report a validation."""
        self.add(row)
        self._per = f"  PER {row['valid_per']:.4f}"
        self.line(f"step {row['step']}  epoch {row['epoch']}  valid PER {row['valid_per']:.4f}")

    def line(self, text: str) -> None:
        """Print a line for people."""
        if not self._silent:
            self._display.line(text)

    def picture(self, name: str, values_YX: "Tensor", step: int) -> None:
        """Add a matrix to TensorBoard as a picture, its first row at the bottom."""
        if not self._silent and self._board is not None:
            low, high = values_YX.aminmax()
            grey_YX = ((values_YX - low) / (high - low).clamp(min=1e-9)).flip(0)
            self._board.add_image(name, grey_YX.cpu().numpy(), step, dataformats="HW")
