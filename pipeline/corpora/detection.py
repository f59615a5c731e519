"""Which corpus lies in a folder: `--corpus auto`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.contract.errors import InputRejected
from pipeline.corpora.contents import glance
from pipeline.corpora.corpus import Corpus


@dataclass(frozen=True, slots=True)
class Detection:
    """The corpus that was recognised, and what was seen of it."""

    name: str
    saw: str


def detect_in(root: Path, readers: Mapping[str, Corpus]) -> Detection:
    """Recognise the corpus below `root`.

    Raises:
        InputRejected: Nothing is there, no layout fits (all that was looked for is listed), or
            several do.
    """
    if not root.exists():
        raise InputRejected(f"nothing at {root}; give the folder of a corpus")
    survey = glance(root)
    seen = {name: saw for name, corpus in readers.items() if (saw := corpus.recognise(survey))}
    if len(seen) == 1:
        ((name, saw),) = seen.items()
        return Detection(name, saw)
    if seen:
        found = "; ".join(f"{name} ({saw})" for name, saw in seen.items())
        raise InputRejected(f"{root} looks like several corpora: {found}; choose one with --corpus")
    looked_for = "; ".join(f"{name}: {corpus.layout}" for name, corpus in readers.items())
    raise InputRejected(
        f"{root} fits no layout that can be read: found {survey.describe()}; looked for {looked_for}"
    )
