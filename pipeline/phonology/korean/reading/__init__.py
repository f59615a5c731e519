"""Numbers, Latin letters, signs and Hanja as they are read aloud, in Hangul.

signs      look-alikes folded, signs read, punctuation reduced to pauses
hanja      Hanja by their commonest reading
latin      acronyms, English words, letter names
numbers    dates, times, counters, money, ranges
numerals   digits as Sino-Korean and native numerals
"""

import re
from typing import Final

from pipeline.phonology.korean.reading.hanja import read_hanja
from pipeline.phonology.korean.reading.latin import read_latin, read_mixed
from pipeline.phonology.korean.reading.numbers import read_numbers
from pipeline.phonology.korean.reading.signs import fold, read_signs, settle_punctuation

_READY: Final = re.compile(r"[가-힣]+(?: [가-힣]+)*")
_UNREAD: Final = re.compile(r"[^가-힣 ,.?!]")


def read_aloud(text: str) -> str:
    """`text` as it is read: syllables, single spaces and `, . ? !`.

    Characters that have no reading stay in it; `unread` lists them.
    """
    if _READY.fullmatch(text):
        return text
    text = fold(text)
    text = read_hanja(text)
    text = read_mixed(text)
    text = read_numbers(text)
    text = read_signs(text)
    text = read_latin(text)
    return settle_punctuation(text)


def unread(text: str) -> list[str]:
    """The characters that `read_aloud` left in `text` for want of a reading, each once, in order."""
    return list(dict.fromkeys(_UNREAD.findall(text)))
