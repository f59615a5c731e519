import hashlib
import os
import shutil
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.audio import decoders, recordings
from pipeline.audio.recordings import Recordings
from pipeline.contract.files import file_sha256
from pipeline.contract.reasons import Reason
from pipeline.record import AudioSource, Recording, Rejection

RATE_HZ = 16_000


@pytest.fixture
def wav(tmp_path, murmur):
    path = tmp_path / "a.wav"
    soundfile.write(path, murmur(3.0), RATE_HZ, subtype="PCM_16")
    return path


def rejection(result):
    assert isinstance(result, Rejection), result
    return result


def test_pcm_is_read_to_the_bit(tmp_path, read):
    samples = np.array([0, 1, -1, 32_767, -32_768], "<i2")
    path = tmp_path / "a.pcm"
    path.write_bytes(samples.tobytes())
    recording = read(path)
    assert recording.wave.dtype == np.float32
    assert (recording.wave * 32_768).tolist() == samples.tolist()
    assert recording.note is None
    source = recording.source
    assert (source.rate_hz, source.offset, source.length) == (RATE_HZ, 0, 5)
    assert source.sha256 == hashlib.sha256(samples.tobytes()).hexdigest()


def test_the_last_byte_of_an_odd_pcm_is_dropped_and_noted(tmp_path, read):
    path = tmp_path / "KsponSpeech_E02262.pcm"
    path.write_bytes(np.arange(100, dtype="<i2").tobytes() + b"\x07")
    recording = read(path)
    assert len(recording.wave) == 100
    assert recording.note == "odd length of 201 bytes: the last byte was dropped"


def test_a_wav_under_the_suffix_pcm_is_decoded_as_wav(wav, read):
    renamed = wav.rename(wav.with_suffix(".pcm"))
    assert len(read(renamed).wave) == 3 * RATE_HZ


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_decodes_by_content_not_by_suffix(tmp_path, murmur, read, suffix):
    wave = murmur(2.0)
    soundfile.write(tmp_path / f"a.{suffix}", wave, RATE_HZ)
    (tmp_path / f"a.{suffix}").rename(tmp_path / "renamed.wav")
    recording = read(tmp_path / "renamed.wav")
    assert len(recording.wave) == len(wave)
    assert np.corrcoef(recording.wave, wave)[0, 1] > 0.95


@pytest.mark.parametrize(
    "subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ALAW", "ULAW"]
)
@pytest.mark.parametrize("form", ["WAV", "WAVEX", "RF64"])
def test_wav_of_every_sample_format(tmp_path, murmur, read, subtype, form):
    wave = murmur(0.5, level=0.5)
    path = tmp_path / "a.wav"
    soundfile.write(path, wave, 8_000, subtype=subtype, format=form)
    recording = read(path)
    assert recording.source.rate_hz == 8_000
    coarse = subtype in ("PCM_U8", "ALAW", "ULAW")
    np.testing.assert_allclose(recording.wave, wave, atol=0.02 if coarse else 4e-5)


def test_float_samples_beyond_full_scale_are_kept(tmp_path, read):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.array([0.0, 2.5, -3.0], np.float32), RATE_HZ, subtype="FLOAT")
    assert read(path).wave.tolist() == [0.0, 2.5, -3.0]


def test_two_channels_become_their_mean(tmp_path, murmur, read):
    left, right = murmur(0.5, seed=1), murmur(0.5, seed=2)
    path = tmp_path / "a.wav"
    soundfile.write(path, np.stack([left, right], axis=1), RATE_HZ, subtype="FLOAT")
    np.testing.assert_allclose(read(path).wave, (left + right) / 2, atol=1e-7)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
@pytest.mark.parametrize("level", [0.1, 0.001])  # at a low rate, one page of an Ogg lasts seconds
def test_segments_are_slices_of_the_whole_in_any_order(tmp_path, murmur, suffix, level):
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, murmur(8.0, level=level), RATE_HZ)
    draw = np.random.default_rng(5)
    with Recordings() as reader:
        whole = reader.read(AudioSource(path)).wave
        for start in draw.integers(0, 7 * RATE_HZ, 25):
            recording = reader.read(AudioSource(path, start / RATE_HZ, 0.5))
            assert (recording.source.offset, recording.source.length) == (start, 8_000)
            np.testing.assert_array_equal(recording.wave, whole[start : start + 8_000])


