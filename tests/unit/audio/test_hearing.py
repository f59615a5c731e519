import io
import os
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.audio.clip import prepare_clip
from pipeline.audio.hearing import BLOCK_S, HeardRecording, hear_recording, read_whole
from pipeline.audio.recordings import Recordings
from pipeline.audio.samples import to_pcm16
from pipeline.audio.settings import (
    ANY_SNR_DB,
    AcceptanceSettings,
    DenoiseSettings,
    FrontEndSettings,
    SilenceSettings,
)
from pipeline.contract.reasons import Reason
from pipeline.record import AudioSource, Rejection

RATE_HZ = 16_000
OFF = FrontEndSettings.off()
EVERYTHING = FrontEndSettings(
    silence=SilenceSettings(), denoise=DenoiseSettings(engine="gate", max_snr_db=ANY_SNR_DB)
)
ENDLESS_WAV = (
    struct.pack("<4sI4s", b"RIFF", 2**32 - 1, b"WAVE")
    + struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE_HZ, 2 * RATE_HZ, 2, 16)
    + struct.pack("<4sI", b"data", 2**32 - 1)
)
LONG = AcceptanceSettings(longest_s=300.0)


def _ogg() -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, np.zeros(RATE_HZ, np.float32), RATE_HZ, format="OGG")
    return stream.getvalue()


def clip_of(path: Path, settings: FrontEndSettings):
    with Recordings() as recordings:
        recording = recordings.read(AudioSource(path))
    return prepare_clip(recording, silence=settings.silence, denoise=settings.denoise, acceptance=LONG)


def with_pause(murmur, pause_s: float = 5.0):
    hiss = 0.002 * np.random.default_rng(3).standard_normal(round((8 + pause_s) * RATE_HZ))
    pause = np.zeros(round(pause_s * RATE_HZ), np.float32)
    return np.concatenate([murmur(4.0, seed=1), pause, murmur(4.0, seed=2)]) + hiss.astype(np.float32)


@pytest.mark.parametrize("settings", [OFF, EVERYTHING], ids=["off", "on"])
@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_file_is_heard_as_its_clip_is_made(tmp_path, murmur, settings, rate_hz, channels):
    wave = np.tile(with_pause(murmur), 6)[: 70 * rate_hz]  # several blocks
    assert len(wave) > 2 * BLOCK_S * rate_hz or rate_hz > 16_000
    frames = np.stack([wave, 1e-4 * wave[::-1]], axis=1)[:, :channels]  # the second channel is dead
    path = tmp_path / "a.flac"
    soundfile.write(path, frames, rate_hz)
    heard, clip = hear_recording(path, settings=settings), clip_of(path, settings)
    np.testing.assert_array_equal(heard.samples, to_pcm16(clip.wave))
    assert heard.recorded_s == pytest.approx(len(wave) / rate_hz, abs=1e-4)


def test_a_recording_beyond_full_scale_is_scaled_as_its_clip_is(tmp_path, murmur):
    wave = with_pause(murmur)
    path = tmp_path / "loud.wav"
    soundfile.write(path, np.stack([wave * 40, wave * 30], axis=1), 44_100, subtype="FLOAT")
    heard, clip = hear_recording(path, settings=OFF), clip_of(path, OFF)
    np.testing.assert_array_equal(heard.samples, to_pcm16(clip.wave))
    assert np.abs(heard.samples.astype(int)).max() > 32_000


def test_every_16_bit_value_comes_through_a_file(tmp_path):
    values = np.arange(-32_768, 32_768).astype(np.int16)
    for name in ("a.wav", "a.flac"):
        soundfile.write(tmp_path / name, values, RATE_HZ, subtype="PCM_16")
    (tmp_path / "a.pcm").write_bytes(values.astype("<i2").tobytes())
    (tmp_path / "a.raw").write_bytes(values.astype("<i2").tobytes() + b"\0")
    (tmp_path / "riff.pcm").write_bytes((tmp_path / "a.wav").read_bytes())
    for path in sorted(tmp_path.iterdir()):
        np.testing.assert_array_equal(hear_recording(path, settings=OFF).samples, values, err_msg=path.name)


