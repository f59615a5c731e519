import pytest

from pipeline.contract.reasons import Reason
from pipeline.contract.vocabulary import KOREAN
from pipeline.phonology import (
    PhonologySettings,
    UnpronounceableError,
    ipa_of,
    label_batch,
    pronounce,
    to_ipa,
)
from pipeline.phonology.korean.morphemes import tag_morphemes
from pipeline.record import Labelled, Rejection

SETTINGS = PhonologySettings()


def test_labels_are_the_ids_of_the_symbols() -> None:
    [labelled] = label_batch(["할 일이 많다"], settings=SETTINGS)
    assert isinstance(labelled, Labelled)
    assert labelled.pronunciation == "할 리리 만타"
    assert labelled.ipa == tuple("h ɑ l l i ɾ i m ɑ n tʰ ɑ".split())
    assert KOREAN.decode(labelled.labels) == list(labelled.ipa)
    assert labelled.romanized == "hal il-i manhda"
    assert ipa_of(labelled.pronunciation) == list(labelled.ipa)


def test_a_text_without_a_reading_is_rejected_in_its_place_with_the_characters_named() -> None:
    first, second, third = label_batch(["안녕하세요", "네 ㅋㅋ \ud800", "그래요"], settings=SETTINGS)
    assert isinstance(first, Labelled)
    assert isinstance(third, Labelled)
    assert second == Rejection(Reason.UNPRONOUNCEABLE, "no reading for ㅋ U+D800")


def test_a_long_list_of_unread_characters_is_cut() -> None:
    [rejection] = label_batch(["".join(chr(0x3041 + i) for i in range(30))], settings=SETTINGS)
    assert isinstance(rejection, Rejection)
    assert rejection.detail.endswith("and 20 more characters")


def test_the_convenience_functions_raise_what_a_batch_rejects() -> None:
    with pytest.raises(UnpronounceableError, match="🙂"):
        pronounce("안녕 🙂")
    with pytest.raises(UnpronounceableError):
        to_ipa("ﾡ")


def test_each_consonant_stays_on_its_own_word() -> None:
    assert pronounce("3월 5일에 만나요") == "사뭘 오이레 만나요"
    assert pronounce("꽃 위") == "꼳 위"
    assert pronounce("옷 한 벌") == "오 탄 벌"


def test_a_pause_stops_every_sound_change() -> None:
    assert pronounce("밥, 먹자") == "밥, 먹짜"
    assert to_ipa("아, 가")[1] == "k"


@pytest.mark.parametrize(
    ("settings", "text", "said"),
    [
        (PhonologySettings(), "나의 시계 주의", "나에 시게 주이"),
        (PhonologySettings(particle_ui="ui"), "나의 주의", "나의 주이"),
        (PhonologySettings(inner_ui="ui"), "나의 주의", "나에 주의"),
        (PhonologySettings(ye="ye"), "시계", "시계"),
        (PhonologySettings(connected=False), "밥 먹자", "밥 먹짜"),
    ],
)
def test_settings_decide_what_korean_leaves_open(settings: PhonologySettings, text: str, said: str) -> None:
    assert pronounce(text, settings=settings) == said


def test_settings_decide_the_allophones() -> None:
    assert to_ipa("라면", settings=PhonologySettings(initial_liquid="ɾ"))[0] == "ɾ"
    assert to_ipa("아 가", settings=PhonologySettings(connected=False)) == "ɑ k ɑ".split()


def test_nothing_is_nothing() -> None:
    [labelled] = label_batch([""], settings=SETTINGS)
    assert labelled == Labelled("", (), (), "")
    assert label_batch([], settings=SETTINGS) == []


def test_a_hundred_thousand_characters() -> None:
    text = "할 일이 많다 " * 12_500
    assert len(to_ipa(text)) == 12 * 12_500
    assert len(to_ipa("가" * 100_000)) == 200_000


def test_tokens_of_a_text_tagged_in_pieces_lie_where_they_say() -> None:
    long = "할 일이 많다 " * 300
    tokens = tag_morphemes(long)
    positions = [start for start, _ in tokens]
    assert positions == sorted(positions)
    assert [long[start : start + len(token.surface)] for start, token in tokens] == [
        token.surface for _, token in tokens
    ]
