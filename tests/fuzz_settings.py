"""Fuzzing targets: settings. What is accepted is stored, reads back equal, and can be used."""

import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from fuzz_ends import Target
from fuzz_manifests import small_dataset
from fuzz_runs import finished_run
from small_corpus import voiced

from pipeline.contract.files import write_text
from pipeline.contract.manifest_file import read_manifest
from pipeline.contract.settings import Settings, parse_overrides
from pipeline.settings import PipelineSettings

ODD_TOML = (
    "inf", "-inf", "nan", "-nan", "1e308", "-1e308", "5e-324", "1e-9", "-0.0", "0", "-1", "1", "2", "3",
    "1e400", "9223372036854775807", "9223372036854775808", "1" + "0" * 30, "9" * 5_000, "0x7fffffff", "00",
    "true", "false", '""', '"가"', '"\\u0000"', '"\\ud800"', "'a'", "[]", "[[]]", "[1, 2]", "[0.5]", "[true]",
    "[[1, 2], [3, 5]]", "{}", "{a = 1}", "{a = {b = 2}}", "1979-05-27", "07:32:00", "1979-05-27T07:32:00Z",
    '["a"]', '["가/나"]', "null", "None", "a=b", "=", "[", '"', "\n", "\x00", "\x1b[2J", "é", "off", "gate",
    "adam", "float32", "bf16", "../x", "[1e308, 1e308]", "[-1]", "[1000000, 1000001]", "0.1", "0.999", "100",
    "SGD", "SparseAdam", "LBFGS", "Optimizer", "__init__", "Adagrad", "mfcc", "corpus", "utterance", "lstm",
)  # fmt: skip


def accept_pipeline_settings(seed: int, folder: Path) -> str:
    """Assignments to settings of the pipeline: through a manifest, then through every stage."""
    assignments = _assignments(PipelineSettings(), random.Random(seed))
    settings = PipelineSettings.from_tables(parse_overrides(assignments))
    content = json.loads(small_dataset().read_bytes())
    content["settings"][0] |= {
        "fingerprint": settings.fingerprint(), "values": settings.model_dump(mode="json"),
    }  # fmt: skip
    manifest = read_manifest(_written(folder / "m.json", json.dumps(content)))
    again = read_manifest(_written(folder / "again.json", manifest.to_json()))
    kept = PipelineSettings.model_validate_json(json.dumps(again.settings[0].values))
    assert kept == settings, "the manifest holds other settings"
    assert kept.fingerprint() == settings.fingerprint(), "the manifest holds another fingerprint"
    _preprocess_one(settings)
    return "used"


def _preprocess_one(settings: PipelineSettings) -> None:
    from pipeline.audio.clip import prepare_clip
    from pipeline.phonology import label_batch
    from pipeline.record import Annotation, AudioSource, Utterance, UtteranceId
    from pipeline.shards.splits import assign_split
    from pipeline.transcript import clean_transcript

    source = AudioSource(Path("u.wav"))
    assign_split(Utterance(UtteranceId("a/b/c"), "a/b", source, ""), settings=settings.split)
    clean_transcript("o/ (70%)/(칠십 퍼센트)", annotation=Annotation.KSPON, settings=settings.transcript)
    label_batch(["값을 70% 올렸다"], settings=settings.phonology)
    prepare_clip(
        _recording(), silence=settings.silence, denoise=settings.denoise, acceptance=settings.acceptance
    )


@cache
def _recording() -> Any:

    import soundfile

    from pipeline.audio.recordings import Recordings
    from pipeline.record import AudioSource, Recording

    wave = np.concatenate([voiced(1.0, seed=1), np.zeros(40_000, "<i2"), voiced(1.0, seed=2)])
    path = small_dataset().parent / "u.wav"
    soundfile.write(path, wave, 16_000)
    with Recordings() as recordings:
        recording = recordings.read(AudioSource(path))
    assert isinstance(recording, Recording)
    return recording


def accept_train_settings(seed: int, folder: Path) -> str:
    """Assignments to settings of the trainer: through checkpoint.json, then into a network."""
    from train.settings import TrainSettings, read_settings

    rng = random.Random(seed)
    settings = read_settings("tiny", _assignments(TrainSettings(), rng))
    content = _checkpoint_record(settings)
    from train.run.checkpoint import CheckpointRecord

    kept = CheckpointRecord.model_validate_json(content)
    assert kept.settings == settings, "checkpoint.json holds other settings"
    assert read_settings(None, [], base=kept.settings) == settings, "resuming changes the settings"
    return _train_one(settings)


def _checkpoint_record(settings: Any) -> str:
    """The checkpoint.json of a run, with other settings."""
    from train.run.folder import find_checkpoint

    record = find_checkpoint(finished_run()).record
    return record.model_copy(update={"settings": settings}).model_dump_json()


def _train_one(settings: Any) -> str:
    """Set up what the settings describe, if it is small, and recognise a second of noise."""
    import torch

    from pipeline.contract.vocabulary import KOREAN
    from train.loop.optim import learning_rate, make_optimiser
    from train.model.deepspeech2 import Recogniser

    model, features = settings.model, settings.features
    widths = [
        *model.channels,
        *model.classifier,
        model.hidden,
        *(size for pair in model.kernels for size in pair),
    ]
    if max(widths) > 600 or model.layers > 4 or model.lookahead > 200 or features.fft_size > 4_096:
        return "stored"
    recogniser = Recogniser(settings, KOREAN)
    optimiser = make_optimiser(recogniser, settings.optim)
    for step in (0, 1, 10_000):
        learning_rate(step, 0.5, settings.optim, cuts=1)
    with torch.inference_mode():
        recogniser.eval()(torch.zeros((1, 16_000), dtype=torch.int16), torch.tensor([16_000]))
    return f"set up, {len(optimiser.param_groups) > 0}"


def _assignments(defaults: Settings, rng: random.Random) -> tuple[str, ...]:
    keys = _keys(defaults)
    return tuple(_assignment(keys, rng) for _ in range(rng.choice((1, 1, 1, 2, 4))))


def _assignment(keys: dict[str, Any], rng: random.Random) -> str:
    key = rng.choice(list(keys))
    value = keys[key]
    if isinstance(value, int | float) and not isinstance(value, bool) and rng.random() < 0.7:
        text = repr(value * rng.choice((0, 0.5, 2, -1, 10, 1e3, 1e9)) + rng.choice((0, 0, 1, -1)))
        text = text.removesuffix(".0") if isinstance(value, int) else text
    else:
        text = rng.choice(ODD_TOML)
    if rng.random() < 0.1:
        key = rng.choice(
            (key + ".x", key.partition(".")[0], "x" + key, key.upper(), "", ".", "a.b.c", key + " ")
        )
    return f"{key}={text}" if rng.random() < 0.98 else key


def _keys(settings: Settings, before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        found |= _keys(value, f"{before}{name}.") if isinstance(value, Settings) else {before + name: value}
    return found


def _written(path: Path, text: str) -> Path:
    write_text(path, text)
    return path


def _prepare_training() -> None:
    from train.settings import TrainSettings, read_settings

    _checkpoint_record(TrainSettings())
    _train_one(read_settings("tiny", ["optim.name=SGD"]))
    _train_one(read_settings("tiny", []))


TARGETS = {
    "settings of the pipeline": Target(
        accept_pipeline_settings, prepare=lambda: _preprocess_one(PipelineSettings()) or small_dataset()
    ),
    "settings of the trainer": Target(accept_train_settings, share=0.3, prepare=_prepare_training),
}
