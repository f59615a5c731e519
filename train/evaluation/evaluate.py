"""Measuring a recogniser on the rows of a split."""

import json
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, NonNegativeFloat, NonNegativeInt, ValidationError

from pipeline.contract.errors import HandOffBroken, InputRejected
from pipeline.contract.files import read_regular, replacing
from pipeline.contract.locks import LOCK
from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.contract.text import as_text, shorten
from pipeline.contract.validation import first_problem
from train.data.dataset import Utterances
from train.data.sources import ShardSource, require_same_vocabulary
from train.decoding.decoder import open_decoder
from train.decoding.greedy import Decode, Decoded, decode_greedily
from train.decoding.hangul import compose_syllables, letters
from train.evaluation.confusions import confusions_csv, confusions_svg, count_confusions
from train.evaluation.metrics import Edits, break_down, count_edits
from train.evaluation.page import evaluation_page
from train.loop.distributed import pick_device
from train.model.deepspeech2 import Recogniser
from train.model.inference import longest_recognised, recognise_rows
from train.run.checkpoint import Checkpoint
from train.run.logs import say
from train.run.record import TrainedOn

HELD_OUT: Final = ("test", "valid")
EVALUATION: Final = "evaluation.json"
RESULTS: Final = ("utterances.jsonl", "confusions.csv", "confusions.svg", "evaluation.html", EVALUATION)
"""In the order in which they are written."""

MOST_EVALUATION_BYTES: Final = 2**28  # 300,000 speakers have 60 MB


class Evaluation(BaseModel):
    """What evaluation.json must have to be believed; the rest of it is for people."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)

    per: NonNegativeFloat
    split: str
    substitutions: NonNegativeInt
    deletions: NonNegativeInt
    insertions: NonNegativeInt
    reference_phones: NonNegativeInt
    utterances: NonNegativeInt
    unreadable: NonNegativeInt
    tuned_on: NonNegativeInt = 0
    measured: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scored:
    """One utterance: its row, the reference labels, what was recognised, the edits between them."""

    row: int
    reference: list[int]
    hypothesis: Decoded
    edits: Edits


@dataclass(frozen=True, slots=True)
class Scores:
    """All rows of a split, scored, in the order of its shards, and the ids of those not recognised.

    Attributes:
        unreadable: Ids of rows that cannot be read, or are too long to be recognised.
    """

    rows: list[Scored]
    unreadable: list[str]

    @property
    def edits(self) -> Edits:
        """The edits of all rows together."""
        return sum((row.edits for row in self.rows), Edits())


def score(recogniser: Recogniser, utterances: Utterances, decode: Decode = decode_greedily) -> Scores:
    """Recognise and score every row, including rows that training leaves out.

    Raises:
        InputRejected: The rows have no labels, so that there is no error rate.
        HandOffBroken: No row that has labels can be read.
    """
    if not utterances.label_counts_R.sum():
        raise InputRejected(
            f"no utterance in split {utterances.split!r} has labels: nothing to measure; name another --split"
        )
    scored: list[Scored] = []
    unreadable: list[str] = []
    for part in recognise_rows(recogniser, utterances, range(len(utterances))):
        unreadable.extend(part.unreadable)
        for row, found in zip(part.rows, decode(part.log_probs_TNV, part.frames_N), strict=True):
            reference = utterances.labels(row).tolist()
            scored.append(Scored(row, reference, found, count_edits(reference, found.labels)))
    if not any(one.reference for one in scored):
        raise HandOffBroken(
            f"no utterance with labels in split {utterances.split!r} could be read and lasts at most"
            f" {longest_recognised(recogniser.settings) / SAMPLE_RATE_HZ:.0f} s: make its shards again"
        )
    return Scores(sorted(scored, key=lambda one: one.row), unreadable)


def evaluate(
    checkpoint: Checkpoint, sources: list[ShardSource], *, split: str, decoder: str, device: str = "auto"
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Measure a checkpoint on a split of the manifests.

    Returns:
        The content of evaluation.json and the rows of utterances.jsonl.

    Raises:
        InputRejected: The manifests have no such split, or the decoder cannot be made.
        HandOffBroken: The manifests' vocabulary is not the checkpoint's.
        MissingResource: The decoder needs a package that is not installed.
    """
    for source in sources:
        between = f"{checkpoint.folder} and {source.path}"
        require_same_vocabulary(checkpoint.record.vocabulary, source.manifest.vocabulary, between)
    utterances = open_split(sources, split)
    recogniser = checkpoint.load_recogniser().for_inference(pick_device(device))
    opened = open_decoder(decoder, recogniser, checkpoint, offered=sources)
    scores = score(recogniser, utterances, opened.decode)
    rows = [_describe(one, utterances, recogniser) for one in scores.rows]
    summary = {
        **summarise(scores),
        "split": split,
        "manifests": [as_text(source.path) for source in sources],
        "checkpoint": as_text(str(checkpoint.folder)),
        "step": checkpoint.record.position.step,
        **opened.description,
        "cer_is_of": "spelled words" if decoder == "words" else "syllables as pronounced",
        **break_down(rows),
        "measured": what_is_measured(checkpoint, sources, split=split, decoder=decoder),
    }
    return summary, rows


