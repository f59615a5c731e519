"""espeak-ng through ctypes, in its synchronous mode, with the same samples for the same request.

The library keeps state between requests that no call resets (the phase of its wave, its slow
pitch drift, its random numbers): saying one sentence twice gives two recordings. So every
request opens the library anew, which costs about a millisecond.

espeak-ng is GPL-3.0; it comes as a tool of its own in the wheel `espeakng-loader` and nothing
of it is part of this project. Source of the declarations: espeak-ng's `speak_lib.h`, 1.52.
"""

import ctypes
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.contract.errors import MissingResource

RATE_HZ = 22_050

_SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS
_POSITION_CHARACTER = 1  # POS_CHARACTER
_UTF8_WITH_PHONEMES = 0x001 | 0x100  # espeakCHARS_UTF8 | espeakPHONEMES: [[...]] holds mnemonics
_WORDS_PER_MINUTE, _PITCH = 1, 3  # espeakRATE, espeakPITCH
_OK = 0

_ON_SAMPLES = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


@dataclass(frozen=True, slots=True)
class Voice:
    """How a sentence is spoken.

    Attributes:
        name: A voice of espeak-ng, with its variant: `ko+f2`.
        words_per_minute: espeak-ng's own measure of speed.
        pitch: Base pitch, 0..99.
    """

    name: str
    words_per_minute: int
    pitch: int


def speak(text: str, *, voice: Voice, seed: int) -> npt.NDArray[np.int16]:
    """Synthesise `text` and return its samples.

    Args:
        text: Plain text; what stands in double square brackets is phoneme mnemonics.
        voice: Who says it, how fast and how high.
        seed: Of espeak-ng's noise (breath, frication of some voices).

    Returns:
        Shape (S,), int16, 22.05 kHz.

    Raises:
        MissingResource: The wheel is not installed, or it has no such voice.
    """
    library_path, data_path = _installed()
    library = ctypes.CDLL(library_path)
    try:
        return _speak(library, data_path, text, voice=voice, seed=seed)
    finally:
        library.espeak_Terminate()
        _close(library)


def require_espeak() -> None:
    """Raise MissingResource when espeak-ng is not installed."""
    _installed()


def _installed() -> tuple[str, str]:
    try:
        import espeakng_loader
    except ImportError as error:
        raise MissingResource(
            "espeakng-loader is not installed, and the bundled sample is spoken by it:"
            " install the extra `sample` (`make preprocess` does)"
        ) from error
    return str(espeakng_loader.get_library_path()), str(espeakng_loader.get_data_path())


def _speak(
    library: ctypes.CDLL, data_path: str, text: str, *, voice: Voice, seed: int
) -> npt.NDArray[np.int16]:
    parts: list[bytes] = []

    def collect(samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int | None) -> int:
        if count > 0:
            parts.append(ctypes.string_at(samples, count * 2))
        return 0

    rate_hz = library.espeak_Initialize(_SYNCHRONOUS, 0, data_path.encode(), 0)
    if rate_hz != RATE_HZ:
        raise MissingResource(
            f"espeak-ng answers {rate_hz} Hz from {data_path}, expected {RATE_HZ}: reinstall"
        )
    on_samples = _ON_SAMPLES(collect)  # must outlive the request
    library.espeak_SetSynthCallback(on_samples)
    if library.espeak_SetVoiceByName(voice.name.encode()) != _OK:
        raise MissingResource(f"espeak-ng has no voice {voice.name!r} in {data_path}: reinstall it")
    library.espeak_SetParameter(_WORDS_PER_MINUTE, voice.words_per_minute, 0)
    library.espeak_SetParameter(_PITCH, voice.pitch, 0)
    library.espeak_ng_SetRandSeed(ctypes.c_long(seed))
    message = text.encode() + b"\0"
    library.espeak_Synth(
        message, ctypes.c_size_t(len(message)), 0, _POSITION_CHARACTER, 0, _UTF8_WITH_PHONEMES, None, None
    )
    return np.frombuffer(b"".join(parts), np.int16)


def _close(library: ctypes.CDLL) -> None:
    """Unload the library, so that the next request begins from its first state."""
    process = ctypes.CDLL(None)
    process.dlclose.argtypes = [ctypes.c_void_p]
    process.dlclose(library._handle)  # noqa: SLF001 - ctypes offers no other way to unload
