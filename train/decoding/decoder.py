"""A decoder by its name, ready to use.

    <run>/decoding/ngram/phones.arpa  tokens.txt                decoder.json
    <run>/decoding/words/words.arpa   words.txt   lexicon.txt   decoder.json

The language models are estimated from the train split of the manifests that the checkpoint was
trained on. The weights are tuned for each checkpoint on their valid split, never on the test
split. Both are written down at the first use, and used again as long as the record fits.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydantic import NonNegativeInt, ValidationError

from pipeline.contract.errors import HandOffBroken, InputRejected
from pipeline.contract.files import file_sha256, is_regular, read_regular, write_text
from pipeline.contract.locks import locked
from pipeline.contract.manifest import Sha256
from pipeline.contract.settings import Settings
from train.data.dataset import Utterances
from train.data.sources import ShardSource, open_sources
from train.decoding.beam import (
    Weights,
    beam_decoder,
    check_lexicon,
    read_language_model,
    require_flashlight,
    write_lexicon,
    write_tokens,
)
from train.decoding.greedy import Decode, decode_greedily
from train.decoding.lexicon import read_lexicon
from train.decoding.ngram import Ngrams, check_arpa, estimate
from train.decoding.tuning import START, reference_of, tune_weights
from train.model.deepspeech2 import Recogniser
from train.run.checkpoint import Checkpoint
from train.run.logs import say
from train.run.record import FileName, TrainedOn
from train.settings import DecodeSettings

RECORD: Final = "decoder.json"
MOST_MODEL_BYTES: Final = 448 * 2**20  # KenLM takes four times as much
FILES: Final = {
    "ngram": ("phones.arpa", "tokens.txt"),
    "words": ("words.arpa", "words.txt", "lexicon.txt"),
}
"""The language model, the file that numbers its tokens and, for words, how they are spelled."""

MOST_RECORD_BYTES: Final = 2**20


class DecoderRecord(Settings):
    """decoder.json: what a decoder was made of, and the weights tuned for one checkpoint.

    Attributes:
        manifests: Hashes of what the models were estimated from.
        files: The models' files and their hashes.
        checkpoint: The files of the checkpoint that the weights were tuned for, and their hashes.
        tuned_on: Rows of the valid split; 0 if there are none and the weights are the defaults.
        valid_error: The PER of those rows, or the CER of their words.
    """

    settings: DecodeSettings
    manifests: tuple[Sha256, ...]
    files: dict[str, Sha256]
    checkpoint: dict[FileName, Sha256]
    weights: Weights
    tuned_on: NonNegativeInt
    valid_error: float | None


@dataclass(frozen=True, slots=True)
class OpenDecoder:
    """A decoder, and its description for the record of an evaluation."""

    decode: Decode
    description: dict[str, Any]


def open_decoder(
    name: str, recogniser: Recogniser, checkpoint: Checkpoint, *, offered: Sequence[ShardSource] = ()
) -> OpenDecoder:
    """The decoder `name` for a checkpoint; its models are made first if they are not there yet.

    Args:
        name: greedy, beam, ngram or words.
        recogniser: The checkpoint's, on any device.
        checkpoint: The models are looked for, and written, beside it.
        offered: Manifests at hand, in case they are those of the training.

    Raises:
        MissingResource: flashlight-text is not installed.
        InputRejected: The models have to be made, and the manifests of the training are not found.
    """
    settings = recogniser.settings.decode
    if name == "greedy":
        return OpenDecoder(decode_greedily, {"decoder": name})
    require_flashlight()
    if name == "beam":
        decode = beam_decoder(recogniser.vocabulary, Weights(), beam=settings.beam)
        return OpenDecoder(decode, {"decoder": name, "beam": settings.beam})
    folder = models_folder(checkpoint, name)
    record = _read_record(folder, checkpoint, settings)
    if record is None:
        with locked(folder, option="checkpoint"):  # two that made them at once would mix their files
            record = _prepare_models(name, folder, recogniser, checkpoint, offered)
    facts = record.model_dump(mode="json", include={"weights", "tuned_on", "valid_error"})
    decode = _load_decoder(name, folder, recogniser)(record.weights)
    return OpenDecoder(decode, {"decoder": name, "beam": settings.beam, **facts})


def has_words(recogniser: Recogniser, checkpoint: Checkpoint) -> bool:
    """Whether the word decoder of the checkpoint has been made and still fits."""
    folder = models_folder(checkpoint, "words")
    return _read_record(folder, checkpoint, recogniser.settings.decode) is not None


def models_folder(checkpoint: Checkpoint, name: str) -> Path:
    """Where a decoder's models are: in the checkpoint's run, or beside it if it was copied out.

    Raises:
        HandOffBroken: A link lies there: what it leads to is not ours.
    """
    folder = checkpoint.folder.resolve()
    run = folder.parent.parent if folder.parent.name == "checkpoints" else folder
    models = run / "decoding" / name
    for place in (models.parent, models):
        if place.is_symlink():
            raise HandOffBroken(f"{place} is a link, which no run made: remove it")
    return models


def _read_record(folder: Path, checkpoint: Checkpoint, settings: DecodeSettings) -> DecoderRecord | None:
    """The record, if all of it still holds."""
    path = folder / RECORD
    if not is_regular(path):
        return None
    try:
        record = DecoderRecord.model_validate_json(read_regular(path, most_bytes=MOST_RECORD_BYTES))
    except (ValidationError, OSError):
        return None  # written by another version of this program, or by somebody else
    models = [(folder / name, record.files.get(name)) for name in FILES[folder.name]]
    fits = (
        record.settings.models() == settings.models()
        and record.manifests == _contents(checkpoint)
        and record.checkpoint == checkpoint.record.files
        and all(is_regular(model) and file_sha256(model) == sha256 for model, sha256 in models)
    )
    return record if fits else None


def _prepare_models(
    name: str, folder: Path, recogniser: Recogniser, checkpoint: Checkpoint, offered: Sequence[ShardSource]
) -> DecoderRecord:
    """Estimate the models, tune the weights, write both down; returns their record."""
    sources = _training_sources(checkpoint, offered)
    say(f"making the {name} decoder of {checkpoint.folder} in {folder}; its weights are tuned on split valid")
    {"ngram": _write_phone_model, "words": _write_word_model}[name](folder, recogniser, sources)
    words = name == "words"
    valid = Utterances(sources, "valid")
    settings = recogniser.settings.decode
    sample = evenly_spaced(len(valid), settings.tuned_rows)
    rows = [row for row in sample if reference_of(valid, row, words=words)]
    weights, error = START, None
    if rows:
        make = _load_decoder(name, folder, recogniser)
        weights, error = tune_weights(make, recogniser, valid, rows, words=words)
    record = DecoderRecord(
        settings=settings,
        manifests=_contents(checkpoint),
        files={each: file_sha256(folder / each) for each in FILES[name]},
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
    _write_model(folder / "phones.arpa", model)
    write_tokens(folder / "tokens.txt", vocabulary)


def _write_word_model(folder: Path, recogniser: Recogniser, sources: list[ShardSource]) -> None:
    utterances, settings = Utterances(sources, "train"), recogniser.settings.decode
    rows = evenly_spaced(len(utterances), settings.model_rows)
    lexicon = read_lexicon(utterances, rows, most_words=settings.words)
    if not lexicon.sentences:
        raise InputRejected(
            f"none of {len(rows)} rows of the train split can be divided into words, so there is no word"
            " decoder; use another decoder, or make the shards again with transcripts"
        )
    known = f"{len(lexicon.pronunciations)} words and syllables"
    say(f"{known}; {lexicon.undivided} of {len(rows)} rows could not be divided into words")
    model = estimate(lexicon.sentences, order=settings.word_order, tokens=list(lexicon.pronunciations))
    _write_model(folder / "words.arpa", model)
    write_lexicon(folder / "lexicon.txt", folder / "words.txt", lexicon.pronunciations, recogniser.vocabulary)


def _write_model(path: Path, model: Ngrams) -> None:
    text = model.to_arpa()
    if len(text.encode()) > MOST_MODEL_BYTES:
        raise InputRejected(
            f"{path.name} would have over {MOST_MODEL_BYTES:,} bytes, the most that is read: lower the order"
            " of the n-grams"
        )
    write_text(path, text)


def _load_decoder(name: str, folder: Path, recogniser: Recogniser) -> Callable[[Weights], Decode]:
    """Load the models once; returns the function that makes a decoder of them with given weights.

    Raises:
        HandOffBroken: They are not models as `malsori-train` writes them.
    """
    paths = [folder / each for each in FILES[name]]
    for path in paths:
        if path.stat().st_size > MOST_MODEL_BYTES:
            raise HandOffBroken(f"{path} has over {MOST_MODEL_BYTES:,} bytes, the most that is read")
    check_arpa(paths[0])
    if name == "words":
        check_lexicon(paths[2], recogniser.vocabulary)
    model = read_language_model(paths[0], dictionary=paths[1])
    lexicon = paths[2] if name == "words" else None
    beam = recogniser.settings.decode.beam
    return lambda weights: beam_decoder(
        recogniser.vocabulary, weights, beam=beam, model=model, lexicon=lexicon
    )


def _training_sources(checkpoint: Checkpoint, offered: Sequence[ShardSource]) -> list[ShardSource]:
    """The manifests of the training: among those offered, or else where the training found them."""
    at_hand = {TrainedOn.of(source).content_sha256: source for source in offered}
    sources = []
    for trained in checkpoint.record.manifests:
        source = at_hand.get(trained.content_sha256)
        if source is None:
            source = _reopen(trained, checkpoint)
            if TrainedOn.of(source).content_sha256 != trained.content_sha256:
                raise InputRejected(
                    f"{checkpoint.folder} was trained on {trained.name}, but {trained.path} has other"
                    " shards now, so its language models cannot be made; decode with greedy or beam"
                )
        sources.append(source)
    return sources


def _reopen(trained: TrainedOn, checkpoint: Checkpoint) -> ShardSource:
    """A manifest of the training, where the training found it: on this machine, and only there.

    Older checkpoints have the path as it was given, from a folder that is mostly above the run's.
    """
    if "://" in trained.path:
        raise InputRejected(
            f"{checkpoint.folder} was trained on {trained.path}, which is not fetched because a checkpoint"
            " says so: make its decoder with malsori-train evaluate, giving that manifest"
        )
    places = [Path(trained.path), *(above / trained.path for above in checkpoint.folder.absolute().parents)]
    found = next((place for place in places if is_regular(place)), None)
    if found is None:
        raise InputRejected(
            f"{checkpoint.folder} was trained on {trained.path}, which is not there any more: make its"
            " decoder with malsori-train evaluate, giving that manifest, or decode with greedy or beam"
        )
    (source,) = open_sources([found])
    return source


def _contents(checkpoint: Checkpoint) -> tuple[str, ...]:
    return tuple(trained.content_sha256 for trained in checkpoint.record.manifests)


def evenly_spaced(count: int, most: int) -> list[int]:
    """At most `most` of the numbers 0..count-1, evenly spaced."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(int)).tolist() if count else []
