"""The examples of the Standard Pronunciation itself, as g2pk's rules.txt lists them."""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from pipeline.phonology import ipa_of, pronounce

# What the file itself has wrong, or leaves open.
EXCEPTIONS = {
    "맛없다": "the example leaves out the tense 따",
    "옷맵시": "the example leaves out the tense 씨",
    "옷 맞추다": "the example leaves out the coda of 맏",
    "밤윳": "a misprint of 밤윷",
    "신고": "the verb's 신꼬; alone, 신고 is the commoner noun",
}


def _examples() -> Iterator[tuple[str, str]]:
    spec = find_spec("g2pk")
    assert spec is not None
    assert spec.origin is not None
    rules = Path(spec.origin).with_name("rules.txt").read_text(encoding="utf-8")
    for line in rules.splitlines():
        if line.startswith("->"):
            for spelling, said in re.findall(r"([0-9·가-힣][0-9·가-힣 ]*?)\s*\[([^\]]+)\]", line):
                yield spelling, said.replace(":", "")


@pytest.mark.parametrize(("spelling", "said"), sorted(set(_examples())))
def test_an_official_example(spelling: str, said: str) -> None:
    got = ipa_of(pronounce(spelling))
    assert (got in [ipa_of(form) for form in re.split("[/→]", said)]) == (spelling not in EXCEPTIONS)
