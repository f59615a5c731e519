import io
import struct

import numpy as np
import pytest
import soundfile

from pipeline.audio.decoders import find_truncation


def check(data):
    return find_truncation(io.BytesIO(data), file_bytes=len(data))


def written(murmur, **form):
    stream = io.BytesIO()
    soundfile.write(stream, murmur(1.0), 16_000, **form)
    return stream.getvalue()


def riff(*chunks, name=b"RIFF", order="<"):
    body = b"".join(chunks)
    return struct.pack(order + "4sI4s", name, 4 + len(body), b"WAVE") + body


def chunk(name, body, *, size=None, order="<"):
    return (
        struct.pack(order + "4sI", name, len(body) if size is None else size) + body + b"\0" * (len(body) % 2)
    )


FORMAT = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 16_000, 32_000, 2, 16))


@pytest.mark.parametrize("form", ["WAV", "WAVEX", "RF64"])
def test_wav_forms(murmur, form):
    data = written(murmur, format=form, subtype="PCM_16")
    assert check(data) is None
    assert check(data[:-10]) == "its header promises 10 bytes more than the file has"


def test_big_endian_wav(murmur):
    data = written(murmur, format="WAV", subtype="PCM_16", endian="BIG")
    assert data[:4] == b"RIFX"
    assert check(data) is None
    assert "10 bytes" in check(data[:-10])


def test_chunks_of_odd_size_before_the_audio():
    data = riff(FORMAT, chunk(b"LIST", b"INFOx"), chunk(b"data", bytes(100)))
    assert check(data) is None
    assert "2 bytes" in check(data[:-2])


def test_a_lost_chunk_after_the_audio_is_no_loss():
    data = riff(FORMAT, chunk(b"data", bytes(100)), chunk(b"LIST", b"INFO" + bytes(50)))
    assert check(data[:-40]) is None


@pytest.mark.parametrize("size", [0, 0xFFFF_FFFF, 0x7FFF_FFFF, 0x7FFF_F000, 0x8000_0000])
def test_streamed_sizes_mean_to_the_end_of_the_file(size):
    assert check(riff(FORMAT, chunk(b"data", bytes(100), size=size))) is None


@pytest.mark.parametrize(
    ("promised", "found"), [(100, None), (150, "50 bytes"), (0, None), (2**64 - 1, None)]
)
def test_rf64_sizes(promised, found):
    sizes = chunk(b"ds64", struct.pack("<QQQI", 0, promised, 0, 0))
    result = check(riff(sizes, FORMAT, chunk(b"data", bytes(100), size=0xFFFF_FFFF), name=b"RF64"))
    assert result is None if found is None else found in result


def test_a_header_of_endless_chunks_ends():
    assert check(riff(FORMAT) + bytes(8 * 100_000)) is None


@pytest.mark.parametrize(
    "data", [b"", b"RIFF", riff(), riff(FORMAT), riff(FORMAT) + b"dat", b"fLaC" + bytes(100)]
)
def test_what_it_cannot_judge_it_leaves_to_the_decoder(data):
    assert check(data) is None


def test_ogg(murmur):
    data = written(murmur, format="OGG", subtype="VORBIS")
    assert check(data) is None
    assert check(data + b"a tag at the end") is None
    for kept in (len(data) - 1, len(data) // 2, 100):
        assert check(data[:kept]) == "its last page is not marked as the end of the stream"


def test_ogg_with_a_page_sign_inside_its_last_page(murmur):
    data = written(murmur, format="OGG", subtype="VORBIS")
    assert check(data + b"OggS") is None
    assert check(np.random.default_rng(0).bytes(200)) is None