def test_times_lead_back_to_the_recording(tmp_path, murmur):
    wave = with_pause(murmur)
    path = tmp_path / "a.wav"
    soundfile.write(path, wave, RATE_HZ, subtype="FLOAT")
    heard = hear_recording(path, settings=EVERYTHING)
    (_, left), (right, end) = heard.spans
    assert (right - left) / RATE_HZ == pytest.approx(4, abs=0.5)
    assert end == heard.recorded_samples == len(wave)
    assert heard.locate_s(0, 160) == (0, 0.01)
    assert heard.locate_s(left - 160, left + 160) == ((left - 160) / RATE_HZ, (right + 160) / RATE_HZ)
    assert heard.locate_s(left, left + 1)[0] == right / RATE_HZ  # what begins at the joint is after the pause
    assert heard.locate_s(left - 1, left)[1] == left / RATE_HZ  # what ends there is before it
    assert heard.locate_s(0, len(heard.samples) + 999)[1] == heard.recorded_s


def test_every_sample_leads_back_to_one_that_was_kept():
    heard = HeardRecording(np.zeros(60, np.int16), ((0, 10), (100, 130), (500, 520)), 600)
    kept = [sample for before, after in heard.spans for sample in range(before, after)]
    assert [round(heard.locate_s(at, at + 1)[0] * RATE_HZ) for at in range(60)] == kept
    assert [round(heard.locate_s(at, at + 1)[1] * RATE_HZ) - 1 for at in range(60)] == kept


def test_what_cannot_be_heard_is_a_reason(tmp_path, murmur):
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), RATE_HZ)
    soundfile.write(tmp_path / "nan.wav", np.array([0.0, np.nan, 1.0]), RATE_HZ, subtype="FLOAT")
    soundfile.write(tmp_path / "cut.wav", murmur(1.0), RATE_HZ)
    (tmp_path / "cut.wav").write_bytes((tmp_path / "cut.wav").read_bytes()[:-100])
    soundfile.write(tmp_path / "cut.flac", murmur(60.0), RATE_HZ)
    (tmp_path / "cut.flac").write_bytes((tmp_path / "cut.flac").read_bytes()[:200_000])
    (tmp_path / "text.wav").write_text("not audio")
    soundfile.write(tmp_path / "tiny.wav", np.array([0.1]), 48_000)
    reasons = {
        "none.wav": Reason.MISSING_AUDIO,
        "empty.wav": Reason.EMPTY_AUDIO,
        "tiny.wav": Reason.EMPTY_AUDIO,
        "nan.wav": Reason.NOT_FINITE_AUDIO,
        "cut.wav": Reason.TRUNCATED_AUDIO,
        "text.wav": Reason.UNREADABLE_AUDIO,
    }
    for name, reason in reasons.items():
        found = hear_recording(tmp_path / name, settings=OFF)
        assert (name, found.reason) == (name, reason)
        assert name in found.detail
    assert hear_recording(tmp_path / "cut.flac", settings=OFF).reason in {
        Reason.TRUNCATED_AUDIO,
        Reason.UNREADABLE_AUDIO,
    }


def test_a_long_stereo_file_takes_memory_by_its_length_at_16_khz(tmp_path):
    path, minutes = tmp_path / "long.wav", 10
    noise = (0.1 * np.random.default_rng(0).standard_normal((48_000 * 60, 2))).astype(np.float32)
    with soundfile.SoundFile(path, "w", 48_000, 2, "PCM_16") as file:
        for _ in range(minutes):
            file.write(noise)
    heard_bytes = 4 * minutes * 60 * RATE_HZ
    read_whole(path)
    tracemalloc.start()
    assert not isinstance(hear_recording(path, settings=EVERYTHING), Reason)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    block_bytes = 8 * 2 * 48_000 * BLOCK_S
    assert peak < 4 * heard_bytes + 4 * block_bytes  # at 48 kHz stereo: 6 times the first term


@pytest.mark.parametrize(
    ("name", "head", "reason"),
    [
        ("week.pcm", b"", Reason.TOO_LONG_AUDIO),
        ("week.raw", b"sound", Reason.TOO_LONG_AUDIO),
        ("day.wav", ENDLESS_WAV, Reason.TOO_LONG_AUDIO),
        ("cut.ogg", _ogg(), Reason.TRUNCATED_AUDIO),
        ("zeros.wav", b"", Reason.UNREADABLE_AUDIO),
        ("zeros.flac", b"", Reason.UNREADABLE_AUDIO),
        ("zeros.mp3", b"", Reason.UNREADABLE_AUDIO),
        ("zeros.ogg", b"", Reason.UNREADABLE_AUDIO),
    ],
)
def test_a_recording_without_end_is_refused_before_it_is_read(tmp_path, name, head, reason):
    path = tmp_path / name
    path.write_bytes(head)
    os.truncate(path, 2**37)  # sparse: it takes no room, but reading it takes minutes
    refused = hear_recording(path, settings=OFF)
    assert isinstance(refused, Rejection)
    assert refused.reason == reason
