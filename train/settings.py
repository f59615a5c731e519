"""The settings of a training run; one section for each stage."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from pipeline.contract.settings import Settings, parse_overrides, read_preset

PRESETS: Final = Path(__file__).parent / "presets"
DEFAULT_PRESET: Final = "small"

Positive = Annotated[int, Field(gt=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Kernel = tuple[Positive, Positive]


class FeatureSettings(Settings):
    """Log-mel features. 80 mels at an FFT of 320 leave a filter empty: 400 or 512."""

    mels: Annotated[int, Field(ge=8, le=256)] = 80
    window_ms: Positive = 25
    hop_ms: Positive = 10
    fft_size: Positive = 512
    lowest_hz: Annotated[float, Field(ge=0)] = 20.0
    highest_hz: Annotated[float, Field(gt=0, le=8000)] = 8000.0


class AugmentSettings(Settings):
    """SpecAugment: stripes of bins and of frames set to the utterance's mean."""

    bin_stripes: Annotated[int, Field(ge=0)] = 0
    bin_stripe_widest: Positive = 10
    time_stripes: Annotated[int, Field(ge=0)] = 0
    time_stripe_widest: Positive = 20
    time_masked_most: Fraction = 0.2  # share of an utterance's frames, all stripes together


class ModelSettings(Settings):
    """DeepSpeech2: convolutions over (bins, frames), recurrent layers, one classifier.

    A total time stride of 2 or 4 leaves enough frames for Korean at 10 ms; 8 does not.
    """

    channels: tuple[Positive, ...] = (32, 32)
    kernels: tuple[Kernel, ...] = ((41, 11), (21, 11))
    bin_strides: tuple[Positive, ...] = (2, 2)
    time_strides: tuple[Positive, ...] = (2, 1)
    layers: Positive = 3
    hidden: Positive = 512
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1

    @model_validator(mode="after")
    def _convolutions_agree(self) -> Self:
        sizes = {len(self.kernels), len(self.bin_strides), len(self.time_strides), len(self.channels)}
        if len(sizes) != 1 or not self.channels:
            raise ValueError(
                "channels, kernels, bin_strides and time_strides must be equally long, 1 or more"
            )
        if any(size % 2 == 0 for kernel in self.kernels for size in kernel):
            raise ValueError("kernels must be odd, so that a frame stays in the middle of its context")
        return self


class OptimSettings(Settings):
    """AdamW under a learning rate that warms up, then falls to `final_factor` of its peak."""

    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    betas: tuple[Fraction, Fraction] = (0.9, 0.98)
    weight_decay: Annotated[float, Field(ge=0)] = 1e-2
    warmup_steps: Annotated[int, Field(ge=0)] = 200
    decay: Literal["none", "linear", "cosine"] = "cosine"
    final_factor: Fraction = 0.02
    clip_norm: Annotated[float, Field(gt=0)] = 1.0
    accumulate: Positive = 1


class BatchingSettings(Settings):
    """A batch holds at most `budget_s` seconds, padding counted, and `most_rows` rows."""

    budget_s: Annotated[float, Field(gt=0)] = 240.0
    most_rows: Positive = 256
    longest_s: Annotated[float, Field(gt=0)] = 40.0
    jitter: Annotated[float, Field(ge=0, lt=1)] = 0.05  # of a length, before sorting by it
    shortest_first: bool = True  # the first epoch in order of length (SortaGrad)

    @model_validator(mode="after")
    def _longest_fits(self) -> Self:
        if self.longest_s > self.budget_s:
            raise ValueError(f"longest_s {self.longest_s} is over budget_s {self.budget_s}")
        return self


class LoopSettings(Settings):
    """How long to train, and how often to look."""

    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    epochs: Positive = 40
    max_steps: Positive | None = None
    validate_every_epochs: Positive = 1
    checkpoint_minutes: Annotated[float, Field(gt=0)] = 15.0
    keep_last: Positive = 2
    log_every_steps: Positive = 20
    bad_steps_in_a_row: Positive = 8
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: Positive | None = None  # of a CPU; without it torch takes all cores


class DecodeSettings(Settings):
    """How log-probabilities become labels."""

    decoder: Literal["greedy"] = "greedy"


class TrainSettings(Settings):
    """All settings of a run."""

    features: FeatureSettings = FeatureSettings()
    augment: AugmentSettings = AugmentSettings()
    model: ModelSettings = ModelSettings()
    optim: OptimSettings = OptimSettings()
    batching: BatchingSettings = BatchingSettings()
    loop: LoopSettings = LoopSettings()
    decode: DecodeSettings = DecodeSettings()

    def course(self) -> dict[str, Any]:
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
