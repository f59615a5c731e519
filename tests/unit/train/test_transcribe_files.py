import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.audio.hearing import HeardRecording, hear_recording
from pipeline.audio.settings import FrontEndSettings
from pipeline.record import Rejection
from train.transcribe import cut_at_pauses, find_audio


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
    for name in ("b/c/한글.WAV", "a.flac", "b/x.m4a", "b/y.raw", "b/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "empty").mkdir()
    found = find_audio([tmp_path, tmp_path / "b/notes.txt", tmp_path / "empty"])
    names = [str(path.relative_to(tmp_path)) for path in found]
    assert names == ["a.flac", "b/c/한글.WAV", "b/x.m4a", "b/y.raw", "b/notes.txt", "empty"]


@given(
    content=st.binary(max_size=400) | st.binary(max_size=60).map(lambda rest: b"RIFF$\1\0\0WAVEfmt " + rest)
)
@pytest.mark.parametrize("suffix", [".raw", ".PCM", ".wav"])
def test_any_bytes_are_heard_or_refused(suffix, content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"x{suffix}")
        path.write_bytes(content)
        heard = hear_recording(path, settings=FrontEndSettings.off())
    assert isinstance(heard, HeardRecording | Rejection)


def test_what_is_no_file_is_found_so_that_it_is_reported(tmp_path):
    (tmp_path / "to nothing.wav").symlink_to("nowhere")
    (tmp_path / "loop.wav").symlink_to("loop.wav")
    (tmp_path / "folder.wav").mkdir()
    too_long = tmp_path / ("x" * 300)
    assert [path.name for path in find_audio([tmp_path, too_long])] == [
        "loop.wav",
        "to nothing.wav",
        too_long.name,
    ]
