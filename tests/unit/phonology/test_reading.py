import pytest

from pipeline.phonology.korean.reading import read_aloud, unread
from pipeline.phonology.korean.reading.numerals import decimal, native, one_by_one, sino


@pytest.mark.parametrize(
    ("digits", "said"),
    [
        ("0", "영"),
        ("10", "십"),
        ("11", "십일"),
        ("100", "백"),
        ("1000", "천"),
        ("10000", "만"),
        ("110000", "십일만"),
        ("100000000", "일억"),
        ("100010000", "일억일만"),
        ("123456789", "일억이천삼백사십오만육천칠백팔십구"),
        ("1000000", "백만"),
        ("0007", "칠"),
    ],
)
def test_sino_korean_numerals(digits: str, said: str) -> None:
    assert sino(digits) == said


def test_a_number_too_long_for_any_myriad_is_read_digit_by_digit() -> None:
    assert sino("1" * 30) == "일" * 30


def test_native_numerals_stand_before_counters() -> None:
    assert [native(n) for n in (1, 2, 3, 4, 10, 11, 20, 21, 99)] == (
        "한 두 세 네 열 열한 스무 스물한 아흔아홉".split()
    )
    assert native(0) is None
    assert native(100) is None


def test_digits_and_decimals() -> None:
    assert one_by_one("010", zero="공") == "공일공"
    assert decimal("3", "14") == "삼점일사"
    assert decimal("0", "05") == "영점영오"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        # counters
        ("3명", "세명"),
        ("3 명", "세 명"),
        ("5개월", "오개월"),
        ("1시간", "한시간"),
        ("24시간", "이십사시간"),
        ("20살", "스무살"),
        ("21살", "스물한살"),
        ("30대", "삼십대"),
        ("3대가", "세대가"),
        ("6월", "유월"),
        ("10월", "시월"),
        ("12월", "십이월"),
        ("1번", "일번"),
        ("2번", "두번"),
        ("2번 출구", "이번 출구"),
        ("1번째", "첫번째"),
        ("3층", "삼층"),
        ("100만명", "백만명"),
        ("1만원", "만원"),
        ("3만5천원", "삼만오천원"),
        ("200여명", "이백여명"),
        # dates, times, telephone numbers
        ("2023.06.25", "이천이십삼년 유월 이십오일"),
        ("2023-6-5", "이천이십삼년 유월 오일"),
        ("12:30", "열두시 삼십분"),
        ("9:00", "아홉시"),
        ("13:05:09", "십삼시 오분 구초"),
        ("010-1234-5678", "공일공 일이삼사 오육칠팔"),
        ("1588-1234", "일오팔팔 일이삼사"),
        ("119에", "일일구에"),
        ("6·25", "육이오"),
        ("12·12", "십이십이"),
        ("버스 7번을", "버스 칠번을"),
        ("3·1절", "삼일절"),
        ("3.1절", "삼일절"),
        ("4.19 혁명", "사일구 혁명"),
        ("6.25전쟁", "육이오전쟁"),
        ("6.25 퍼센트", "육점이오 퍼센트"),
        # decimals, fractions, ranges, ratios, signs
        ("3.14", "삼점일사"),
        ("1,000.5", "천점오"),
        ("1/2", "이분의 일"),
        ("7/24", "칠월 이십사일"),
        ("24/7", "이십사 칠"),
        ("10%~20%", "십퍼센트에서 이십퍼센트"),
        ("3~4명", "서너명"),
        ("5~6년", "오육년"),
        ("10~15분", "십에서 십오분"),
        ("9시~6시", "아홉시에서 여섯시"),
        ("3-4명", "서너명"),
        ("12-3번지", "십이다시 삼번지"),
        ("3:1", "삼 대 일"),
        ("2-1로", "이 대 일로"),
        ("3대1", "삼 대 일"),
        ("-3도", "영하 삼도"),
        ("-5", "마이너스 오"),
        # units and money
        ("180cm", "백팔십센티"),
        ("80kg", "팔십킬로그램"),
        ("100km/h", "시속 백킬로미터"),
        ("50%p", "오십퍼센트포인트"),
        ("20℃", "이십도"),
        ("$5", "오달러"),
        ("₩1,000", "천원"),
        ("10,000원", "만원"),
        # look-alikes
        ("１２３", "백이십삼"),
        ("㎏", "킬로그램"),
        ("½", "이분의 일"),
        ("제Ⅲ장", "제삼장"),
    ],
)
def test_numbers(text: str, said: str) -> None:
    assert read_aloud(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("LG", "엘지"),
        ("KBS", "케이비에스"),
        ("mp3", "엠피쓰리"),
        ("A4", "에이포"),
        ("G20", "지이십"),
        ("H2O", "에이치투오"),
        ("Wi-Fi", "와이파이"),
        ("R&D", "알앤디"),
        ("ＬＧ", "엘지"),
        ("NASA", "나사"),
        ("YouTube", "유튜브"),
        ("computer", "컴퓨터"),
        ("café", "카페"),
        ("umbrella", "엄브렐러"),  # by the CMU dictionary
        ("xqzt", "엑스큐제트티"),  # in no dictionary
    ],
)
def test_latin(text: str, said: str) -> None:
    assert read_aloud(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("大韓民國", "대한민국"),
        ("女子", "여자"),
        ("男女", "남녀"),
        ("比率", "비율"),
        ("來日", "내일"),
        ("한국(韓國)은", "한국은"),
        ("한국(美國)은", "한국 미국 은"),
    ],
)
def test_hanja(text: str, said: str) -> None:
    assert read_aloud(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("네. 그래요?", "네. 그래요?"),
        ("아...", "아."),
        ("뭐?!", "뭐?"),
        ("“안녕”하고", "안녕하고"),
        ("남·북", "남 북"),
        ("(웃음)", "웃음"),
        ("아 , 네", "아, 네"),
        ("가\u200b나", "가나"),
        ("1+1", "일 플러스 일"),
        ("α", "알파"),
        ("ㄱ자", "기역자"),
        ("㈜한글", "주식회사 한글"),
        ("", ""),
        ("...", ""),
    ],
)
def test_marks(text: str, said: str) -> None:
    assert read_aloud(text) == said


def test_what_has_no_reading_is_named_once_and_in_order() -> None:
    assert unread(read_aloud("ㅋㅋㅋ 🙂 ㅠ 네 ㅋ")) == ["ㅋ", "🙂", "ㅠ"]
    assert unread(read_aloud("안녕 あ")) == ["あ"]
    assert unread(read_aloud("세 명, 네!")) == []


@pytest.mark.parametrize(
    "text", ["1" * 100_000, "1," * 50_000, "1.1" * 30_000, "1명" * 30_000, "9~" * 50_000, "1" * 5_000 + "명"]
)
def test_long_runs_of_digits_take_linear_time_and_are_read(text: str) -> None:
    assert unread(read_aloud(text)) == []
