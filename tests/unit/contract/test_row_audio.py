"""What a row's audio claims is compared with the row and with its bytes before anything is decoded."""

import io
import random
import struct

import numpy as np
import pyarrow as pa
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contract.row_audio import find_header_problem, wav_header
from pipeline.shards.writer import encode_flac, encode_wav

WAVE = (0.2 * np.sin(np.arange(1_600) * 0.1)).astype(np.float32)
ENCODERS = {"wav": encode_wav, "flac": encode_flac}


def soundfile_header(audio: bytes) -> tuple[str, str, int, int, int]:
    info = soundfile.info(io.BytesIO(audio))
    return info.format, info.subtype, info.samplerate, info.channels, info.frames


@pytest.mark.parametrize("kind", ENCODERS)
@given(st.integers(1, 5_000))
def test_what_we_write_has_no_problem_and_what_libsndfile_reads_is_the_same(kind, samples):
    audio = ENCODERS[kind](np.resize(WAVE, samples))
    assert find_header_problem(audio, num_samples=samples) is None
    assert find_header_problem(memoryview(pa.py_buffer(audio)), num_samples=samples) is None
    assert soundfile_header(audio) == (kind.upper(), "PCM_16", 16_000, 1, samples)
    for other in (samples - 1, samples + 1, 2**27, 2**34, 2**40):
        assert find_header_problem(audio, num_samples=other) is not None


@pytest.mark.parametrize("kind", ENCODERS)
def test_a_header_with_any_bit_changed_is_refused_unless_it_says_the_same(kind):
    """All 352 bits of a WAV's header count; of FLAC's, those that say what will be decoded."""
    audio = ENCODERS[kind](WAVE)
    for bit in range(44 * 8):
        changed = bytearray(audio)
        changed[bit // 8] ^= 1 << bit % 8
        problem = find_header_problem(bytes(changed), num_samples=1_600)
        if kind == "wav" or bit // 8 in {0, 1, 2, 3, 5, 6, 7, *range(18, 26)}:
            assert problem is not None, bit
        if problem is None:
            try:
                assert soundfile_header(bytes(changed)) == soundfile_header(audio), bit
            except soundfile.LibsndfileError:
                continue  # refused when it is decoded, and no longer than its bytes


@pytest.mark.parametrize("claimed", [0xFFFFFFF0, 0, 2, 0x7FFFFFFF])
@pytest.mark.parametrize("place", [4, 40])
def test_a_wav_whose_sizes_are_not_its_bytes_is_refused(claimed, place):
    audio = bytearray(encode_wav(WAVE))
    struct.pack_into("<I", audio, place, claimed)
    assert find_header_problem(bytes(audio), num_samples=1_600) is not None


@pytest.mark.parametrize(
    ("rate_hz", "channels", "subtype"), [(8_000, 1, "PCM_16"), (16_000, 2, "PCM_16"), (16_000, 1, "PCM_24")]
)
@pytest.mark.parametrize("kind", ENCODERS)
def test_another_rate_number_of_channels_or_width_is_refused(kind, rate_hz, channels, subtype):
    buffer = io.BytesIO()
    soundfile.write(buffer, np.tile(WAVE[:, None], channels), rate_hz, format=kind.upper(), subtype=subtype)
    assert find_header_problem(buffer.getvalue(), num_samples=1_600) is not None


@given(
    st.binary(max_size=100),
    st.sampled_from([b"", b"RIFF", b"fLaC", b"fLaC\0\0\0\x22"]),
    st.integers(1, 2**40),
)
def test_any_bytes_are_judged(noise, mark, samples):
    assert find_header_problem(mark + noise, num_samples=samples) is not None or len(noise) >= 34


def test_a_wav_header_is_for_as_many_samples_as_a_row_may_have():
    rng = random.Random(0)
    for samples in (0, 1, 2**27, *(rng.randrange(2**27) for _ in range(20))):
        sizes = struct.unpack_from("<I", wav_header(samples), 40)
        assert sizes == (2 * samples,)
