"""Numbers in running text -> Hangul: counters, dates, times, money, ranges, fractions.

Each form is a pattern and a function that reads its matches, tried in the order of `FORMS`. A
number and its counter become one word, as they are said (5명 -> 다섯명).
"""

import re
from collections.abc import Callable
from typing import Final

from pipeline.phonology.korean.reading.numerals import (
    PHONE_DIGITS,
    decimal,
    native,
    native_pair,
    one_by_one,
    sino,
)
from pipeline.phonology.korean.tables import read_pairs, read_table

_NUMBER: Final = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_START: Final = r"(?<!\d)(?<!\d[.,])"
"""Where a number begins. Without it, a long run of digits would be searched again from every digit."""
_COUNTERS: Final = {counter: (kind, int(limit)) for counter, kind, limit in read_table("counters")}
_LONGEST: Final = max(map(len, _COUNTERS))
_COUNTER: Final = "|".join(sorted(_COUNTERS, key=len, reverse=True))
_UNITS: Final = read_pairs("units")
_UNIT: Final = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))
_NO_LETTER: Final = r"(?![A-Za-z])"
_COUNTABLE: Final = 3
"""A number with more digits than this is never read in native numerals."""
_CONTEXT: Final = 4
"""How many characters after a counter may tell what it counts: 2번 출구."""
_SINO_MONTHS: Final = {"6": "유", "10": "시"}
_SCALES: Final = "십백천만억조"
_NUMBERED: Final = tuple("출구 버스 선수 문제 타자 국도 채널 트랙 홀 창구 게이트 방".split())
"""After these, 번 numbers and does not count: 2번 출구 이번 출구, but 2번 두번."""
_CALLED: Final = "112|114|119|1339|182|120|911"
_CALLING: Final = "(?=[에로가는을 ]?(?:신고|구급|에|로|가|는|상황|번으로))"

_LONGEST_BEFORE: Final = 5
"""How many characters before a number may tell how it is read."""
_NUMBERED_BEFORE: Final = re.compile(r"(?:버스|번호|채널|국도|좌석|출구|게이트|등번호|노선)\s?$")

Read = Callable[[re.Match[str]], str]


def read_numbers(text: str) -> str:
    """`text` with every number in Arabic numerals read."""
    for pattern, read in FORMS:
        text = pattern.sub(read, text)
    return text


def counted(number: str, following: str) -> str:
    """A number as it is read before the word `following`.

    >>> counted("5", "명"), counted("30", "대"), counted("6", "월"), counted("1,000.5", "")
    ('다섯', '삼십', '유', '천점오')
    """
    number = number.replace(",", "")
    whole, _, fraction = number.partition(".")
    if fraction:
        return decimal(whole, fraction)
    counter = counter_of(following)
    if counter == "월" and number.lstrip("0") in _SINO_MONTHS:
        return _SINO_MONTHS[number.lstrip("0")]
    if counter == "번째" and number == "1":
        return "첫"
    kind, limit = _COUNTERS.get(counter, ("sino", 0))
    if (
        kind == "native"
        and len(whole) <= _COUNTABLE
        and int(whole) <= limit
        and _is_counted(int(whole), counter, following)
    ):
        return native(int(whole)) or sino(whole)
    if len(whole) > 1 and whole[0] == "0":
        return one_by_one(whole, zero="공")
    return sino(whole)


def counter_of(following: str) -> str:
    """The longest counter that `following` begins with, or ""."""
    for length in range(min(_LONGEST, len(following)), 0, -1):
        if following[:length] in _COUNTERS:
            return following[:length]
    return ""


def _is_counted(number: int, counter: str, following: str) -> bool:
    """Whether the counter counts (세 번, 다섯 대) and does not number (삼 번 출구, 이십 대)."""
    if counter == "대":
        return number % 10 != 0 and not following.startswith(("대째", "대손", "대조", "대 "))
    if counter == "번":
        return number != 1 and not following[1:].strip().startswith(_NUMBERED)
    return True


def _iso_date(match: re.Match[str]) -> str:
    year, month, day = match.groups()
    return f"{sino(year)}년 {_month(month)} {sino(day)}일"


