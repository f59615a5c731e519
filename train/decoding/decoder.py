"""A decoder by its name, ready to use.

    <run>/decoding/ngram/phones.arpa  tokens.txt                decoder.json
    <run>/decoding/words/words.arpa   words.txt   lexicon.txt   decoder.json

Models come from the train split of the manifests that the checkpoint was trained on; weights
are chosen on their valid split, for each checkpoint, and never on the test split. Both are
written down at the first use, and used again while they are of the same checkpoint.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydantic import ValidationError

from pipeline.contract.errors import InputRejected
from pipeline.contract.files import file_sha256, write_text
from pipeline.contract.manifest import Sha256
from pipeline.contract.settings import Settings
from train.data.dataset import ShardSource, Utterances, open_sources
from train.decoding.beam import (
    LanguageModel,
    Weights,
    beam_decoder,
    read_language_model,
    write_lexicon,
    write_tokens,
)
from train.decoding.greedy import Decode, decode_greedily
from train.decoding.hangul import letters
from train.decoding.lexicon import read_lexicon
from train.decoding.ngram import estimate
from train.evaluation.metrics import Edits, count_edits
from train.model.deepspeech2 import Recogniser
from train.model.inference import recognise_rows
from train.run.checkpoint import Checkpoint, TrainedOn
from train.run.logs import say
from train.settings import DecodeSettings

RECORD: Final = "decoder.json"
UNTUNED: Final = Weights(ngram=1.5, blank=-1.0)  # where there is no valid split; near what Pansori's gives
NGRAM_STEP: Final = 0.5
BONUS_STEP: Final = 1.0


class DecoderRecord(Settings):
    """decoder.json: what a decoder was made of, and the weights chosen for one checkpoint.

    Attributes:
        manifests: Contents that the models were estimated from.
        files: The models' files.
        checkpoint: Files of the checkpoint that the weights were chosen for.
        tuned_on: Rows of the valid split; 0 where there is none, and the weights are defaults.
        valid_error: PER, or CER of words, of those rows.
    """

    settings: DecodeSettings
    manifests: tuple[Sha256, ...]
    files: dict[str, Sha256]
    checkpoint: dict[str, Sha256]
    weights: Weights
    tuned_on: int
    valid_error: float | None


@dataclass(frozen=True, slots=True)
class OpenDecoder:
    """A decoder, and what it is for the record of an evaluation."""

    decode: Decode
    description: dict[str, Any]


def open_decoder(
    name: str, recogniser: Recogniser, checkpoint: Checkpoint, *, offered: Sequence[ShardSource] = ()
) -> OpenDecoder:
    """The decoder `name` for a checkpoint; its models are made first where they are not there yet.

    Args:
        name: greedy, beam, ngram or words.
        recogniser: The checkpoint's, on any device.
        checkpoint: Where the models lie beside.
        offered: Manifests at hand, which may be those of the training.

    Raises:
        MissingResource: flashlight-text is not installed.
        InputRejected: The models have to be made, and the training's manifests are not there.
    """
    settings = recogniser.settings.decode
    if name == "greedy":
        return OpenDecoder(decode_greedily, {"decoder": name})
    if name == "beam":
        decode = beam_decoder(recogniser.vocabulary, Weights(), beam=settings.beam)
        return OpenDecoder(decode, {"decoder": name, "beam": settings.beam})
    folder = models_folder(checkpoint) / name
    record = _read_record(folder, checkpoint, settings)
    if record is None:
        record = _make(name, folder, recogniser, checkpoint, offered)
    facts = record.model_dump(mode="json", include={"weights", "tuned_on", "valid_error"})
    return OpenDecoder(
        _decoder(name, folder, recogniser)(record.weights), {"decoder": name, "beam": settings.beam, **facts}
    )


def has_words(recogniser: Recogniser, checkpoint: Checkpoint) -> bool:
    """Whether the word decoder of the checkpoint is there, ready to use."""
    folder = models_folder(checkpoint) / "words"
    return _read_record(folder, checkpoint, recogniser.settings.decode) is not None


def models_folder(checkpoint: Checkpoint) -> Path:
    """Where a checkpoint's models lie: in its run's folder, or in its own where it lies alone."""
    folder = checkpoint.folder.resolve()
    run = folder.parent.parent if folder.parent.name == "checkpoints" else folder
    return run / "decoding"


def _read_record(folder: Path, checkpoint: Checkpoint, settings: DecodeSettings) -> DecoderRecord | None:
    """The record, if everything in it still holds."""
    path = folder / RECORD
    if not path.is_file():
        return None
    try:
        record = DecoderRecord.model_validate_json(path.read_bytes())
    except ValidationError:
        return None  # of another version of this program
    models = ((folder / name, sha256) for name, sha256 in record.files.items())
    fits = (
        record.settings.models() == settings.models()
        and record.manifests == _contents(checkpoint)
        and record.checkpoint == checkpoint.record.files
        and all(model.is_file() and file_sha256(model) == sha256 for model, sha256 in models)
    )
    return record if fits else None


def _make(
    name: str, folder: Path, recogniser: Recogniser, checkpoint: Checkpoint, offered: Sequence[ShardSource]
) -> DecoderRecord:
    """Estimate the models, choose the weights, write both down."""
    sources = _training_sources(checkpoint, offered)
    say(f"making the {name} decoder of {checkpoint.folder} in {folder}: its weights are chosen on valid")
    {"ngram": _write_phone_model, "words": _write_word_model}[name](folder, recogniser, sources)
    valid = Utterances(sources, "valid")
    settings = recogniser.settings.decode
    rows = [row for row in evenly_spaced(len(valid), settings.tuned_rows) if _reference(name, valid, row)]
    weights, error = UNTUNED, None
    if rows:
        make = _decoder(name, folder, recogniser)
        weights, error = _tune(_error_of(name, make, recogniser, valid, rows), UNTUNED, words=name == "words")
    names = ("phones.arpa", "tokens.txt") if name == "ngram" else ("words.arpa", "words.txt", "lexicon.txt")
    record = DecoderRecord(
        settings=settings,
        manifests=_contents(checkpoint),
        files={each: file_sha256(folder / each) for each in names},
        checkpoint=checkpoint.record.files,
        weights=weights,
        tuned_on=len(rows),
        valid_error=error,
    )
    write_text(folder / RECORD, record.model_dump_json(indent=1) + "\n")
    return record


def _write_phone_model(folder: Path, recogniser: Recogniser, sources: list[ShardSource]) -> None:
    utterances, settings = Utterances(sources, "train"), recogniser.settings.decode
    vocabulary = recogniser.vocabulary
    sentences = [
        vocabulary.decode(utterances.labels(row).tolist())
        for row in evenly_spaced(len(utterances), settings.model_rows)
    ]
    model = estimate(sentences, order=settings.ngram_order, tokens=vocabulary.symbols)
    write_text(folder / "phones.arpa", model.to_arpa())
    write_tokens(folder / "tokens.txt", vocabulary)


def _write_word_model(folder: Path, recogniser: Recogniser, sources: list[ShardSource]) -> None:
    utterances, settings = Utterances(sources, "train"), recogniser.settings.decode
    rows = evenly_spaced(len(utterances), settings.model_rows)
    lexicon = read_lexicon(utterances, rows, most_words=settings.words)
    if not lexicon.sentences:
        raise InputRejected(
            f"none of {len(rows)} rows of the train split can be divided into words: no word decoder;"
            " decode with another, or make the shards again with transcripts"
        )
    said = f"{len(lexicon.pronunciations)} words and syllables"
    say(f"{said}; {lexicon.undivided} of {len(rows)} rows gave none")
    model = estimate(lexicon.sentences, order=settings.word_order, tokens=list(lexicon.pronunciations))
    write_text(folder / "words.arpa", model.to_arpa())
    write_lexicon(folder / "lexicon.txt", folder / "words.txt", lexicon.pronunciations, recogniser.vocabulary)


def _decoder(name: str, folder: Path, recogniser: Recogniser) -> Callable[[Weights], Decode]:
    """Makes decoders of any weights around one copy of the models."""
    words = name == "words"
    files = ("words.arpa", "words.txt") if words else ("phones.arpa", "tokens.txt")
    model: LanguageModel = read_language_model(folder / files[0], dictionary=folder / files[1])
    lexicon = folder / "lexicon.txt" if words else None
    beam = recogniser.settings.decode.beam
    return lambda weights: beam_decoder(
        recogniser.vocabulary, weights, beam=beam, model=model, lexicon=lexicon
    )


def _error_of(
    name: str,
    make: Callable[[Weights], Decode],
    recogniser: Recogniser,
    valid: Utterances,
    rows: Sequence[int],
) -> Callable[[Weights], float]:
    """The error rate of the rows under given weights: PER, or CER of the words."""
    emitted = list(recognise_rows(recogniser, valid, rows))

    def error(weights: Weights) -> float:
        decode, edits = make(weights), Edits()
        for part in emitted:
            for row, found in zip(part.rows, decode(part.log_probs_TNV, part.frames_N), strict=True):
                said = found.labels if found.words is None else "".join(found.words)
                edits += count_edits(_reference(name, valid, row), said)
        return edits.rate

    return error


def _reference(name: str, utterances: Utterances, row: int) -> Sequence[int] | str:
    """What a decoder should say: labels, or the characters of the words."""
    if name == "words":
        return letters(utterances.value(row, "spoken") or "")
    labels: list[int] = utterances.labels(row).tolist()
    return labels


def _tune(error: Callable[[Weights], float], start: Weights, *, words: bool) -> tuple[Weights, float]:
    """Walk from `start` to the neighbour with the lowest error until no neighbour is better."""
    known = {start: error(start)}
    best = start
    while True:
        for near in _neighbours(best, words=words):
            if near not in known:
                known[near] = error(near)
        found = min(known, key=lambda weights: (known[weights], weights.ngram, -weights.blank, weights.word))
        if known[found] >= known[best]:
            return best, known[best]
        best = found


def _neighbours(at: Weights, *, words: bool) -> Iterable[Weights]:
    steps = [(-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0)] + [(0, 0, -1), (0, 0, 1)] * words
    for ngram, blank, word in steps:
        near = Weights(
            ngram=at.ngram + ngram * NGRAM_STEP,
            blank=at.blank + blank * BONUS_STEP,
            word=at.word + word * BONUS_STEP,
        )
        if near.ngram > 0:
            yield near


def _training_sources(checkpoint: Checkpoint, offered: Sequence[ShardSource]) -> list[ShardSource]:
    """The manifests of the training: among those offered, or where the training found them."""
    at_hand = {TrainedOn.of(source).content_sha256: source for source in offered}
    sources = []
    for trained in checkpoint.record.manifests:
        source = at_hand.get(trained.content_sha256)
        if source is None:
            (source,) = open_sources([trained.path])
            if TrainedOn.of(source).content_sha256 != trained.content_sha256:
                raise InputRejected(
                    f"{checkpoint.folder} was trained on {trained.name}, and {trained.path} is another by"
                    " now: its models cannot be made; decode with greedy or beam"
                )
        sources.append(source)
    return sources


def _contents(checkpoint: Checkpoint) -> tuple[str, ...]:
    return tuple(trained.content_sha256 for trained in checkpoint.record.manifests)


def evenly_spaced(count: int, most: int) -> list[int]:
    """At most `most` of the numbers 0..count-1, evenly spaced."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(int)).tolist() if count else []