def what_is_measured(
    checkpoint: Checkpoint, sources: list[ShardSource], *, split: str, decoder: str
) -> dict[str, Any]:
    """All that the figures of an evaluation depend on: where two have the same, so are the figures."""
    return {
        "checkpoint": dict(sorted(checkpoint.record.files.items())),
        "manifests": [TrainedOn.of(source).content_sha256 for source in sources],
        "split": split,
        "decoder": decoder,
        "decode": {} if decoder == "greedy" else checkpoint.record.settings.decode.models(),
    }


def require_rows(sources: list[ShardSource], split: str) -> None:
    """Raise InputRejected unless the manifests have rows in a split."""
    known = {shard.split for source in sources for shard in source.manifest.shards if shard.rows}
    if split not in known:
        raise InputRejected(f"no rows in split {split!r}; there are {', '.join(sorted(known)) or 'none'}")


def open_split(sources: list[ShardSource], split: str) -> Utterances:
    """The rows of a split. Raises InputRejected if the manifests have none."""
    require_rows(sources, split)
    return Utterances(sources, split)


def held_out_split(sources: list[ShardSource]) -> str | None:
    """The split that a finished run is measured on: test, or else valid, or None."""
    filled = {shard.split for source in sources for shard in source.manifest.shards if shard.rows}
    return next((split for split in HELD_OUT if split in filled), None)


def summarise(scores: Scores) -> dict[str, Any]:
    """The PER and the counts it is computed from."""
    edits = scores.edits
    return {
        "per": edits.rate,
        "substitutions": edits.substitutions,
        "deletions": edits.deletions,
        "insertions": edits.insertions,
        "reference_phones": edits.reference_length,
        "utterances": len(scores.rows),
        "unreadable": len(scores.unreadable),
    }


def write_evaluation(folder: Path, summary: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """Write utterances.jsonl, the confusions (CSV and SVG), evaluation.html and, last, evaluation.json.

    evaluation.json goes before the first of them is replaced: where it stands, all are of one measurement.
    """
    confusions = count_confusions(rows)
    contents = (
        "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows),
        confusions_csv(confusions),
        confusions_svg(confusions),
        evaluation_page(summary, rows, confusions),
        json.dumps(summary, indent=1, ensure_ascii=False) + "\n",
    )
    for name, content in zip(RESULTS, contents, strict=True):
        with replacing(folder / name, outdated=[folder / EVALUATION]) as stream:
            stream.write(content.encode())


def require_own_folder(path: Path) -> None:
    """Refuse a place for results now, not after the measuring.

    Raises:
        InputRejected: No folder can be there, or it holds files of the results' names that no
            measurement wrote.
    """
    written = [name for name in RESULTS if os.path.lexists(path / name)]
    if written and not os.path.lexists(path / LOCK) and read_evaluation(path) is None:
        raise InputRejected(
            f"-o {path} holds files that no measurement wrote ({written[0]}); name another folder"
        )
    for place in (path, *path.absolute().parents):
        with suppress(FileNotFoundError, NotADirectoryError):
            if not stat.S_ISDIR(place.stat().st_mode):
                raise InputRejected(f"-o {path}: {place} is a file; name a folder, existing or new")
            return


def read_evaluation(folder: Path) -> dict[str, Any] | None:
    """The content of a folder's evaluation.json; None if there is none, or none that can be used."""
    path = folder / EVALUATION
    if not os.path.lexists(path):
        return None
    try:
        raw = read_regular(path, most_bytes=MOST_EVALUATION_BYTES)
        Evaluation.model_validate_json(raw)
        content: dict[str, Any] = json.loads(raw.decode())  # bytes alone might be any encoding
    except (OSError, ValueError, RecursionError) as error:
        problem = first_problem(error) if isinstance(error, ValidationError) else str(error)
        say(f"{path} cannot be used ({shorten(problem)}): the checkpoint is measured again")
        return None
    return content


def _describe(one: Scored, utterances: Utterances, recogniser: Recogniser) -> dict[str, Any]:
    """A row of utterances.jsonl, from which the tables and the page are made."""
    reference = recogniser.vocabulary.decode(one.reference)
    hypothesis = recogniser.vocabulary.decode(one.hypothesis.labels)
    spoken = utterances.value(one.row, "spoken") or ""
    words = one.hypothesis.words
    meant, said = (
        (compose_syllables(reference), compose_syllables(hypothesis))
        if words is None
        else (spoken, " ".join(words))
    )
    characters = count_edits(letters(meant), letters(said))
    return {
        "id": utterances.value(one.row, "id"),
        "speaker": utterances.value(one.row, "speaker"),
        "seconds": round(int(utterances.samples_R[one.row]) / SAMPLE_RATE_HZ, 3),
        "snr_db": utterances.snr_db(one.row),
        "per": one.edits.rate if one.reference else None,
        "substitutions": one.edits.substitutions,
        "deletions": one.edits.deletions,
        "insertions": one.edits.insertions,
        "reference_phones": one.edits.reference_length,
        "reference": " ".join(reference),
        "hypothesis": " ".join(hypothesis),
        "spoken": spoken,
        "hangul_reference": meant,
        "hangul": said,
        "character_errors": characters.errors,
        "reference_characters": characters.reference_length,
    }
