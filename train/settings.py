"""The settings of a training run, one section for each stage.

They come from the command, and from checkpoints that anyone may have written: limits.py says how
far each may go.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.contract.settings import Settings, parse_overrides, read_preset
from train.decoding import DecoderName
from train.limits import (
    MOST_STEPS,
    MOST_VALUES_A_SECOND,
    AtMost16,
    Count,
    Decibels,
    Few,
    Fraction,
    Kernel,
    ManifestWeight,
    Milliseconds,
    OptimOption,
    SpeedPercent,
    Stride,
    Stripes,
    StripeWidth,
    Width,
)

PRESETS: Final = Path(__file__).parent / "presets"
DEFAULT_PRESET: Final = "small"


class FeatureSettings(Settings):
    """Log-mel features, or their first cepstral coefficients (MFCC).

    80 mels need an `fft_size` of at least 400: at 320 one filter is empty. Features are normalised
    over each `utterance`, or with statistics of the train split (`corpus`), which streaming needs.
    """

    kind: Literal["log-mel", "mfcc"] = "log-mel"
    mels: Annotated[int, Field(ge=8, le=256)] = 80
    coefficients: Annotated[int, Field(ge=1, le=256)] = 40
    normalise: Literal["utterance", "corpus"] = "utterance"
    window_ms: Milliseconds = 25
    hop_ms: Milliseconds = 10
    fft_size: Annotated[int, Field(ge=16, le=8_192)] = 512
    lowest_hz: Annotated[float, Field(ge=0, le=8000)] = 20.0
    highest_hz: Annotated[float, Field(gt=0, le=8000)] = 8000.0

    @property
    def bins(self) -> int:
        """The number of values in a frame."""
        return self.coefficients if self.kind == "mfcc" else self.mels

    @property
    def hop(self) -> int:
        """The samples from one frame to the next."""
        return SAMPLE_RATE_HZ * self.hop_ms // 1000

    @property
    def window(self) -> int:
        """The samples that a frame sees."""
        return SAMPLE_RATE_HZ * self.window_ms // 1000

    @model_validator(mode="after")
    def _sizes_agree(self) -> Self:
        if not self.hop <= self.window <= self.fft_size:
            found = f"{self.hop}, {self.window} and {self.fft_size} samples"
            raise ValueError(f"features: expected hop <= window <= fft_size, found {found}")
        if self.lowest_hz >= self.highest_hz:
            raise ValueError(f"lowest_hz {self.lowest_hz} is not below highest_hz {self.highest_hz}")
        if self.kind == "mfcc" and self.coefficients > self.mels:
            raise ValueError(
                f"{self.coefficients} coefficients from {self.mels} mels; expected no more than mels"
            )
        return self


class AugmentSettings(Settings):
    """Changes to the wave (speed, noise, gain), then SpecAugment: stripes of features set to the mean."""

    speed_percents: Annotated[
        tuple[SpeedPercent, ...], Field(min_length=1, max_length=100, fail_fast=True)
    ] = (100,)  # drawn for each row
    noise_share: Fraction = 0.0  # of the rows
    noise_snr_db: tuple[Decibels, Decibels] = (10.0, 40.0)
    gain_db: Annotated[float, Field(ge=0, le=40)] = 0.0  # up to this much louder or quieter
    bin_stripes: Stripes = 0
    bin_stripe_widest: StripeWidth = 10
    time_stripes: Stripes = 0
    time_stripe_widest: StripeWidth = 20
    time_masked_most: Fraction = 0.2  # of an utterance's frames, all stripes together


class ModelSettings(Settings):
    """DeepSpeech2: convolutions over (bins, frames), recurrent layers, a classifier.

    At a hop of 10 ms, a total time stride of 2 or 4 leaves enough frames for Korean; 8 does not.
    Without convolutions but with `embeddings` it is the BLSTM recogniser (preset blstm). A
    network that is not `bidirectional` may see `lookahead` future frames after its last layer.
    """

    channels: Annotated[tuple[Width, ...], AtMost16] = (32, 32)
    kernels: Annotated[tuple[Kernel, ...], AtMost16] = ((41, 11), (21, 11))
    bin_strides: Annotated[tuple[Stride, ...], AtMost16] = (2, 2)
    time_strides: Annotated[tuple[Stride, ...], AtMost16] = (2, 1)
    embeddings: Annotated[tuple[Width, ...], AtMost16] = ()  # widths of pointwise layers
    cell: Literal["gru", "lstm"] = "gru"
    bidirectional: bool = True
    lookahead: Annotated[int, Field(ge=0, le=1_000)] = 0
    layers: Annotated[int, Field(ge=1, le=100)] = 3
    hidden: Width = 512
    classifier: Annotated[tuple[Width, ...], AtMost16] = ()  # widths of layers before the last
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1

    @model_validator(mode="after")
    def _convolutions_agree(self) -> Self:
        sizes = {len(self.kernels), len(self.bin_strides), len(self.time_strides), len(self.channels)}
        if len(sizes) != 1:
            raise ValueError("channels, kernels, bin_strides and time_strides must have the same length")
        if self.lookahead and self.bidirectional:
            raise ValueError("lookahead needs bidirectional = false: a bidirectional model sees all frames")
        if any(size % 2 == 0 for kernel in self.kernels for size in kernel):
            raise ValueError("kernel sizes must be odd, so that each frame is the middle of its context")
        return self


class OptimSettings(Settings):
    """An optimiser of torch.optim, by name, and its learning rate.

    The rate warms up to its peak, then falls to `final_factor` of it: along a cosine, along a
    line, exponentially after staying at the peak for the share `hold` of the run (tri-stage), or
    by `plateau_factor` whenever `plateau_patience` validations in a row brought no improvement.
    """

    name: Annotated[str, Field(max_length=100)] = "AdamW"
    learning_rate: Annotated[float, Field(ge=1e-15, le=1_000)] = 1e-3
    betas: tuple[Fraction, Fraction] = (0.9, 0.98)  # where the optimiser has them
    weight_decay: Annotated[float, Field(ge=0, le=1_000)] = 1e-2
    options: dict[str, OptimOption] = Field(
        default_factory=dict, max_length=30
    )  # further arguments of the optimiser
    schedule: Literal["constant", "linear", "cosine", "tri-stage", "plateau"] = "cosine"
    warmup_steps: Annotated[int, Field(ge=0, le=MOST_STEPS)] = 200
    hold: Fraction = 0.4
    plateau_factor: Annotated[float, Field(gt=0, lt=1)] = 0.5
    plateau_patience: Count = 2
    final_factor: Fraction = 0.02
    clip_norm: Annotated[float, Field(ge=1e-15, le=1e15)] = 1.0
    accumulate: Annotated[int, Field(ge=1, le=10_000)] = 1
    precision: Literal["float32", "bf16", "fp16"] = "float32"  # bf16 pays on GPUs, and CPUs that support it
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = 0.0  # of the averaged weights; 0: no average


class BatchingSettings(Settings):
    """A batch holds at most `budget_s` seconds, padding included, and `most_rows` rows on each rank.

    It ends earlier when padding would make it longer than `most_padding` times its speech.

    With several manifests, `weights` says how often an epoch reads the rows of each: 2 means
    twice, 0.5 means a different half every epoch. Without weights every row is read once.
    """

    budget_s: Annotated[float, Field(ge=0.1, le=100_000)] = 240.0
    most_rows: Annotated[int, Field(ge=1, le=100_000)] = 256
    longest_s: Annotated[float, Field(ge=0.1, le=3_600)] = 40.0
    most_padding: Annotated[float, Field(gt=1, le=1_000)] = 1.1
    jitter: Annotated[float, Field(ge=0, lt=1)] = 0.05  # random change of lengths before sorting by them
    shortest_first: bool = True  # the first epoch goes from short to long (SortaGrad)
    weights: Annotated[tuple[ManifestWeight, ...], Field(max_length=10_000, fail_fast=True)] = ()

    @model_validator(mode="after")
    def _longest_fits(self) -> Self:
        if self.longest_s > self.budget_s:
            raise ValueError(f"longest_s {self.longest_s} exceeds budget_s {self.budget_s}")
        return self


class LoopSettings(Settings):
    """How long to train, how often to validate, save and log, and on what device."""

    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    epochs: Annotated[int, Field(ge=1, le=1_000_000)] = 40
    max_steps: Annotated[int, Field(ge=1, le=MOST_STEPS)] | None = None
    validate_every_epochs: Count = 1
    patience: Count | None = None  # end the run after this many validations without improvement
    checkpoint_minutes: Annotated[float, Field(gt=0, le=1_000_000)] = 15.0
    keep_last: Count = 2
    keep_best: Few = 1
    log_every_steps: Count = 20
    bad_steps_in_a_row: Count = 8  # end the run after this many skipped steps
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: Few | None = None  # of the CPU; by default torch uses all cores
    compile: bool = False  # torch.compile the batch norms: needs g++, and a minute at the start
    loader_timeout_s: Annotated[float, Field(ge=0.01, le=86_400)] = 60.0
    tensorboard: bool = True

    def seed_for(self, *purpose: int) -> int:
        """A seed for one purpose: the same for the same numbers, unrelated for others.

        Every step gets its own seed from its number, so that a resumed run draws what the
        uninterrupted one would have drawn, and no generator's state has to be saved.
        """
        state = np.random.SeedSequence([self.seed, *purpose]).generate_state(1, np.uint64)
        return int(state[0] >> 1)


class DecodeSettings(Settings):
    """How log-probabilities become labels or words (train/decoding)."""

    decoder: DecoderName = "greedy"  # measures the finished run
    beam: Annotated[int, Field(ge=1, le=10_000)] = 50  # hypotheses kept after each frame
    ngram_order: Annotated[int, Field(ge=2, le=6)] = 6  # the most that KenLM reads
    word_order: Annotated[int, Field(ge=2, le=6)] = 3
    words: Count = 200_000  # at most this many of the most frequent words
    model_rows: Count = 100_000  # rows of the train split that n-grams are estimated from
    tuned_rows: Count = 200  # rows of the valid split that weights are tuned on

    def models(self) -> dict[str, Any]:
        """The settings that the language models and their weights depend on."""
        return self.model_dump(mode="json", exclude={"decoder"})


class TrainSettings(Settings):
    """All settings of a run."""

    features: FeatureSettings = FeatureSettings()
    augment: AugmentSettings = AugmentSettings()
    model: ModelSettings = ModelSettings()
    optim: OptimSettings = OptimSettings()
    batching: BatchingSettings = BatchingSettings()
    loop: LoopSettings = LoopSettings()
    decode: DecodeSettings = DecodeSettings()

    @property
    def values_a_second(self) -> int:
        """The values that the widest layer makes of a second of audio."""
        model, rate, bins = self.model, -(-SAMPLE_RATE_HZ // self.features.hop), self.features.bins
        values = [rate * 2 * self.features.fft_size]
        for channels, bin_stride, time_stride in zip(
            model.channels, model.bin_strides, model.time_strides, strict=True
        ):
            bins, rate = -(-bins // bin_stride), -(-rate // time_stride)
            values.append(rate * bins * channels)
        gates = {"gru": 3, "lstm": 4}[model.cell] * (2 if model.bidirectional else 1)
        widths = (*model.embeddings, *model.classifier, gates * model.hidden)
        return max([*values, *(rate * width for width in widths)])

    @model_validator(mode="after")
    def _layers_are_not_too_wide(self) -> Self:
        if self.values_a_second > MOST_VALUES_A_SECOND:
            raise ValueError(
                f"a layer of this network would have {self.values_a_second:,} values for a second of audio;"
                f" expected at most {MOST_VALUES_A_SECOND:,}: lower model.channels or model.hidden, or raise"
                " features.hop_ms or the strides"
            )
        return self

    def resume_signature(self) -> dict[str, Any]:
        """The settings that determine the losses: a resumed run must have the same ones.

        How long to train and how often to validate, save and log is not among them.
        """
        content = self.model_dump(mode="json", exclude={"decode": True})
        content["loop"] = {key: content["loop"][key] for key in ("seed", "epochs", "bad_steps_in_a_row")}
        return content


def read_settings(
    preset: str | None, assignments: Sequence[str], *, base: TrainSettings | None = None
) -> TrainSettings:
    """Settings from a preset and `stage.key=value` assignments.

    Without a preset they start from `base` (the settings of a resumed run), or else from the
    default preset.

    Raises:
        InputRejected: The preset or a key is unknown, or a value has the wrong type or range.
    """
    if preset is None and base is not None:
        tables = base.model_dump(mode="json")
    else:
        tables = read_preset(preset or DEFAULT_PRESET, folder=PRESETS)
    return TrainSettings.from_tables(_without_nothing(tables), parse_overrides(assignments))


def _without_nothing(tables: dict[str, Any]) -> dict[str, Any]:
    """The tables without their nulls, as TOML writes them: there an absent key means null."""
    return {
        key: _without_nothing(value) if isinstance(value, dict) else value
        for key, value in tables.items()
        if value is not None
    }
