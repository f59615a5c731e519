"""The pipeline's settings: one frozen model per stage, all of them recorded in the manifest.

What cannot change the bytes of a shard (the number of workers, progress) is not a setting.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from pipeline.audio.settings import AcceptanceSettings, DenoiseSettings, SilenceSettings
from pipeline.contract.settings import Settings, parse_overrides, read_toml
from pipeline.phonology.settings import PhonologySettings
from pipeline.shards.settings import ShardSettings, SplitSettings
from pipeline.transcript.settings import TranscriptSettings


class CtcSettings(Settings):
    """The coarsest time resolution a recogniser will be trained at.

    Attributes:
        frame_samples: Samples at 16 kHz that one output frame of the network covers. An
            utterance whose labels need more frames than it has cannot be trained on and is
            dropped. 640 is a 10 ms hop and a total stride of 4, the trainer's largest.
    """

    frame_samples: Annotated[int, Field(ge=1)] = 640


class PipelineSettings(Settings):
    """All settings that can change the bytes of a shard."""

    transcript: TranscriptSettings = TranscriptSettings()
    acceptance: AcceptanceSettings = AcceptanceSettings()
    silence: SilenceSettings = SilenceSettings()
    denoise: DenoiseSettings = DenoiseSettings()
    phonology: PhonologySettings = PhonologySettings()
    ctc: CtcSettings = CtcSettings()
    split: SplitSettings = SplitSettings()
    shards: ShardSettings = ShardSettings()


def load_settings(*, preset: Path | None, overrides: tuple[str, ...]) -> PipelineSettings:
    """The defaults, overridden by a TOML file if there is one, and then by `stage.key=value`.

    Raises:
        InputRejected: There is no such file, a key is unknown, or a value has the wrong type or range.
    """
    tables = {} if preset is None else read_toml(preset)
    return PipelineSettings.from_tables(tables, parse_overrides(overrides))
