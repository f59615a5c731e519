"""What a reader provides: a record of its corpus, and functions that detect and list it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TypeAlias

from pipeline.contract.errors import InputRejected
from pipeline.contract.manifest import CorpusRecord
from pipeline.contract.reasons import Reason, Stage
from pipeline.corpora.contents import FolderContents
from pipeline.corpora.naming import readable, utterance_id
from pipeline.record import Annotation, Dropped, Utterance

Listed: TypeAlias = Utterance | Dropped


@dataclass(frozen=True)
class Corpus:
    """A corpus that can be read.

    Attributes:
        record: Name (the first part of every id and speaker), title and licence.
        annotation: The marks that its transcripts carry.
        layout: How its files are laid out, in one line.
        list_utterances: Lists the corpus in a folder; ids begin with the given name.
        detect: Evidence that a folder holds this corpus, or None.
    """

    record: CorpusRecord
    annotation: Annotation
    layout: str
    list_utterances: Callable[[Path, str], Iterator[Listed]]
    detect: Callable[[FolderContents], str | None]

    def read(self, root: Path) -> Iterator[Listed]:
        """List the corpus in `root`, in a fixed order, opening listings only.

        Returns:
            The utterances, some of which may turn out to lack their recording or transcript, and
            a drop for every line of a listing that names no utterance.

        Raises:
            InputRejected: `root` does not exist or does not hold this corpus.
        """
        if not root.exists():
            raise InputRejected(f"nothing at {root}; give the folder that holds {self.layout}")
        listed = self.list_utterances(root, self.record.name)
        first = next(listed, None)
        if first is None:
            raise InputRejected(f"{root} holds no utterances; expected {self.layout}")
        return chain([first], listed)


def malformed_line(corpus: str, listing: Path, *, root: Path, line: int, problem: str) -> Dropped:
    """The drop for a line of a listing (counted from 1) that names no utterance.

    The listing is named relative to `root`, so that the list of drops does not depend on where
    the corpus is stored.
    """
    place = f"{listing.relative_to(root) if listing != root else listing.name}:{line}"
    detail = readable(f"{place}: {problem}")  # the problem may quote bytes that are not UTF-8
    return Dropped(utterance_id(corpus, place), Stage.CORPUS, Reason.MALFORMED_LISTING, detail)
