from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipeline.record import AudioSource, Utterance, UtteranceId
from pipeline.shards.settings import SplitSettings
from pipeline.shards.splits import assign_split


def utterance(name: str = "u1", speaker: str | None = "c/s1", split: str | None = None) -> Utterance:
    return Utterance(UtteranceId(f"c/{name}"), speaker, AudioSource(Path("u.wav")), "", split)


def test_the_corpus_decides_by_default():
    assert assign_split(utterance(split="test"), settings=SplitSettings(test=0.0, valid=1.0)) == "test"


def test_without_a_corpus_split_and_without_shares_all_is_for_training():
    assert assign_split(utterance(), settings=SplitSettings()) == "train"


def test_named_speakers_come_first_with_or_without_the_corpus_name():
    settings = SplitSettings(test_speakers=("s1",), valid_speakers=("c/s2",))
    assert assign_split(utterance(split="train"), settings=settings) == "test"
    assert assign_split(utterance(speaker="c/s2"), settings=settings) == "valid"
    assert assign_split(utterance(speaker=None, split="train"), settings=settings) == "train"


@given(st.text(min_size=1), st.integers(0, 2**32), st.lists(st.text(), min_size=2, max_size=5))
def test_a_speaker_is_wholly_in_one_split(speaker, seed, names):
    settings = SplitSettings(by="speaker", valid=0.3, test=0.3, seed=seed)
    assert len({assign_split(utterance(name, f"c/{speaker}"), settings=settings) for name in names}) == 1


def test_the_shares_come_out_and_growing_one_share_moves_no_other_speaker():
    speakers = [f"c/{number}" for number in range(4000)]
    small = SplitSettings(by="speaker", valid=0.1, test=0.1)
    large = SplitSettings(by="speaker", valid=0.2, test=0.1)
    before = {name: assign_split(utterance(speaker=name), settings=small) for name in speakers}
    after = {name: assign_split(utterance(speaker=name), settings=large) for name in speakers}
    for split, share in (("test", 0.1), ("valid", 0.1), ("train", 0.8)):
        assert abs(list(before.values()).count(split) / len(speakers) - share) < 0.02
    assert all(after[name] == before[name] for name in speakers if before[name] in {"test", "valid"})
