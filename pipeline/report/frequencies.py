"""How often each phone and each character occurs."""

import unicodedata
from collections import Counter
from collections.abc import Sequence

from pipeline.report.charts import draw_bar
from pipeline.report.layout import section
from pipeline.report.markup import Markup, join, tag, value
from pipeline.report.survey import Survey
from pipeline.report.words import share

MAX_SYLLABLES = 60
MAX_OTHERS = 60
SYLLABLES = range(0xAC00, 0xD7A4)


def show_frequencies(survey: Survey) -> Markup:
    """Phones by count, the commonest syllables, and every other character."""
    phones = sorted(survey.phones.items(), key=lambda item: -item[1])
    syllables = {letter: count for letter, count in survey.characters.items() if ord(letter) in SYLLABLES}
    others = {
        letter: count
        for letter, count in survey.characters.items()
        if ord(letter) not in SYLLABLES and not letter.isspace()
    }
    return section(
        "frequencies",
        "음소와 글자",
        tag("h3", f"음소 {len(phones)}개"),
        _bars(phones, total=sum(survey.phones.values())),
        tag("h3", f"한글 음절 {len(syllables):,}가지"),
        tag("p", _rare_syllables(syllables), class_="meta"),
        _chips(Counter(syllables).most_common(MAX_SYLLABLES), more=len(syllables) - MAX_SYLLABLES),
        tag("h3", f"한글 음절이 아닌 글자 {len(others):,}가지"),
        _chips(Counter(others).most_common(MAX_OTHERS), more=len(others) - MAX_OTHERS),
        note="글자는 다듬은 전사(text)에서, 음소는 라벨에서 셌습니다. 빈칸은 세지 않았습니다.",
    )


def _rare_syllables(syllables: dict[str, int]) -> str:
    once = sum(count == 1 for count in syllables.values())
    return f"흔한 것부터 {MAX_SYLLABLES}가지까지 보입니다. 한 번만 나오는 음절은 {once:,}가지입니다."


def _bars(counts: Sequence[tuple[str, int]], *, total: int) -> Markup:
    most = max((count for _, count in counts), default=0)
    items = [
        tag(
            "li",
            value(name, class_="symbol"),
            draw_bar(count, most),
            tag("span", f"{count:,} · {share(count, total)}", class_="figure"),
            class_=None if count else "none",
        )
        for name, count in counts
    ]
    return tag("ol", *items, class_="bars")


def _chips(counts: Sequence[tuple[str, int]], *, more: int) -> Markup:
    if not counts:
        return tag("p", "없습니다.")
    chips = [
        tag("li", value(_visible(letter), class_="symbol"), f" {count:,}", title=f"U+{ord(letter):04X}")
        for letter, count in counts
    ]
    rest = [tag("li", f"그 밖에 {more:,}가지")] if more > 0 else []
    return tag("ul", join([*chips, *rest]), class_="chips")


def _visible(letter: str) -> str:
    """A letter, or its code where it would not be seen by itself."""
    return f"U+{ord(letter):04X}" if unicodedata.category(letter)[0] in "CMZ" else letter
