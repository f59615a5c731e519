"""The phone error rate of a recogniser on the rows of a split.

Shapes: N batch, S samples, T frames, V vocabulary and blank.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from pipeline.contract.errors import InputRejected
from pipeline.contract.files import write_text
from train.batching import cut_batches
from train.checkpoint import Checkpoint
from train.dataset import Batch, Source, Utterances, agree
from train.decode import DECODERS
from train.device import pick_device
from train.logs import write_json_lines
from train.metrics import Edits, count_edits
from train.model import Recogniser

HELD_OUT: Final = ("test", "valid")
EVALUATION: Final = "evaluation.json"


@dataclass(frozen=True, slots=True)
class Recognised:
    """One utterance: what was meant, what was recognised, and the edits between them."""

    id: str
    reference: list[int]
    hypothesis: list[int]
    edits: Edits


@dataclass(frozen=True, slots=True)
class Scores:
    """The rows of a split, recognised, in the order of the split's shards."""

    rows: list[Recognised]
    unreadable: list[str]

    @property
    def edits(self) -> Edits:
        """The edits of all rows."""
        return sum((row.edits for row in self.rows), Edits())


def recognise(recogniser: Recogniser, pcm_NS: Tensor, samples_N: Tensor) -> tuple[Tensor, Tensor]:
    """log_probs_TNV and frames_N of a batch, on the recogniser's device, without gradients."""
    device = next(recogniser.parameters()).device
    with torch.inference_mode():
        log_probs_TNV, frames_N = recogniser(pcm_NS.to(device), samples_N.to(device))
    return log_probs_TNV, frames_N


def score(recogniser: Recogniser, utterances: Utterances, *, decoder: str) -> Scores:
    """Recognise every row; none is left out for its length or its labels.

    Raises:
        InputRejected: The rows hold no label, so that there is no error rate.
    """
    if not utterances.label_counts_R.sum():
        raise InputRejected(f"split {utterances.split!r} holds no labelled utterance: nothing to measure")
    recogniser.eval()
    found: dict[str, Recognised] = {}
    unreadable: list[str] = []
    for batch in _batches(utterances, recogniser):
        unreadable.extend(batch.unreadable)
        if batch.ids:
            hypotheses = DECODERS[decoder](*recognise(recogniser, batch.pcm_NS, batch.samples_N))
            for row in zip(batch.ids, batch.references(), hypotheses, strict=True):
                found[row[0]] = Recognised(*row, count_edits(row[1], row[2]))
    order = [str(utterances.value(row, "id")) for row in range(len(utterances))]
    return Scores([found[id_] for id_ in order if id_ in found], unreadable)


def evaluate(
    checkpoint: Checkpoint, sources: list[Source], *, split: str, decoder: str, device: str = "auto"
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The evaluation of a checkpoint on a split of the manifests, and a row for each utterance.

    Raises:
        InputRejected: The manifests have no such split.
        HandOffBroken: The manifests' vocabulary is not the checkpoint's.
    """
    for source in sources:
        between = f"{checkpoint.folder} and {source.path}"
        agree(checkpoint.record.vocabulary, source.manifest.vocabulary, between)
    utterances = open_split(sources, split)
    recogniser = checkpoint.load_recogniser().for_inference(pick_device(device))
    scores = score(recogniser, utterances, decoder=decoder)
    summary = {
        **summarise(scores),
        "split": split,
        "manifests": [str(source.path) for source in sources],
        "checkpoint": str(checkpoint.folder),
        "step": checkpoint.record.position.step,
        "decoder": decoder,
    }
    return summary, [_in_symbols(row, recogniser) for row in scores.rows]


def open_split(sources: list[Source], split: str) -> Utterances:
    """The rows of a split. Raises InputRejected when the manifests have none."""
    utterances = Utterances(sources, split)
    if not len(utterances):
        known = {shard.split for source in sources for shard in source.manifest.shards if shard.rows}
        raise InputRejected(f"no rows in split {split!r}; there are {', '.join(sorted(known)) or 'none'}")
    return utterances


def held_out_split(sources: list[Source]) -> str | None:
    """The split that measures a finished run: test, or else valid."""
    filled = {shard.split for source in sources for shard in source.manifest.shards if shard.rows}
    return next((split for split in HELD_OUT if split in filled), None)


def summarise(scores: Scores) -> dict[str, Any]:
    """PER and what it is made of."""
    edits = scores.edits
    return {
        "per": edits.per,
        "substitutions": edits.substitutions,
        "deletions": edits.deletions,
        "insertions": edits.insertions,
        "reference_phones": edits.reference_phones,
        "utterances": len(scores.rows),
        "unreadable": len(scores.unreadable),
    }


def write_evaluation(folder: Path, summary: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """Write evaluation.json and, beside it, utterances.jsonl."""
    write_json_lines(folder / "utterances.jsonl", rows)
    write_text(folder / EVALUATION, json.dumps(summary, indent=1, ensure_ascii=False) + "\n")


def _batches(utterances: Utterances, recogniser: Recogniser) -> Iterator[Batch]:
    order = np.argsort(utterances.samples_R, kind="stable")
    for rows in cut_batches(order, utterances.samples_R, recogniser.settings.batching):
        yield utterances.collate(rows)


def _in_symbols(row: Recognised, recogniser: Recogniser) -> dict[str, Any]:
    vocabulary = recogniser.vocabulary
    return {
        "id": row.id,
        "per": row.edits.per if row.reference else None,
        "reference": " ".join(vocabulary.decode(row.reference)),
        "hypothesis": " ".join(vocabulary.decode(row.hypothesis)),
    }
