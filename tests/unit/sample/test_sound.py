import numpy as np
import pytest
from phonemes import phoneme_text, sounds
from recording import PAUSE_S, SNR_DB, record, voices

from pipeline.contract.errors import MissingResource
from pipeline.contract.vocabulary import KOREAN
from pipeline.phonology import ipa_of

RATE_HZ = 16_000


def test_every_symbol_has_a_sound_of_its_own() -> None:
    assert set(sounds()) == set(KOREAN.symbols)
    assert len(set(sounds().values())) == len(KOREAN.symbols)


def test_phoneme_text_keeps_words_and_phrases() -> None:
    said = "나도, 달 가."
    assert phoneme_text(said, ipa_of(said)) == "[[n|'a|d|o]], [[t|'a|L g|'a]]."


@pytest.mark.parametrize("phones", [["n"], ["n", "ɑ", "n"]])
def test_phoneme_text_refuses_phones_that_are_not_the_text_s(phones: list[str]) -> None:
    with pytest.raises(ValueError, match="'나' has 2 phones"):
        phoneme_text("나", phones)


def spoken(kind: str, *, phrases: int = 1, seed: int = 3) -> np.ndarray:
    pytest.importorskip("espeakng_loader")
    said = "친구를 만나서 노래해요."
    return record(kind, [phoneme_text(said, ipa_of(said))] * phrases, seed=seed)


def test_same_seed_same_samples_whatever_was_said_before() -> None:
    first = spoken("plain")
    other = spoken("plain", seed=4)
    assert np.array_equal(spoken("plain"), first)
    assert not np.array_equal(other[: first.size], first[: other.size])


def test_speech_is_as_long_and_as_loud_as_speech() -> None:
    wave = spoken("plain")
    assert wave.dtype == np.float32
    assert 1.0 < wave.size / RATE_HZ < 4.0
    assert 0.05 < np.abs(wave).max() < 1.0


def test_pause_of_digital_silence() -> None:
    wave = spoken("pause_zero", phrases=2)
    zeros = np.flatnonzero(wave == 0)
    runs = np.split(zeros, np.flatnonzero(np.diff(zeros) > 1) + 1)
    assert max(map(len, runs)) >= PAUSE_S * RATE_HZ


def test_pause_of_noise() -> None:
    wave = spoken("pause_noise", phrases=2)
    middle = wave[wave.size // 2 - RATE_HZ : wave.size // 2 + RATE_HZ]
    level_db = 10 * np.log10(np.mean(middle**2))
    assert level_db == pytest.approx(-60, abs=1)


@pytest.mark.parametrize("colour", ["white", "pink"])
def test_noise_lies_below_the_speech_by_the_ratio(colour: str) -> None:
    noisy, clean = spoken(colour), spoken("plain")
    assert noisy.size == clean.size
    speech_db = 10 * np.log10(np.mean(clean**2))
    noise_db = 10 * np.log10(np.mean((noisy - clean) ** 2))
    assert speech_db - noise_db == pytest.approx(SNR_DB, abs=1.5)  # the clip's edges are no speech


def test_cut_is_a_quarter_of_a_second() -> None:
    assert spoken("cut").size == RATE_HZ // 4


@pytest.mark.parametrize("kind", ["breath", "noise", "laugh"])
def test_tag_has_its_sound(kind: str) -> None:
    assert spoken(kind).size > spoken("plain").size


def test_every_voice_is_known_to_espeak() -> None:
    pytest.importorskip("espeakng_loader")
    from espeak import Voice, speak

    for voice in voices():
        assert speak("[[n'a]]", voice=voice, seed=1).size > 1000
    with pytest.raises(MissingResource, match="no voice 'xx'"):
        speak("[[n'a]]", voice=Voice("xx", 170, 50), seed=1)