def test_one_long_file_is_opened_and_hashed_once_and_read_in_slices(tmp_path, monkeypatch):
    path = tmp_path / "hour.wav"
    seconds = 3600
    with path.open("wb") as stream:  # a sparse file: an hour of digital silence costs nothing
        data = 2 * RATE_HZ * seconds
        form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE_HZ, 2 * RATE_HZ, 2, 16)
        stream.write(struct.pack("<4sI4s", b"RIFF", 36 + data, b"WAVE") + form)
        stream.write(struct.pack("<4sI", b"data", data))
        stream.truncate(44 + data)
    opened, hashed = [], []
    examine, pread = recordings._examine, os.pread
    monkeypatch.setattr(recordings, "_examine", lambda *a, **k: opened.append(1) or examine(*a, **k))
    monkeypatch.setattr(os, "pread", lambda *a: hashed.append(a[2]) or pread(*a))
    tracemalloc.start()
    with Recordings() as reader:
        for segment in range(1000):
            recording = reader.read(AudioSource(path, segment * 3.6, 3.6))
            assert recording.source.offset == segment * 57_600
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(opened) == 1
    assert len(set(hashed)) == len(hashed)  # no byte twice
    assert recording.source.sha256 == file_sha256(path)
    assert peak < data / 10


def test_a_faulty_file_is_examined_once_too(tmp_path, monkeypatch):
    path = tmp_path / "a.wav"
    path.write_bytes(b"no sound at all" * 100)
    opened = []
    examine = recordings._examine
    monkeypatch.setattr(recordings, "_examine", lambda *a, **k: opened.append(1) or examine(*a, **k))
    with Recordings() as reader:
        results = [reader.read(AudioSource(path, start, 1.0)) for start in range(5)]
    assert {rejection(result).reason for result in results} == {Reason.UNREADABLE_AUDIO}
    assert len(opened) == 1


def test_files_are_closed(wav, tmp_path):
    other = tmp_path / "b.wav"
    shutil.copy(wav, other)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with Recordings() as reader:
        for _ in range(20):
            reader.read(AudioSource(wav))
            reader.read(AudioSource(other))
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_missing_file(tmp_path, wav, read):
    assert rejection(read(tmp_path / "없다.wav")) == Rejection(Reason.MISSING_AUDIO, "no file 없다.wav")
    assert rejection(read(wav / "below-a-file.wav")).reason == Reason.MISSING_AUDIO
    assert rejection(read(Path("a\0b.wav"))).reason == Reason.MISSING_AUDIO


def test_zero_length_file(tmp_path, read):
    for name in ("a.wav", "a.pcm", "a.flac"):
        (tmp_path / name).touch()
        assert rejection(read(tmp_path / name)).reason == Reason.EMPTY_AUDIO
    (tmp_path / "one.pcm").write_bytes(b"\1")
    assert rejection(read(tmp_path / "one.pcm")).reason == Reason.EMPTY_AUDIO


def test_a_file_with_a_header_and_no_samples(tmp_path, read):
    soundfile.write(tmp_path / "a.wav", np.zeros(0, np.float32), RATE_HZ)
    assert rejection(read(tmp_path / "a.wav")).reason == Reason.EMPTY_AUDIO


def test_what_is_no_regular_file(tmp_path, read):
    (tmp_path / "folder.wav").mkdir()
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "loop.wav").symlink_to("loop.wav")
    for name in ("folder.wav", "pipe.wav", "loop.wav"):
        assert rejection(read(tmp_path / name)).reason == Reason.UNREADABLE_AUDIO


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(wav, read):
    wav.chmod(0)
    assert rejection(read(wav)) == Rejection(Reason.UNREADABLE_AUDIO, "a.wav: Permission denied")


def test_garbage(tmp_path, read):
    (tmp_path / "a.flac").write_bytes(np.random.default_rng(0).bytes(5000))
    assert rejection(read(tmp_path / "a.flac")).reason == Reason.UNREADABLE_AUDIO


def test_truncated_wav(wav, read):
    wav.write_bytes(wav.read_bytes()[:48_044])
    assert rejection(read(wav)) == Rejection(
        Reason.TRUNCATED_AUDIO, "a.wav: its header promises 48000 bytes more than the file has"
    )


def test_of_a_truncated_wav_the_segments_before_the_cut_are_whole(wav, read):
    whole = read(wav).wave
    wav.write_bytes(wav.read_bytes()[:48_044])
    np.testing.assert_array_equal(read(wav, 0.5, 0.9).wave, whole[8_000:22_400])
    assert rejection(read(wav, 1.4, 0.5)).reason == Reason.TRUNCATED_AUDIO
    assert rejection(read(wav, 2.0, 0.5)).reason == Reason.TRUNCATED_AUDIO


