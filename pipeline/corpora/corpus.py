"""What a reader is: a corpus' record, its annotation, and a function that lists it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TypeAlias

from pipeline.contract.errors import InputRejected
from pipeline.contract.manifest import CorpusRecord
from pipeline.contract.reasons import Reason, Stage
from pipeline.corpora.contents import Survey
from pipeline.corpora.naming import readable, utterance_id
from pipeline.record import Annotation, Dropped, Utterance

Listed: TypeAlias = Utterance | Dropped


@dataclass(frozen=True)
class Corpus:
    """A corpus that can be read.

    Attributes:
        record: Name (the first part of every id and speaker), title and licence.
        annotation: The marks that its transcripts carry.
        layout: How it lies on the disk, in one line.
        list_utterances: Lists the corpus below a folder; ids begin with the given name.
        recognise: What of this corpus there is to see in a folder, or None.
    """

    record: CorpusRecord
    annotation: Annotation
    layout: str
    list_utterances: Callable[[Path, str], Iterator[Listed]]
    recognise: Callable[[Survey], str | None]

    def read(self, root: Path) -> Iterator[Listed]:
        """List the corpus below `root`, in a fixed order, opening listings only.

        Returns:
            Utterances, some of which may turn out to lack their recording or transcript, and
            the lines of a listing that name none.

        Raises:
            InputRejected: There is no such folder, or this corpus is not in it.
        """
        if not root.exists():
            raise InputRejected(f"nothing at {root}; give the folder that holds {self.layout}")
        listed = self.list_utterances(root, self.record.name)
        first = next(listed, None)
        if first is None:
            raise InputRejected(f"{root} holds no utterance; expected {self.layout}")
        return chain([first], listed)


def malformed(corpus: str, listing: Path, *, root: Path, line: int, problem: str) -> Dropped:
    """The drop of a listing's line (counted from 1) that names no utterance.

    The listing is named from `root` on: where the corpus lies must not change the list of drops.
    """
    place = f"{listing.relative_to(root) if listing != root else listing.name}:{line}"
    detail = readable(f"{place}: {problem}")  # the problem may quote bytes that are no UTF-8
    return Dropped(utterance_id(corpus, place), Stage.CORPUS, Reason.MALFORMED_LISTING, detail)
