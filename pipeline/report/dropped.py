"""Why utterances were dropped, with examples."""

from collections.abc import Iterable

from pipeline.contract.manifest import Counts, DroppedLine
from pipeline.report.charts import draw_bar
from pipeline.report.figures import SeededSample
from pipeline.report.labels_ko import REASONS, STAGES, share
from pipeline.report.markup import Markup, bullets, join, section, tag, value

EXAMPLES = 5
MAX_REASONS = 50  # a manifest that nobody vouches for may name a million


def show_dropped(counts: Counts, lines: Iterable[DroppedLine], *, seed: int) -> Markup:
    """Each reason with its count and some examples, picked by the seed."""
    if not counts.dropped:
        return section("dropped", "제외한 발화", tag("p", "제외한 발화가 없습니다."))
    shown = sorted(counts.dropped, key=lambda reason: (-counts.dropped[reason], reason))[:MAX_REASONS]
    samples: dict[str, SeededSample[DroppedLine]] = {
        reason: SeededSample(EXAMPLES, seed=seed) for reason in shown
    }
    for line in lines:
        if line.reason in samples:
            samples[line.reason].add(line.id, line)
    blocks = [_show_reason(reason, counts, samples[reason].items()) for reason in shown]
    total = sum(counts.dropped.values())
    note = f"읽은 발화 {counts.read:,}개 가운데 {total:,}개. 보기는 이유마다 {EXAMPLES}개까지 뽑았습니다."
    return section("dropped", "제외한 발화", tag("div", *blocks, class_="reasons"), note=note)


def _show_reason(reason: str, counts: Counts, lines: list[DroppedLine]) -> Markup:
    number, total = counts.dropped[reason], sum(counts.dropped.values())
    stages = dict.fromkeys(STAGES.get(line.stage, line.stage) for line in lines)
    head = [
        tag("b", REASONS.get(reason, "그 밖의 이유")), " ", value(reason, class_="code"), " ",
        tag("span", f"{number:,}개 · 읽은 발화의 {share(number, counts.read)}", class_="figure"),
    ]  # fmt: skip
    stage = [tag("span", "단계: ", join((value(name) for name in stages), ", "), class_="meta")]
    examples = bullets(
        [join([value(line.detail), " ", value(line.id, class_="id")]) for line in lines], class_="examples"
    )
    return tag("article", tag("h3", *head), draw_bar(number, total), *stage, examples)
