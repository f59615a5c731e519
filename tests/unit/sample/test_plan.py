import re
from collections import Counter

import pytest
from layout import listed_path, stored_path
from plan import SPLITS, Planned, plan_utterances, read_counts
from sentences import fitting_particle, letters, make_sentences
from wordlists import LISTS

from pipeline.contract.reasons import Reason
from pipeline.contract.vocabulary import KOREAN
from pipeline.phonology import PhonologySettings, label_batch
from pipeline.record import Annotation, Labelled, Rejection, Transcript
from pipeline.transcript import TranscriptSettings, clean_transcript

REFUSED = {"short": Reason.TRANSCRIPT_TOO_SHORT, "unknown": Reason.UNINTELLIGIBLE}


@pytest.fixture(scope="module")
def planned() -> list[Planned]:
    return plan_utterances()


def test_same_seed_same_plan(planned: list[Planned]) -> None:
    assert plan_utterances() == planned
    assert plan_utterances(seed=1) != planned


def test_counts_are_those_of_the_list(planned: list[Planned]) -> None:
    found = Counter((one.split, one.kind) for one in planned)
    for kind, numbers in read_counts().items():
        assert tuple(found[split, kind] for split in SPLITS) == numbers
    assert [sum(one.split == split for one in planned) for split in SPLITS] == [1100, 60, 100]


def test_readme_has_the_same_counts() -> None:
    readme = (LISTS.parent / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \| (\d+) \| (\d+) \| (\d+) \|", readme, re.MULTILINE)
    assert {kind: tuple(map(int, numbers)) for kind, *numbers in rows} == read_counts()


def test_no_sentence_comes_twice(planned: list[Planned]) -> None:
    sentences = [letters(phrase) for one in planned if one.kind != "short" for phrase in one.phrases]
    assert len(sentences) == len(set(sentences))


def test_numbers_run_through_each_split(planned: list[Planned]) -> None:
    for split in SPLITS:
        numbers = [one.number for one in planned if one.split == split]
        assert numbers == list(range(1, len(numbers) + 1))
    assert len({one.seed for one in planned}) == len(planned)


def test_transcripts_are_in_cp949(planned: list[Planned]) -> None:
    for one in planned:
        assert one.transcript.encode("cp949").decode("cp949") == one.transcript
        assert "\n" not in one.transcript
        assert " :: " not in one.transcript


def test_transcript_stage_finds_what_is_said(planned: list[Planned]) -> None:
    for one in planned:
        cleaned = clean_transcript(one.transcript, annotation=Annotation.KSPON, settings=TranscriptSettings())
        if one.kind in REFUSED:
            assert isinstance(cleaned, Rejection), one
            assert cleaned.reason is REFUSED[one.kind]
        else:
            assert isinstance(cleaned, Transcript), one
            assert cleaned.spoken == " ".join(one.phrases)


def test_training_split_holds_every_phone(planned: list[Planned]) -> None:
    texts = [phrase for one in planned if one.split == "train" for phrase in one.phrases]
    labelled = label_batch(texts, settings=PhonologySettings())
    counts = Counter(phone for one in labelled if isinstance(one, Labelled) for phone in one.ipa)
    assert {symbol for symbol in KOREAN.symbols if counts[symbol] >= 50} == set(KOREAN.symbols)


def test_one_of_the_short_ones_has_exactly_four_characters(planned: list[Planned]) -> None:
    lengths = [len(letters(one.phrases[0])) for one in planned if one.kind == "short"]
    assert max(lengths) == 4
    assert min(lengths) == 1


@pytest.mark.parametrize(
    ("before", "closed", "open_", "expected"),
    [("밥", "을", "를", "을"), ("카레", "을", "를", "를"), ("서울", "으로", "로", "로"),
     ("부산", "으로", "로", "으로"), ("(3살)/(세 살)", "이", "가", "이")],
)  # fmt: skip
def test_particle_fits_the_word_before_it(before: str, closed: str, open_: str, expected: str) -> None:
    assert fitting_particle(before, closed=closed, open_=open_) == expected


def test_no_slot_is_left_in_a_sentence() -> None:
    for table in ("patterns", "counted_patterns"):
        for sentence in make_sentences(150, table=table, seed=0, used=set()):
            assert not set("{}[]|") & set(sentence.written + sentence.spoken)
            assert not set("()/0123456789") & set(sentence.spoken)


@pytest.mark.parametrize(
    ("split", "number", "listed", "stored"),
    [
        ("train", 1000, "KsponSpeech_01/KsponSpeech_0001/KsponSpeech_001000.pcm",
         "한국어_음성_분야/KsponSpeech_01/KsponSpeech_0001/KsponSpeech_001000.pcm"),
        ("train", 1001, "KsponSpeech_01/KsponSpeech_0002/KsponSpeech_001001.pcm",
         "한국어_음성_분야/KsponSpeech_01/KsponSpeech_0002/KsponSpeech_001001.pcm"),
        ("dev", 1, "KsponSpeech_05/KsponSpeech_0621/KsponSpeech_620001.pcm",
         "한국어_음성_분야/KsponSpeech_05/KsponSpeech_0621/KsponSpeech_620001.pcm"),
        ("eval_clean", 7, "KsponSpeech_eval/eval_clean/KsponSpeech_E00007.pcm",
         "평가용_데이터/eval_clean/KsponSpeech_E00007.pcm"),
    ],
)  # fmt: skip
def test_paths_are_kspon_speech_s(split: str, number: int, listed: str, stored: str) -> None:
    one = Planned(split, number, "plain", "", (), 0)
    assert str(listed_path(one)) == listed
    assert str(stored_path(one)) == stored
