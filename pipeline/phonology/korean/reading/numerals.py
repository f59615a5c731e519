"""Digits as Korean numerals: Sino-Korean (일 이 삼), native (하나, 한) and digit by digit."""

from typing import Final

DIGITS: Final = "영일이삼사오육칠팔구"
PHONE_DIGITS: Final = "공일이삼사오육칠팔구"
_PLACES: Final = ("천", "백", "십", "")
_MYRIADS: Final = ("", "만", "억", "조", "경", "해")
_NATIVE_TENS: Final = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")
_NATIVE_UNITS: Final = ("", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉")
_NATIVE_PAIRS: Final = {
    1: "한두",
    2: "두세",
    3: "서너",
    4: "네다섯",
    5: "대여섯",
    6: "예닐곱",
    7: "일고여덟",
    8: "여덟아홉",
}
MAX_DIGITS: Final = 4 * len(_MYRIADS)


def sino(digits: str) -> str:
    """A whole number in Sino-Korean numerals.

    >>> sino("123456")
    '십이만삼천사백오십육'
    """
    digits = digits.lstrip("0")
    if not digits:
        return "영"
    if len(digits) > MAX_DIGITS:
        return one_by_one(digits)
    said = ""
    groups = (len(digits) + 3) // 4
    padded = digits.zfill(groups * 4)
    for index in range(groups):
        group = padded[index * 4 : index * 4 + 4]
        myriad = _MYRIADS[groups - index - 1]
        if int(group) == 0:
            continue
        # 10,000 is 만, but 100,000,000 is 일억.
        bare = group == "0001" and myriad == "만" and not said
        said += ("" if bare else _below_myriad(group)) + myriad
    return said


def native(number: int) -> str | None:
    """A number from 1 to 99 in the native form that stands before a counter, or None.

    >>> native(20), native(21), native(3)
    ('스무', '스물한', '세')
    """
    if not 1 <= number <= 99:
        return None
    if number == 20:
        return "스무"
    return _NATIVE_TENS[number // 10] + _NATIVE_UNITS[number % 10]


def native_pair(first: int) -> str | None:
    """The pair `first` to `first + 1` before a native counter (3~4명: 서너 명), or None above 8."""
    return _NATIVE_PAIRS.get(first)


def one_by_one(digits: str, *, zero: str = "영") -> str:
    """Each digit by its name: telephone numbers, decimals."""
    return "".join(zero if digit == "0" else DIGITS[int(digit)] for digit in digits)


def decimal(whole: str, fraction: str) -> str:
    """A decimal number: 3.14 -> 삼점일사."""
    return f"{sino(whole)}점{one_by_one(fraction)}"


def _below_myriad(group: str) -> str:
    said = ""
    for digit, place in zip(group, _PLACES, strict=True):
        if digit != "0":
            said += ("" if digit == "1" and place else DIGITS[int(digit)]) + place
    return said
