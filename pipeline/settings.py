"""The pipeline's settings: one frozen model per stage, all of them recorded in the manifest.

What cannot change the bytes of a shard (the number of workers, progress) is not a setting.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from pipeline.audio.settings import AcceptanceSettings, DenoiseSettings, SilenceSettings
from pipeline.contract.errors import InputRejected
from pipeline.contract.settings import Settings, merge_tables, parse_overrides, read_toml
from pipeline.phonology import UserLexicon, take_lexicon
from pipeline.phonology.settings import PhonologySettings
from pipeline.phonology.user_lexicon import carried_name
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


def load_settings(
    *, preset: Path | None, overrides: tuple[str, ...]
) -> tuple[PipelineSettings, UserLexicon | None]:
    """The defaults, overridden by a TOML file if there is one, and then by `stage.key=value`.

    Returns:
        The settings, and the lexicon whose path the user gave. The settings name it by its hash.

    Raises:
        InputRejected: There is no such file, a key is unknown, or a value has the wrong type or range;
            or the lexicon is not one.
    """
    tables = merge_tables({} if preset is None else read_toml(preset), parse_overrides(overrides))
    path = tables["phonology"].get("lexicon") if isinstance(tables.get("phonology"), dict) else None
    if not isinstance(path, str) or not path:
        return PipelineSettings.from_tables(tables), None
    lexicon = take_lexicon(Path(path))
    expected = tables["phonology"].get("lexicon_sha256", lexicon.sha256)
    if expected != lexicon.sha256:
        raise InputRejected(
            f"the lexicon {path} is not the one expected: it has the SHA-256 {lexicon.sha256},"
            f" the settings say {expected}"
        )
    recorded = {"lexicon": carried_name(lexicon.sha256), "lexicon_sha256": lexicon.sha256}
    return PipelineSettings.from_tables(tables, {"phonology": recorded}), lexicon
