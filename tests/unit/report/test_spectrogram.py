import struct
import zlib

import numpy as np
import pytest

from pipeline.report.spectrogram import (
    LEVELS,
    MAX_COLUMNS,
    draw_spectrogram,
    encode_png,
    measure_spectrogram,
)


def read_png(data):
    """Pixels and palette of an indexed PNG, its checksums checked."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, position = {}, 8
    while position < len(data):
        (length,) = struct.unpack_from(">I", data, position)
        kind, content = data[position + 4 : position + 8], data[position + 8 : position + 8 + length]
        assert struct.unpack_from(">I", data, position + 8 + length) == (zlib.crc32(kind + content),)
        chunks[kind] = content
        position += 12 + length
    width, height, bits, colour, *rest = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (bits, colour, rest) == (8, 3, [0, 0, 0])
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, 1 + width)
    assert not rows[:, 0].any()
    return rows[:, 1:], np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)


def test_a_png_holds_its_pixels_and_palette():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 7, (5, 9), dtype=np.uint8)
    palette = rng.integers(0, 256, (7, 3), dtype=np.uint8)
    seen, colours = read_png(encode_png(pixels, palette))
    assert np.array_equal(seen, pixels)
    assert np.array_equal(colours, palette)


@pytest.mark.parametrize("pitch_hz", [500, 2_000, 7_000])
def test_a_tone_is_brightest_in_its_row(pitch_hz):
    wave = np.sin(2 * np.pi * pitch_hz * np.arange(16_000) / 16_000).astype(np.float32)
    spectrogram = measure_spectrogram(wave)
    pixels, _ = read_png(draw_spectrogram(spectrogram, loudest=spectrogram.max()))
    row_hz = 8_000 / len(pixels)
    middle = pixels[:, pixels.shape[1] // 2]
    assert len(pixels) - 1 - middle.argmax() == pytest.approx(pitch_hz / row_hz, abs=1)
    assert middle.max() == LEVELS - 1
    assert np.median(middle) == 0


@pytest.mark.parametrize("samples", [1, 100, 512, 16_000, 16_000 * 20 + 7])
def test_any_length_has_a_picture_no_wider_than_the_screen(samples):
    spectrogram = measure_spectrogram(np.full(samples, 0.1, np.float32))
    pixels, palette = read_png(draw_spectrogram(spectrogram, loudest=spectrogram.max()))
    assert pixels.shape[0] == 128
    assert 1 <= pixels.shape[1] <= MAX_COLUMNS
    assert pixels.max() < len(palette)


def test_power_is_averaged_not_skipped():
    wave = np.zeros(16_000 * 20, np.float32)
    wave[160_000:160_400] = 0.5  # 25 ms, less than a column of 42 ms
    assert (measure_spectrogram(wave).sum(axis=0) > 0).any()


def test_silence_is_dark():
    pixels, _ = read_png(draw_spectrogram(measure_spectrogram(np.zeros(16_000, np.float32)), loudest=0.0))
    assert not pixels.any()


def test_colours_grow_brighter_throughout():
    _, palette = read_png(draw_spectrogram(measure_spectrogram(np.ones(600, np.float32)), loudest=1.0))
    assert (np.diff(palette @ [0.2126, 0.7152, 0.0722]) > 0).all()
