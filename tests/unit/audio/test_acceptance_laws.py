"""Laws of acceptance: whatever preprocessing keeps, `verify --deep` finds good; no setting breaks a run."""

import contextlib
from typing import get_args

import numpy as np
import pytest
import soundfile
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.audio.clip import prepare_clip
from pipeline.audio.hearing import HeardRecording, hear_recording
from pipeline.audio.recordings import Recordings
from pipeline.audio.samples import SILENT_PEAK, mix_to_mono, to_pcm16
from pipeline.audio.settings import AcceptanceSettings, DenoiseSettings, FrontEndSettings, SilenceSettings
from pipeline.contract.errors import InputRejected
from pipeline.contract.reasons import Reason
from pipeline.contract.sound import LONGEST_S, MOST_CHANNELS, RATES_HZ, sound_problem
from pipeline.dataset.examine import find_audio_problem
from pipeline.record import AudioSource, Clip, Recording, Rejection, SourceSpan
from pipeline.shards.writer import encode_flac, encode_wav

MOST = settings(max_examples=80, deadline=None)
EXTREMES = (5e-324, 1e-300, 1e-9, 0.5, 1e9, 1.1e9, 1e300, 1.7e308)


def prepare(wave, *, rate_hz=16_000, tables=None):
    tables = tables or {}
    recording = Recording(wave, SourceSpan(rate_hz, offset=0, length=len(wave), sha256=""))
    return prepare_clip(
        recording,
        silence=SilenceSettings.from_tables(tables.get("silence", {})),
        denoise=DenoiseSettings.from_tables(tables.get("denoise", {})),
        acceptance=AcceptanceSettings.from_tables(tables.get("acceptance", {})),
    )


@st.composite
def faint_signals(draw):
    """Noise, a constant, pulses or channels that cancel out, at any amplitude down to denormal numbers."""
    seed, length = draw(st.integers(0, 999)), draw(st.integers(1, 40_000))
    noise = np.random.default_rng(seed).uniform(-1, 1, length)
    kind = draw(st.sampled_from(["noise", "constant", "pulse", "antiphase", "stereo", "not finite"]))
    amplitude = draw(st.sampled_from([1e-45, 1e-38, 1e-20, 1.5e-5, 2**-16, 2**-15, 1e-3, 1.0, 1e30]))
    wave = {
        "constant": np.ones(length),
        "pulse": np.eye(1, length, length // 2)[0],
        "antiphase": np.stack([noise, 1e-6 - noise], axis=1),
        "stereo": np.stack([noise, noise[::-1]], axis=1),
    }.get(kind, noise)
    wave = (wave * amplitude).astype(np.float32)
    if kind == "not finite":
        wave[length // 2] = draw(st.sampled_from([np.nan, np.inf, -np.inf]))
    return wave if wave.ndim == 1 else mix_to_mono(wave)


@MOST
@given(
    wave=faint_signals(),
    rate_hz=st.sampled_from([4_000, 8_000, 16_000, 44_100, 384_000]),
    engine=st.sampled_from(["off", "gate"]),
)
@example(wave=np.tile(np.float32([2e-5, -2e-5]), 8_000) * np.float32(0.7), rate_hz=16_000, engine="off")
def test_what_is_kept_passes_the_deep_verification(wave, rate_hz, engine):
    tables = {"denoise": {"engine": engine}, "acceptance": {"shortest_s": 1e-6}}
    clip = prepare(wave, rate_hz=rate_hz, tables=tables)
    if isinstance(clip, Rejection):
        return
    for encode in (encode_wav, encode_flac):
        assert find_audio_problem(encode(clip.wave), num_samples=clip.wave.size) is None
    assert np.isfinite([clip.measurements.peak, clip.measurements.noise_floor_db]).all()


@given(st.floats(0, 1, width=32))
def test_the_silent_peak_is_where_sixteen_bits_begin(peak):
    assert to_pcm16(np.array([peak], np.float32)).any() == (peak > SILENT_PEAK)


@pytest.mark.parametrize("content", ["antiphase", "denormal"])
def test_silence_by_another_name_is_dropped(tmp_path, murmur, content):
    wave = murmur(1.0)
    stereo = np.stack([wave, 1e-5 - wave], axis=1)
    soundfile.write(
        tmp_path / "a.wav", stereo if content == "antiphase" else wave * 1e-38, 16_000, subtype="FLOAT"
    )
    with Recordings() as recordings:
        found = prepare(recordings.read(AudioSource(tmp_path / "a.wav")).wave)
    assert isinstance(found, Rejection)
    assert found.reason == Reason.SILENT_AUDIO


def numbers(model):
    """The names of a stage's settings that are floats."""
    fields = model.model_fields.items()
    return [name for name, field in fields if float in (field.annotation, *get_args(field.annotation))]


@pytest.mark.parametrize(
    ("stage", "name"),
    [
        (stage, name)
        for stage, model in (
            ("silence", SilenceSettings), ("denoise", DenoiseSettings), ("acceptance", AcceptanceSettings)
        )
        for name in numbers(model)
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", EXTREMES)
def test_an_extreme_setting_is_refused_or_works(murmur, stage, name, value):
    wave = np.concatenate([murmur(1.0), np.zeros(16_000 * 4, np.float32), murmur(1.0)])
    companions = {"cross_fade_ms": 0.0} if stage == "silence" and name != "cross_fade_ms" else {}
    with contextlib.suppress(InputRejected):
        assert isinstance(prepare(wave, tables={stage: {**companions, name: value}}), Clip | Rejection)


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "AIFF", "AU", "W64"])
@pytest.mark.parametrize("rate_hz", [1, 3_999, 4_000, 384_000, 384_010, 600_000])
def test_every_reader_of_recordings_keeps_to_the_same_rates(tmp_path, murmur, kind, rate_hz):
    path = tmp_path / "a.wav"
    soundfile.write(path, murmur(2.0), rate_hz, format=kind, subtype="PCM_16")
    with Recordings() as recordings:
        found = recordings.read(AudioSource(path))
    heard = hear_recording(path, settings=FrontEndSettings.off())
    if rate_hz in RATES_HZ:
        assert isinstance(found, Recording)
        assert isinstance(heard, HeardRecording)
    else:
        assert found == heard
        assert found.reason == Reason.UNREADABLE_AUDIO
        assert f"it claims {rate_hz} Hz" in found.detail


@pytest.mark.parametrize(("channels", "fits"), [(1, True), (8, True), (64, False)])
def test_many_channels_are_not_decoded_beyond_what_memory_should_hold(tmp_path, channels, fits):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.full((96_000, channels), 0.1, np.float32), 48_000, subtype="PCM_16")
    with Recordings(longest_s=2.0) as recordings:
        found = recordings.read(AudioSource(path))
    assert isinstance(found, Recording) == fits
    assert fits or found.reason == Reason.TOO_LONG_AUDIO


@given(rate_hz=st.integers(-(2**31), 2**32), channels=st.integers(-1, 70_000), frames=st.integers(-1, 2**64))
def test_sound_within_the_bounds_has_no_problem(rate_hz, channels, frames):
    good = rate_hz in RATES_HZ and 1 <= channels <= MOST_CHANNELS and 0 <= frames <= LONGEST_S * rate_hz
    assert (sound_problem(rate_hz=rate_hz, channels=channels, frames=frames) is None) == good
