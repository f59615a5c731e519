"""The audio stage: a recording on disk becomes a 16 kHz clip.

    settings     what may be chosen, and within which bounds
    recordings   Recordings: files opened and hashed once, read in slices; faults as values
    decoders     headerless PCM, and whatever libsndfile reads
    truncation   WAV and Ogg files that end before their audio does
    samples      several channels to one, any rate to 16 kHz, float32 to 16 bits
    silence      collapse_silence: long pauses shortened, speech untouched
    levels       powers of short frames, noise floor, speech level
    denoise      denoise: the engine that the settings name
    gate         the stationary spectral gate, in float32
    clip         prepare_clip: all of it in order, and what is not worth keeping

Importing the package, or its settings, loads neither scipy nor soundfile nor webrtcvad: a name
is fetched from its module at first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pipeline.audio.settings import AcceptanceSettings, DenoiseSettings, SilenceSettings

if TYPE_CHECKING:
    from pipeline.audio.clip import prepare_clip
    from pipeline.audio.recordings import Recordings
    from pipeline.audio.silence import Collapsed, collapse_silence

__all__ = [
    "AcceptanceSettings",
    "Collapsed",
    "DenoiseSettings",
    "Recordings",
    "SilenceSettings",
    "collapse_silence",
    "prepare_clip",
]

_MODULES = {
    "Collapsed": "silence",
    "Recordings": "recordings",
    "collapse_silence": "silence",
    "prepare_clip": "clip",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
