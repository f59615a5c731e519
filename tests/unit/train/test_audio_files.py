import numpy as np
import pytest
import soundfile

from pipeline.contract.errors import InputRejected
from train.audio import cut_at_pauses, find_audio, read_audio


def sine(rate_hz, seconds=0.5):
    return 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(rate_hz * seconds)) / rate_hz)


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 48_000])
def test_every_rate_becomes_sixteen_thousand(tmp_path, rate_hz):
    path = tmp_path / "sine.wav"
    soundfile.write(path, sine(rate_hz), rate_hz, subtype="FLOAT")
    samples = read_audio(path)
    assert samples.dtype == np.int16
    assert abs(len(samples) - 8_000) <= 1
    inner = samples[500:7_500] / 32_767
    np.testing.assert_allclose(inner, sine(16_000)[500:7_500], atol=0.01)


def test_loud_float_audio_is_clipped_not_wrapped(tmp_path):
    path = tmp_path / "loud.wav"
    soundfile.write(path, np.array([2.0, -2.0, 0.0]), 16_000, subtype="FLOAT")
    assert read_audio(path).tolist() == [32_767, -32_768, 0]


@pytest.mark.parametrize(
    ("samples", "message"), [(np.zeros(0), "no samples"), (np.array([0.0, np.nan]), "not finite")]
)
def test_unusable_audio_is_refused(tmp_path, samples, message):
    path = tmp_path / "bad.wav"
    soundfile.write(path, samples, 16_000, subtype="FLOAT")
    with pytest.raises(InputRejected, match=message):
        read_audio(path)


def test_pieces_are_cut_in_pauses_and_make_up_the_whole():
    random = np.random.default_rng(1)
    samples = (8_000 * random.standard_normal(16_000 * 30)).astype(np.int16)
    pauses = [16_000 * second for second in (7, 13, 19, 26)]
    for pause in pauses:
        samples[pause : pause + 4_800] = 0
    pieces = cut_at_pauses(samples, longest=16_000 * 8)
    assert np.array_equal(np.concatenate(pieces), samples)
    assert max(map(len, pieces)) <= 16_000 * 8
    cuts = np.cumsum([len(piece) for piece in pieces])[:-1]
    assert len(cuts) == len(pauses)
    assert all(pause <= cut <= pause + 4_800 for pause, cut in zip(pauses, cuts, strict=True))


@pytest.mark.parametrize("longest", [1, 7, 300, 1_000])
def test_even_tiny_pieces_are_never_too_long(longest):
    samples = np.arange(2_000, dtype=np.int16)
    pieces = cut_at_pauses(samples, longest=longest)
    assert np.array_equal(np.concatenate(pieces), samples)
    assert 0 < min(map(len, pieces)) <= max(map(len, pieces)) <= longest


def test_folders_are_searched_and_other_files_passed_over(tmp_path):
    for name in ("b/c/한글.WAV", "a.flac", "b/x.m4a", "b/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "empty").mkdir()
    found = find_audio([tmp_path, tmp_path / "b/notes.txt", tmp_path / "empty"])
    names = [str(path.relative_to(tmp_path)) for path in found]
    assert names == ["a.flac", "b/c/한글.WAV", "b/x.m4a", "b/notes.txt", "empty"]
    with pytest.raises(InputRejected, match="no audio file in folder"):
        read_audio(tmp_path / "empty")
