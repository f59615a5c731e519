"""Laws of the audio stage."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.audio.clip import apply_front_end, kept_spans, prepare_clip
from pipeline.audio.denoise import denoise
from pipeline.audio.samples import to_pcm16
from pipeline.audio.settings import ANY_SNR_DB, AcceptanceSettings, DenoiseSettings, SilenceSettings
from pipeline.audio.silence import collapse_silence, speech_frames
from pipeline.record import Clip, Recording, SourceSpan

RATE_HZ = 16_000
FRAME = 480
QUICK = settings(max_examples=40, deadline=None)

silences = st.builds(
    lambda longest_s, kept, fade, level: SilenceSettings(
        longest_s=longest_s,
        kept_s=max(0.05, kept * longest_s),
        cross_fade_ms=fade * 1000 * max(0.05, kept * longest_s),
        vad_level=level,
    ),
    longest_s=st.floats(0.3, 1.5),
    kept=st.floats(0.1, 1.0),
    fade=st.floats(0.0, 1.0),
    level=st.integers(0, 3),
)


@st.composite
def clips(draw, most_pieces=6):
    """Voice-like bursts, hiss and digital silence in any order, of any length."""
    seed = draw(st.integers(0, 2**32 - 1))
    noises = np.random.default_rng(seed)
    pieces = []
    kinds = st.tuples(st.sampled_from(["voice", "hiss", "zero"]), st.integers(1, 40_000))
    for kind, length in draw(st.lists(kinds, min_size=1, max_size=most_pieces)):
        noise = noises.standard_normal(length + 31)
        voice = np.convolve(noise, np.hanning(32) / 16, mode="valid")
        pieces.append({"voice": 0.1 * voice, "hiss": 1e-4 * noise[:length], "zero": np.zeros(length)}[kind])
    return np.concatenate(pieces).astype(np.float32)


@QUICK
@given(wave=clips(), chosen=silences)
def test_every_speech_sample_survives_unchanged(wave, chosen):
    collapsed = collapse_silence(wave, settings=chosen)
    speech = np.repeat(speech_frames(wave, settings=chosen), FRAME)[: len(wave)]
    kept = np.concatenate([np.arange(start, end) for start, end in collapsed.spans])
    assert np.isin(np.flatnonzero(speech), kept).all()
    of_speech = speech[kept]
    np.testing.assert_array_equal(collapsed.wave[of_speech], wave[kept][of_speech])


@QUICK
@given(wave=clips(), chosen=silences)
def test_spans_are_sorted_disjoint_and_as_long_as_the_clip(wave, chosen):
    collapsed = collapse_silence(wave, settings=chosen)
    edges = [edge for span in collapsed.spans for edge in span]
    assert edges == sorted(edges)
    assert (edges[0], edges[-1]) == (0, len(wave))
    assert sum(end - start for start, end in collapsed.spans) == len(collapsed.wave)
    assert np.abs(collapsed.wave).max() <= np.abs(wave).max()


@QUICK
@given(wave=clips(), chosen=silences)
def test_only_the_cross_fades_differ_from_the_recording(wave, chosen):
    collapsed = collapse_silence(wave, settings=chosen)
    joined = np.concatenate([wave[start:end] for start, end in collapsed.spans])
    half = round(chosen.cross_fade_ms * RATE_HZ / 1000) // 2
    joints = np.cumsum([end - start for start, end in collapsed.spans])[:-1]
    untouched = np.ones(len(joined), bool)
    for joint in joints:
        untouched[joint - half : joint + half] = False
    np.testing.assert_array_equal(collapsed.wave[untouched], joined[untouched])


@QUICK
@given(wave=clips(), chosen=silences)
def test_no_clip_grows_and_no_long_silence_is_left_of_a_silent_one(wave, chosen):
    assert len(collapse_silence(wave, settings=chosen).wave) <= len(wave)
    silent = collapse_silence(np.zeros(len(wave), np.float32), settings=chosen).wave
    longest, kept = round(chosen.longest_s * RATE_HZ), round(chosen.kept_s * RATE_HZ)
    assert len(silent) == (len(wave) if len(wave) <= longest else kept)


@QUICK
@given(
    wave=clips(),
    chosen=silences,
    rate_hz=st.sampled_from([8_000, 11_025, 16_000, 22_050, 44_100, 48_000]),
    offset=st.integers(0, 10**9),
)
def test_kept_lies_in_the_utterance_and_adds_up_to_the_clip(wave, chosen, rate_hz, offset):
    source = SourceSpan(rate_hz, offset=offset, length=len(wave), sha256="")
    recording = Recording(wave, source)
    accepted = AcceptanceSettings(shortest_s=0.01)
    clip = prepare_clip(recording, silence=chosen, denoise=DenoiseSettings(engine="off"), acceptance=accepted)
    if not isinstance(clip, Clip):
        return
    edges = [edge for span in clip.kept for edge in span]
    assert edges == sorted(edges)
    assert (edges[0], edges[-1]) == (offset, offset + len(wave))
    seconds = sum(end - start for start, end in clip.kept) / rate_hz
    assert abs(len(clip.wave) / RATE_HZ - seconds) <= len(clip.kept) / rate_hz + 2 / RATE_HZ


@given(
    rate_hz=st.integers(4_000, 384_000),
    length=st.integers(1, 10**6),
    cuts=st.lists(st.integers(0, 10**6), max_size=8, unique=True),
)
def test_kept_maps_back_to_the_nearest_sample(rate_hz, length, cuts):
    inside = sorted(cut for cut in cuts if cut < length)
    edges = [0, *inside[: len(inside) // 2 * 2], length]
    spans = tuple(zip(edges[::2], edges[1::2], strict=True))
    recorded = round(length * rate_hz / RATE_HZ)
    mapped = kept_spans(
        spans, length=length, source=SourceSpan(rate_hz, offset=0, length=recorded, sha256="")
    )
    for (start, end), (first, last) in zip(spans, mapped, strict=True):
        assert 0 <= first <= last <= recorded
        assert abs(first / rate_hz - start / RATE_HZ) <= 1 / rate_hz
        assert abs(last / rate_hz - end / RATE_HZ) <= 1 / rate_hz


@QUICK
@given(
    wave=clips(most_pieces=3),
    prop=st.floats(0, 1),
    n_fft=st.sampled_from([256, 512, 1024]),
    overlap=st.sampled_from([2, 4]),
)
def test_the_gate_only_turns_down(wave, prop, n_fft, overlap):
    chosen = DenoiseSettings(
        engine="gate", prop_decrease=prop, n_fft=n_fft, overlap=overlap, smooth_hz=250.0, smooth_ms=50.0
    )
    cleaned = denoise(wave, snr_db=0.0, settings=chosen)
    assert cleaned.shape == wave.shape
    assert np.isfinite(cleaned).all()
    energy, before = np.sum(cleaned.astype(np.float64) ** 2), np.sum(wave.astype(np.float64) ** 2)
    assert energy <= before * (1 + 1e-4) + 1e-20


@QUICK
@given(wave=clips(most_pieces=3), limits=st.lists(st.floats(0, ANY_SNR_DB), min_size=1, max_size=4))
def test_clips_are_denoised_below_the_limit_alike_and_from_there_on_not_at_all(wave, limits):
    no_cut = SilenceSettings(enabled=False)
    snr_db = apply_front_end(wave, silence=no_cut, denoise=DenoiseSettings(engine="off")).levels.snr_db
    everywhere = denoise(wave, snr_db=snr_db, settings=DenoiseSettings(max_snr_db=ANY_SNR_DB))
    limits += [min(max(snr_db, 0.0), ANY_SNR_DB)]
    for limit in limits:
        treated = apply_front_end(wave, silence=no_cut, denoise=DenoiseSettings(max_snr_db=limit))
        expected = wave if snr_db >= limit else everywhere
        assert treated.wave.tobytes() == expected.tobytes()


def test_every_16_bit_value_survives_the_way_through_float():
    pcm = np.arange(-32_768, 32_768).astype(np.int16)
    np.testing.assert_array_equal(to_pcm16(pcm.astype(np.float32) / np.float32(32_768)), pcm)