def _month(month: str) -> str:
    return f"{counted(month.lstrip('0'), '월')}월"


def _clock(match: re.Match[str]) -> str:
    hour, minute, second = match.groups()
    said = f"{counted(str(int(hour)), '시') if int(hour) else '영'}시"
    if int(minute):
        said += f" {sino(minute)}분"
    return said + (f" {sino(second)}초" if second else "")


def _ratio(match: re.Match[str]) -> str:
    return f"{counted(match[1], '')} 대 {counted(match[2], '')}"


def _numbered(match: re.Match[str]) -> str:
    return f"{sino(match[1])}다시 {sino(match[2])}"


def _telephone(match: re.Match[str]) -> str:
    return " ".join(
        one_by_one(group, zero=PHONE_DIGITS[0]) for group in re.split(r"[-.) ]+", match[0].strip("("))
    )


def _emergency(match: re.Match[str]) -> str:
    return one_by_one(match[0])


_EVENTS: Final = "절|운동|혁명|전쟁|사변|사태|민주화|항쟁|광복|후퇴|만세|총선|대선"
"""Events named by their date: before these, a full stop is no decimal point (4.19 혁명)."""


def _dotted(match: re.Match[str]) -> str:
    """An event named by its date: 6·25 육이오, 10·26 십이육, 12·12 십이십이."""
    month, day = match.groups()
    return sino(month) + (sino(day) if day in (month, "10") else one_by_one(day))


def _fraction(match: re.Match[str]) -> str:
    """1/2 is a fraction; 7/24 and 12/3 are dates; 24/7 is neither."""
    first, second = match.groups()
    if len(first) <= _COUNTABLE >= len(second):
        numerator, denominator = int(first), int(second)
        if numerator >= denominator or (denominator > 10 and denominator % 10):
            if 1 <= numerator <= 12 and 1 <= denominator <= 31:
                return f"{_month(first)} {sino(second)}일"
            return f"{sino(first)} {sino(second)}"
    return f"{sino(match[2])}분의 {sino(match[1])}"


def _range(match: re.Match[str]) -> str:
    first, unit, last, gap, following = match.groups()
    counter = counter_of(following)
    if unit:  # 9시~6시, 3월-5월
        return f"{counted(first, unit)}{unit}에서 {counted(last, following)}{gap}{following}"
    adjacent = len(first) == len(last) == 1 and int(last) == int(first) + 1
    kind, _ = _COUNTERS.get(counter, ("sino", 0))
    if adjacent and counter:
        said = native_pair(int(first)) if kind == "native" else sino(first) + sino(last)
        return f"{said}{gap}{following}"
    return f"{counted(first, following)}에서 {counted(last, following)}{gap}{following}"


def _range_with_unit(match: re.Match[str]) -> str:
    first, unit, last, last_unit = match.groups()
    said = f"{counted(first, '')}{_UNITS[unit] if unit else ''}"
    return f"{said}에서 {counted(last, '')}{_UNITS[last_unit]}"


def _money(match: re.Match[str]) -> str:
    sign, number, scale = match.groups()
    return f"{_signless(number)}{scale}{_UNITS[sign]}"


def _below_zero(match: re.Match[str]) -> str:
    return f"영하 {match[1]}"


def _minus(match: re.Match[str]) -> str:
    return f"마이너스 {match[1]}"


def _with_unit(match: re.Match[str]) -> str:
    number, unit = match.groups()
    said = f"{_signless(number)}{_UNITS[unit]}"
    return f"시속 {said}" if unit in ("km/h", "mph") else said


def _signless(number: str) -> str:
    return counted(number, "")


def _scaled(match: re.Match[str]) -> str:
    """3만 5천명, 1억 2000만원: the digits before 만, 억 and the rest are Sino-Korean."""
    number, scale = match.groups()
    if number == "1" and scale in "십백천만":
        return scale
    return counted(number, "") + scale


