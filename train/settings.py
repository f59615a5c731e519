"""The settings of a training run; one section for each stage."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from pipeline.contract.settings import Settings, parse_overrides, read_preset

PRESETS: Final = Path(__file__).parent / "presets"
DEFAULT_PRESET: Final = "small"


Fraction = Annotated[float, Field(ge=0, le=1)]
Kernel = tuple[PositiveInt, PositiveInt]
SpeedPercent = Annotated[int, Field(ge=50, le=200)]
Decibels = Annotated[float, Field(ge=-40, le=100)]


class FeatureSettings(Settings):
    """Log-mel features, or the first cepstral coefficients of them (MFCC).

    80 mels at an FFT of 320 leave a filter empty: 400 or 512. Normalised `utterance` by
    utterance, or with the statistics of the train split (`corpus`), as streaming needs.
    """

    kind: Literal["log-mel", "mfcc"] = "log-mel"
    mels: Annotated[int, Field(ge=8, le=256)] = 80
    coefficients: Annotated[int, Field(ge=1, le=256)] = 40
    normalise: Literal["utterance", "corpus"] = "utterance"
    window_ms: PositiveInt = 25
    hop_ms: PositiveInt = 10
    fft_size: PositiveInt = 512
    lowest_hz: Annotated[float, Field(ge=0)] = 20.0
    highest_hz: Annotated[float, Field(gt=0, le=8000)] = 8000.0

    @property
    def bins(self) -> int:
        """Values of one frame."""
        return self.coefficients if self.kind == "mfcc" else self.mels

    @model_validator(mode="after")
    def _coefficients_exist(self) -> Self:
        if self.kind == "mfcc" and self.coefficients > self.mels:
            raise ValueError(f"{self.coefficients} coefficients of {self.mels} mels: at most as many")
        return self


class AugmentSettings(Settings):
    """Changes to the wave (speed, noise, gain), then SpecAugment: stripes set to the mean."""

    speed_percents: Annotated[tuple[SpeedPercent, ...], Field(min_length=1)] = (100,)  # one is drawn a row
    noise_share: Fraction = 0.0  # of the rows
    noise_snr_db: tuple[Decibels, Decibels] = (10.0, 40.0)
    gain_db: Annotated[float, Field(ge=0, le=40)] = 0.0  # up to this much louder or quieter
    bin_stripes: Annotated[int, Field(ge=0)] = 0
    bin_stripe_widest: PositiveInt = 10
    time_stripes: Annotated[int, Field(ge=0)] = 0
    time_stripe_widest: PositiveInt = 20
    time_masked_most: Fraction = 0.2  # share of an utterance's frames, all stripes together


class ModelSettings(Settings):
    """DeepSpeech2: convolutions over (bins, frames), recurrent layers, a classifier.

    A total time stride of 2 or 4 leaves enough frames for Korean at 10 ms; 8 does not. With
    no convolutions and some `embeddings` it is the BLSTM recogniser (preset blstm). Without
    `bidirectional`, `lookahead` frames of the future are convolved after the last layer.
    """

    channels: tuple[PositiveInt, ...] = (32, 32)
    kernels: tuple[Kernel, ...] = ((41, 11), (21, 11))
    bin_strides: tuple[PositiveInt, ...] = (2, 2)
    time_strides: tuple[PositiveInt, ...] = (2, 1)
    embeddings: tuple[PositiveInt, ...] = ()  # widths of pointwise layers
    cell: Literal["gru", "lstm"] = "gru"
    bidirectional: bool = True
    lookahead: Annotated[int, Field(ge=0)] = 0
    layers: PositiveInt = 3
    hidden: PositiveInt = 512
    classifier: tuple[PositiveInt, ...] = ()  # widths of layers before the last
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1

    @model_validator(mode="after")
    def _convolutions_agree(self) -> Self:
        sizes = {len(self.kernels), len(self.bin_strides), len(self.time_strides), len(self.channels)}
        if len(sizes) != 1:
            raise ValueError("channels, kernels, bin_strides and time_strides must be equally long")
        if self.lookahead and self.bidirectional:
            raise ValueError("lookahead is for a model that is not bidirectional")
        if any(size % 2 == 0 for kernel in self.kernels for size in kernel):
            raise ValueError("kernels must be odd, so that a frame stays in the middle of its context")
        return self


class OptimSettings(Settings):
    """An optimiser of torch.optim by name, and its learning rate.

    The rate warms up, then falls to `final_factor` of its peak: along a cosine or a line, or
    after holding for `hold` of the run (tri-stage), or by `plateau_factor` whenever
    `plateau_patience` validations in a row brought nothing better.
    """

    name: str = "AdamW"
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    betas: tuple[Fraction, Fraction] = (0.9, 0.98)  # where the optimiser has them
    weight_decay: Annotated[float, Field(ge=0)] = 1e-2
    options: dict[str, float | bool] = Field(default_factory=dict)  # others that the optimiser takes
    schedule: Literal["constant", "linear", "cosine", "tri-stage", "plateau"] = "cosine"
    warmup_steps: Annotated[int, Field(ge=0)] = 200
    hold: Fraction = 0.4
    plateau_factor: Annotated[float, Field(gt=0, lt=1)] = 0.5
    plateau_patience: PositiveInt = 2
    final_factor: Fraction = 0.02
    clip_norm: Annotated[float, Field(gt=0)] = 1.0
    accumulate: PositiveInt = 1
    precision: Literal["float32", "bf16", "fp16"] = "float32"  # bf16: a GPU, or a CPU that has it
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = 0.0  # of the averaged weights; 0 keeps none


class BatchingSettings(Settings):
    """A batch holds at most `budget_s` seconds, padding counted, and `most_rows` rows a rank.

    It ends before that when `most_padding` times its speech would be exceeded.

    With several manifests, `weights` says how often an epoch reads each one's rows: 2 is
    twice, 0.5 another half of them every epoch; none given is once each.
    """

    budget_s: Annotated[float, Field(gt=0)] = 240.0
    most_rows: PositiveInt = 256
    longest_s: Annotated[float, Field(gt=0)] = 40.0
    most_padding: Annotated[float, Field(gt=1)] = 1.1
    jitter: Annotated[float, Field(ge=0, lt=1)] = 0.05  # of a length, before sorting by it
    shortest_first: bool = True  # the first epoch in order of length (SortaGrad)
    weights: tuple[Annotated[float, Field(gt=0, le=100)], ...] = ()

    @model_validator(mode="after")
    def _longest_fits(self) -> Self:
        if self.longest_s > self.budget_s:
            raise ValueError(f"longest_s {self.longest_s} is over budget_s {self.budget_s}")
        return self


class LoopSettings(Settings):
    """How long to train, and how often to look."""

    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    epochs: PositiveInt = 40
    max_steps: PositiveInt | None = None
    validate_every_epochs: PositiveInt = 1
    patience: PositiveInt | None = None  # validations in a row without a better one: the run ends
    checkpoint_minutes: Annotated[float, Field(gt=0)] = 15.0
    keep_last: PositiveInt = 2
    keep_best: PositiveInt = 1
    log_every_steps: PositiveInt = 20
    bad_steps_in_a_row: PositiveInt = 8
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: PositiveInt | None = None  # of a CPU; without it torch takes all cores
    compile: bool = False  # torch.compile of the batch norms: a minute at the start
    loader_timeout_s: Annotated[float, Field(gt=0)] = 60.0
    tensorboard: bool = True


class DecodeSettings(Settings):
    """How log-probabilities become labels, or words (train/decoding)."""

    decoder: Literal["greedy", "beam", "ngram", "words"] = "greedy"  # that measures a finished run
    beam: PositiveInt = 50  # hypotheses kept after each frame
    ngram_order: Annotated[int, Field(ge=2, le=6)] = 6  # KenLM reads no more
    word_order: Annotated[int, Field(ge=2, le=6)] = 3
    words: PositiveInt = 200_000  # the most frequent ones
    model_rows: PositiveInt = 100_000  # of the train split, for the n-grams
    tuned_rows: PositiveInt = 200  # of the valid split, for the weights

    def models(self) -> dict[str, Any]:
        """What the models and their weights depend on."""
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

    def resume_signature(self) -> dict[str, Any]:
        """What decides the course of the losses: a resumed run must have the same.

        How far to go and how often to look is not part of it.
        """
        content = self.model_dump(mode="json", exclude={"decode": True})
        content["loop"] = {key: content["loop"][key] for key in ("seed", "epochs", "bad_steps_in_a_row")}
        return content


def read_settings(
    preset: str | None, assignments: Sequence[str], *, base: TrainSettings | None = None
) -> TrainSettings:
    """Settings from a preset and `stage.key=value` assignments.

    Without a preset they start from `base` (a resumed run's), or else from the default one.

    Raises:
        InputRejected: The preset or a key is unknown, or a value is not of its type or range.
    """
    if preset is None and base is not None:
        tables = base.model_dump(mode="json")
    else:
        tables = read_preset(preset or DEFAULT_PRESET, folder=PRESETS)
    return TrainSettings.from_tables(_without_nothing(tables), parse_overrides(assignments))


def _without_nothing(tables: dict[str, Any]) -> dict[str, Any]:
    """TOML has no null: an absent key stands for it, so that both sources merge alike."""
    return {
        key: _without_nothing(value) if isinstance(value, dict) else value
        for key, value in tables.items()
        if value is not None
    }
