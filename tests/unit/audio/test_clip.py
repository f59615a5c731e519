from dataclasses import replace

import numpy as np
import pytest
import soundfile
import soxr

from pipeline.audio.clip import prepare_clip
from pipeline.audio.recordings import Recordings
from pipeline.audio.settings import ANY_SNR_DB, AcceptanceSettings, DenoiseSettings, SilenceSettings
from pipeline.contract.reasons import Reason
from pipeline.record import AudioSource, Clip, Recording, Rejection, SourceSpan

RATE_HZ = 16_000
OFF = DenoiseSettings(engine="off")
EVERYWHERE = DenoiseSettings(max_snr_db=ANY_SNR_DB)


def prepare(wave, *, rate_hz=RATE_HZ, offset=0, denoise=OFF, **acceptance):
    wave = np.asarray(wave, np.float32)
    source = SourceSpan(rate_hz, offset=offset, length=len(wave), sha256="")
    return prepare_clip(
        Recording(wave, source),
        silence=SilenceSettings(),
        denoise=denoise,
        acceptance=AcceptanceSettings(**acceptance),
    )


def test_a_plain_clip_comes_through(murmur):
    wave = murmur(2.0)
    clip = prepare(wave)
    np.testing.assert_array_equal(clip.wave, wave)
    assert clip.kept == ((0, len(wave)),)
    assert clip.measurements.silence_removed_samples == 0
    assert clip.measurements.peak == pytest.approx(np.abs(wave).max())


def test_kept_counts_from_the_start_of_the_recording(murmur):
    assert prepare(murmur(2.0), offset=123_456).kept == ((123_456, 123_456 + 32_000),)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 44_100, 48_000])
def test_kept_is_in_samples_of_the_recording(murmur, rate_hz):
    at_16k = np.concatenate([murmur(2.0), np.zeros(5 * RATE_HZ, np.float32), murmur(2.0)])
    wave = soxr.resample(at_16k, RATE_HZ, rate_hz)
    clip = prepare(wave, rate_hz=rate_hz, offset=1_000)
    (start, left), (right, end) = clip.kept
    assert (start, end) == (1_000, 1_000 + len(wave))
    assert (left - start) / rate_hz == pytest.approx(2.5, abs=0.1)
    assert (end - right) / rate_hz == pytest.approx(2.5, abs=0.1)
    seconds = (left - start + end - right) / rate_hz
    assert len(clip.wave) / RATE_HZ == pytest.approx(seconds, abs=2 / rate_hz + 1 / RATE_HZ)
    removed = clip.measurements.silence_removed_samples
    assert removed + len(clip.wave) == pytest.approx(9 * RATE_HZ, abs=2)


def test_the_longest_length_applies_to_what_is_left(murmur):
    pause = np.zeros(20 * RATE_HZ, np.float32)
    assert isinstance(prepare(np.concatenate([murmur(10.0), pause, murmur(10.0)])), Clip)
    found = prepare(np.concatenate([murmur(16.0), pause, murmur(16.0)]))
    assert isinstance(found, Rejection)
    assert found.reason == Reason.TOO_LONG_AUDIO
    assert found.detail.endswith("(52.000 s recorded); 30 s are the most")


@pytest.mark.parametrize(
    ("wave", "reason"),
    [
        ([], Reason.EMPTY_AUDIO),
        (np.zeros(RATE_HZ), Reason.SILENT_AUDIO),
        (np.full(RATE_HZ, np.nan), Reason.NOT_FINITE_AUDIO),
        ([0.5, -0.5] * 100, Reason.TOO_SHORT_AUDIO),
    ],
)
def test_rejections(wave, reason):
    assert prepare(wave).reason == reason


@pytest.mark.parametrize("peak", [1.5, 30_000.0, 3e38])
def test_samples_beyond_full_scale_are_scaled_not_clipped(murmur, peak):
    wave = murmur(2.0).astype(np.float64)
    wave *= peak / np.abs(wave).max()
    clip = prepare(wave)
    assert np.abs(clip.wave).max() == pytest.approx(1)
    np.testing.assert_allclose(clip.wave, wave / peak, atol=1e-6)
    assert clip.measurements.peak == pytest.approx(peak, rel=1e-6)


@pytest.mark.parametrize("rate_hz", [RATE_HZ, 44_100])
@pytest.mark.parametrize("engine", ["gate", "noisereduce", "off"])
def test_samples_fit_16_bits(rate_hz, engine):
    square = np.sign(np.sin(2 * np.pi * 150 * np.arange(2 * rate_hz) / rate_hz))
    noise = np.random.default_rng(0).standard_normal(len(square))
    wave = np.where(np.arange(len(square)) < rate_hz, square, 0.01 * noise)
    clip = prepare(wave, rate_hz=rate_hz, denoise=DenoiseSettings(engine=engine, max_snr_db=ANY_SNR_DB))
    assert clip.wave.dtype == np.float32
    assert np.isfinite(clip.wave).all()
    assert np.abs(clip.wave).max() <= 1


def test_levels_are_measured_before_denoising(murmur):
    draw = np.random.default_rng(0)
    pause = 0.001 * draw.standard_normal(2 * RATE_HZ)
    wave = np.concatenate([murmur(3.0), pause])
    loud, quiet = prepare(wave), prepare(wave, denoise=EVERYWHERE)
    assert loud.measurements == quiet.measurements
    assert loud.measurements.noise_floor_db == pytest.approx(-60, abs=1.5)
    assert -40 < loud.measurements.speech_level_db < -20


def test_by_default_a_noisy_clip_is_denoised_and_a_clean_one_comes_out_bit_for_bit(murmur):
    pause = np.zeros(RATE_HZ, np.float32)
    speech = np.concatenate([murmur(3.0), pause])
    hiss = np.random.default_rng(0).standard_normal(len(speech)).astype(np.float32)
    clean, noisy = speech + 1e-4 * hiss, speech + 1e-2 * hiss
    assert prepare(clean, denoise=DenoiseSettings()).wave.tobytes() == clean.tobytes()
    found = prepare(noisy, denoise=DenoiseSettings()).wave
    assert np.std(found[-RATE_HZ:]) < 0.7 * np.std(noisy[-RATE_HZ:])


def test_speech_stays_as_long_and_louder_than_its_noise(talk):
    for wave in talk:
        clip = prepare(wave, denoise=EVERYWHERE)
        assert isinstance(clip, Clip)
        assert len(clip.wave) == len(wave)
        measured = clip.measurements
        assert -120 <= measured.noise_floor_db < measured.speech_level_db < 0


def test_from_file_to_clip(tmp_path, murmur):
    path = tmp_path / "a.wav"
    session = np.concatenate([murmur(2.0, seed=seed) for seed in range(5)])
    soundfile.write(path, soxr.resample(session, RATE_HZ, 48_000), 48_000, subtype="FLOAT")
    with Recordings() as recordings:
        recording = recordings.read(AudioSource(path, 2.0, 3.5))
    clip = prepare_clip(recording, silence=SilenceSettings(), denoise=OFF, acceptance=AcceptanceSettings())
    assert clip.kept == ((96_000, 264_000),)
    error = clip.wave - session[32_000:88_000]
    assert np.abs(error[200:-200]).max() < 1e-3
    assert recording.source == replace(recording.source, rate_hz=48_000, offset=96_000, length=168_000)