def _general(match: re.Match[str]) -> str:
    number, gap, following = match.groups()
    # Slices of a few characters: one up to the text's end would cost its length for every number in it.
    before = match.string[max(0, match.start() - _LONGEST_BEFORE) : match.start()]
    ordinal = before.endswith("제")  # 제3장: the third chapter, not three sheets
    numbered = following.startswith("번") and _NUMBERED_BEFORE.search(before)
    context = following + match.string[match.end() : match.end() + _CONTEXT]
    said = counted(number, context if following and not (ordinal or numbered) else "")
    return f"{said}{gap}{following}"


FORMS: Final[tuple[tuple[re.Pattern[str], Read], ...]] = (
    (
        re.compile(r"(?<!\d)(\d{4})\s?[.\-/]\s?(0?[1-9]|1[0-2])\s?[.\-/]\s?(0?[1-9]|[12]\d|3[01])(?!\d)\.?"),
        _iso_date,
    ),
    (re.compile(r"(?<![\d:])([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?(?![\d:])"), _clock),
    (re.compile(r"(?<!\d)\(?0\d{1,2}[-.) ]+\d{3,4}[-. ]+\d{4}(?!\d)"), _telephone),
    (re.compile(r"(?<!\d)1[568]\d\d-\d{4}(?!\d)"), _telephone),
    (re.compile(r"(?<!\d)\d{2,6}-\d{2,6}-\d{2,7}(?!\d)"), _telephone),
    (re.compile(r"(?<!\d)\d{3,4}-\d{4}(?!\d)"), _telephone),
    (re.compile(rf"(?<![\d.,])(?:{_CALLED}){_CALLING}"), _emergency),
    (re.compile(r"(?<!\d)(\d{1,2})[·ㆍ・](\d{1,2})(?!\d)"), _dotted),
    (
        re.compile(rf"(?<![\d.])(1[0-2]|[1-9])\.(3[01]|[12]\d|[1-9])(?=\s?(?:{_EVENTS}))"),
        _dotted,
    ),
    (re.compile(r"([$€£¥￥₩￦])\s?(" + _NUMBER + rf")\s?([{_SCALES}]*)"), _money),
    (re.compile(rf"(?<![\d가-힣A-Za-z)])[-−–]\s?((?:{_NUMBER})\s?(?:도(?!시)|°C|℃|˚C|°))"), _below_zero),
    (re.compile(rf"(?<![\d가-힣A-Za-z)])[-−–]\s?((?:{_NUMBER}))"), _minus),
    (
        re.compile(
            rf"{_START}({_NUMBER})\s?({_UNIT})?[~∼〜～\-–]{{1,2}}\s?({_NUMBER})\s?({_UNIT}){_NO_LETTER}"
        ),
        _range_with_unit,
    ),
    (re.compile(r"(?<![\d.])(\d{1,3})\s?대\s?(\d{1,3})(?![\d.])"), _ratio),
    (re.compile(r"(?<![\d.])(\d{1,2})\s?-\s?(\d{1,2})(?=\s?(?:으?로|승|패|무))"), _ratio),
    (re.compile(rf"{_START}({_NUMBER})([가-힣]{{0,3}})\s?[~∼〜～]\s?({_NUMBER})(\s?)([가-힣]*)"), _range),
    (re.compile(r"(?<!\d)(\d+)-(\d+)(?=\s?(?:번지|호|동))"), _numbered),
    (re.compile(rf"{_START}({_NUMBER})()\s?[-–]\s?({_NUMBER})(\s?)({_COUNTER})"), _range),
    (re.compile(r"(?<!\d)(\d+)-(\d+)(?!\d)"), _numbered),
    (re.compile(r"(?<![\d/])(\d+)/(\d+)(?![\d/])"), _fraction),
    (re.compile(r"(?<![\d:])(\d+)\s?:\s?(\d+)(?![\d:])"), _ratio),
    (re.compile(rf"{_START}({_NUMBER})\s?({_UNIT}){_NO_LETTER}"), _with_unit),
    (re.compile(rf"{_START}({_NUMBER})([{_SCALES}])"), _scaled),
    (re.compile(rf"({_NUMBER})(\s?)([가-힣]*)"), _general),
)
"""(pattern, function that reads its match), in the order in which they are tried."""