@pytest.mark.parametrize("suffix", ["flac", "ogg", "mp3"])
def test_truncated_and_damaged_files_of_other_formats(tmp_path, murmur, read, suffix):
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, murmur(3.0), RATE_HZ)
    data = path.read_bytes()
    expected = {Reason.UNREADABLE_AUDIO} if suffix == "flac" else {Reason.TRUNCATED_AUDIO}
    for kept in (len(data) // 2, len(data) - 1):
        path.write_bytes(data[:kept])
        assert rejection(read(path)).reason in expected


def test_a_segment_after_a_damaged_one_is_read(tmp_path, murmur):
    path = tmp_path / "a.flac"
    soundfile.write(path, murmur(20.0), RATE_HZ)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 200] = np.random.default_rng(0).bytes(200)
    path.write_bytes(data)
    with Recordings() as reader:
        first = reader.read(AudioSource(path, 1.0, 0.5))
        damaged = rejection(reader.read(AudioSource(path, 9.0, 2.0)))
        again = reader.read(AudioSource(path, 1.0, 0.5))
    assert damaged.reason == Reason.UNREADABLE_AUDIO
    np.testing.assert_array_equal(first.wave, again.wave)


def test_a_read_error_in_the_middle_of_a_file(wav, monkeypatch, read):
    def fail(*_):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(recordings.os, "pread", fail)
        assert rejection(read(wav)) == Rejection(Reason.UNREADABLE_AUDIO, "a.wav: Input/output error")
    with monkeypatch.context() as patch:
        patch.setattr(recordings.SoundFileDecoder, "read", fail)
        assert rejection(read(wav)) == Rejection(Reason.UNREADABLE_AUDIO, "a.wav: Input/output error")


@pytest.mark.parametrize(
    ("offset_s", "length_s"),
    [(5.0, 1.0), (2.5, 1.0), (-1.0, 1.0), (1.0, -0.5), (float("nan"), 1.0), (0.0, float("inf"))],
)
def test_a_segment_outside_the_audio(wav, read, offset_s, length_s):
    found = rejection(read(wav, offset_s, length_s))
    assert found.reason == Reason.SEGMENT_OUTSIDE_AUDIO
    assert "which lasts 3 s" in found.detail


def test_a_segment_may_end_a_rounding_past_the_audio(wav, read):
    assert len(read(wav, 2.0, 1.004).wave) == RATE_HZ
    assert len(read(wav, 2.0, None).wave) == RATE_HZ


def test_a_segment_without_length(wav, read):
    assert rejection(read(wav, 1.0, 0.0)).reason == Reason.EMPTY_AUDIO


def test_an_utterance_that_memory_should_not_hold(wav):
    with Recordings(longest_s=2.0) as reader:
        assert rejection(reader.read(AudioSource(wav))).reason == Reason.TOO_LONG_AUDIO
        assert isinstance(reader.read(AudioSource(wav, 0.5, 2.0)), Recording)


def test_a_header_that_claims_the_sky_allocates_nothing(tmp_path, murmur, read):
    path = tmp_path / "a.flac"
    soundfile.write(path, murmur(2.0), RATE_HZ)
    data = bytearray(path.read_bytes())
    data[21] |= 0x0F  # the 36 bits of STREAMINFO's total samples
    data[22:26] = b"\xff" * 4
    path.write_bytes(data)
    tracemalloc.start()
    found = rejection(read(path))
    within = read(path, 0.5, 1.0)
    outside = rejection(read(path, 100.0, 200.0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.reason == Reason.TOO_LONG_AUDIO
    assert len(within.wave) == RATE_HZ
    assert outside.reason in {Reason.UNREADABLE_AUDIO, Reason.TRUNCATED_AUDIO}
    assert peak < 2**36 / 100  # of the samples that the header claims


def test_a_flac_that_does_not_say_its_length(tmp_path, murmur, read):
    path = tmp_path / "a.flac"
    soundfile.write(path, murmur(2.0), RATE_HZ)
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0
    data[22:26] = b"\0" * 4
    path.write_bytes(data)
    assert read(path).source.length == 2 * RATE_HZ
    assert len(read(path, 1.5, 0.5).wave) == 8_000
    assert rejection(read(path, 2.0, 1.0)).reason == Reason.SEGMENT_OUTSIDE_AUDIO


@pytest.mark.parametrize(
    ("at", "layout", "value"), [(24, "<I", 0x7FFF_FFFF), (24, "<I", 1), (22, "<H", 65_535), (22, "<H", 500)]
)
def test_an_absurd_wav_header(wav, read, at, layout, value):
    data = bytearray(wav.read_bytes())
    struct.pack_into(layout, data, at, value)
    wav.write_bytes(data)
    assert rejection(read(wav)).reason == Reason.UNREADABLE_AUDIO


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
@pytest.mark.parametrize("seconds", [1.0, 1.3])
def test_blocks_join_without_a_seam(tmp_path, murmur, monkeypatch, read, suffix, seconds):
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, murmur(seconds), RATE_HZ)
    whole = read(path).wave
    monkeypatch.setattr(decoders, "BLOCK_SAMPLES", 4_000)
    np.testing.assert_array_equal(read(path).wave, whole)
    np.testing.assert_array_equal(read(path, 0.5, 0.25).wave, whole[8_000:12_000])
