"""What the dataset is: its size and its checks, what was dropped from it, and how it was made."""

import json
from collections.abc import Iterable, Iterator

import numpy as np

from pipeline.contract.manifest import Counts, DroppedLine, Manifest, SettingsRecord
from pipeline.report.charts import draw_bar
from pipeline.report.figures import RowFigures, SeededSample
from pipeline.report.labels_ko import REASONS, STAGES, format_duration, format_percent, split_label
from pipeline.report.markup import Markup, bullets, details, facts, join, section, table, tag, value
from pipeline.report.suspicion import Suspicion, rows_without_measurement

TOO_MANY_DROPPED = 0.1
TOO_MANY_SUSPICIOUS = 0.01
MAX_NAMED = 5
"""How many names (phones, speakers) a finding lists."""

EXAMPLES_A_REASON = 5

# A manifest from a stranger may hold a million of anything.
MAX_REASONS = 50
MAX_RECORDS = 100
MAX_SETTINGS_CHARACTERS = 20_000


def show_overview(manifest: Manifest, figures: RowFigures, suspicions: list[Suspicion]) -> Markup:
    """Key figures, findings and the splits."""
    return section(
        "overview",
        "한눈에",
        _tiles(manifest, figures),
        tag("h3", "점검"),
        bullets(_findings(manifest, figures, suspicions), class_="findings"),
        tag("h3", "분할"),
        _splits(figures),
    )


def _tiles(manifest: Manifest, figures: RowFigures) -> Markup:
    counts = manifest.counts
    dropped = counts.read - counts.kept
    phones, lengths_s = sum(figures.phones.values()), figures.by_name["duration_s"]
    pace = phones / figures.seconds if figures.seconds else 0.0
    removed_s = float(figures.by_name["silence_removed_s"].sum())
    return facts(
        [
            ("발화", f"{figures.num_rows:,}개"),
            ("길이", format_duration(figures.seconds)),
            ("제외", f"{dropped:,}개 ({format_percent(dropped, counts.read)})"),
            ("화자", f"{len(figures.speakers):,}명" if figures.speakers else "알 수 없음"),
            ("음소", f"{phones:,}개"),
            ("초당 음소", f"{pace:.1f}개"),
            ("발화 길이 중앙값", format_duration(float(np.median(lengths_s))) if lengths_s.size else "없음"),
            ("줄인 침묵", format_duration(removed_s)),
        ],
        class_="tiles",
    )


def _findings(manifest: Manifest, figures: RowFigures, suspicions: list[Suspicion]) -> Iterator[Markup]:
    read = manifest.counts.read
    dropped = read - manifest.counts.kept
    yield _finding(
        f"읽은 발화 {read:,}개 가운데 {dropped:,}개({format_percent(dropped, read)})를 제외했습니다.",
        good=dropped <= TOO_MANY_DROPPED * read,
    )
    yield from _speaker_findings(figures)
    missing = [symbol for symbol, count in figures.phones.items() if not count]
    if missing:
        yield _finding("한 번도 나오지 않는 음소가 있습니다: ", good=False, names=missing)
    else:
        yield _finding(f"음소 {len(figures.phones)}개가 모두 나옵니다.", good=True)
    for suspicion in suspicions:
        found = suspicion.rows.size
        yield _finding(
            f"{suspicion.title}: {found:,}개 ({format_percent(found, figures.num_rows)})",
            good=found <= TOO_MANY_SUSPICIOUS * figures.num_rows,
        )
    unmeasured = rows_without_measurement(figures)
    if unmeasured:
        yield _finding(f"측정값이 유한한 수가 아닌 발화: {unmeasured:,}개", good=False)


def _speaker_findings(figures: RowFigures) -> Iterator[Markup]:
    if figures.num_unnamed:
        yield _finding(
            f"발화 {figures.num_unnamed:,}개는 화자를 알 수 없습니다."
            " 같은 사람이 여러 분할에 들어 있을 수 있습니다.",
            good=False,
        )
    shared = [name for name, speaker in figures.speakers.items() if len(speaker.splits) > 1]
    if shared:
        yield _finding(f"여러 분할에 들어 있는 화자가 {len(shared):,}명 있습니다: ", good=False, names=shared)
    elif figures.speakers and len(figures.splits) > 1:
        yield _finding("여러 분할에 들어 있는 화자가 없습니다.", good=True)


def _finding(text: str, *, good: bool, names: list[str] | None = None) -> Markup:
    mark = tag("b", "✓ 양호" if good else "! 확인", class_="good" if good else "bad")
    shown = join((value(name) for name in (names or [])[:MAX_NAMED]), ", ")
    more = " …" if names and len(names) > MAX_NAMED else ""
    return join([mark, tag("span", text, shown, more)])


def _splits(figures: RowFigures) -> Markup:
    total = sum(amount.samples for amount in figures.splits.values())
    rows = [
        (
            value(split_label(split)),
            f"{amount.utterances:,}",
            format_duration(amount.seconds),
            format_percent(amount.samples, total),
            _count_speakers(figures, split),
        )
        for split, amount in figures.splits.items()
    ]
    return table(["분할", "발화", "길이", "비율", "화자"], rows)


def _count_speakers(figures: RowFigures, split: str) -> str:
    count = sum(split in speaker.splits for speaker in figures.speakers.values())
    return f"{count:,}" if count else "–"


def show_dropped(counts: Counts, lines: Iterable[DroppedLine], *, seed: int) -> Markup:
    """The reasons for which utterances were dropped, each with its count and a few examples.

    Args:
        lines: The dropped list, read once.
        seed: Decides which utterances are the examples.
    """
    if not counts.dropped:
        return section("dropped", "제외한 발화", tag("p", "제외한 발화가 없습니다."))
    shown = sorted(counts.dropped, key=lambda reason: (-counts.dropped[reason], reason))[:MAX_REASONS]
    examples: dict[str, SeededSample[DroppedLine]] = {
        reason: SeededSample(EXAMPLES_A_REASON, seed=seed) for reason in shown
    }
    for line in lines:
        if line.reason in examples:
            examples[line.reason].add(line.id, line)
    blocks = [_show_reason(reason, counts, examples[reason].items()) for reason in shown]
    total = sum(counts.dropped.values())
    note = (
        f"읽은 발화 {counts.read:,}개 가운데 {total:,}개."
        f" 보기는 이유마다 {EXAMPLES_A_REASON}개까지 뽑았습니다."
    )
    return section("dropped", "제외한 발화", tag("div", *blocks, class_="reasons"), note=note)


def _show_reason(reason: str, counts: Counts, lines: list[DroppedLine]) -> Markup:
    dropped, total = counts.dropped[reason], sum(counts.dropped.values())
    stages = dict.fromkeys(STAGES.get(line.stage, line.stage) for line in lines)
    figure = f"{dropped:,}개 · 읽은 발화의 {format_percent(dropped, counts.read)}"
    head = [
        tag("b", REASONS.get(reason, "그 밖의 이유")), " ", value(reason, class_="code"), " ",
        tag("span", figure, class_="figure"),
    ]  # fmt: skip
    stage = tag("span", "단계: ", join((value(name) for name in stages), ", "), class_="meta")
    examples = bullets(
        [join([value(line.detail), " ", value(line.id, class_="id")]) for line in lines], class_="examples"
    )
    return tag("article", tag("h3", *head), draw_bar(dropped, total), stage, examples)


def show_provenance(manifest: Manifest) -> Markup:
    """How the dataset was made: whatever in the manifest decides the rows, and nothing about the run."""
    corpora = [
        (value(source.corpus.title), value(source.corpus.licence), f"{source.utterances:,}")
        for source in manifest.sources[:MAX_RECORDS]
    ]
    history = [tag("h3", "그 뒤에 한 일"), _history(manifest)] if manifest.history else []
    return section(
        "making",
        "만든 방법",
        table(["말뭉치", "사용 조건", "목록의 발화"], corpora),
        *history,
        tag("h3", "설정"),
        *(_settings(record) for record in manifest.settings[:MAX_RECORDS]),
        tag(
            "p",
            "이 보고서는 샤드의 행을 그대로 셉니다. 샤드가 바뀌지 않았는지는 ",
            tag("code", "malsori verify"),
            "가 확인합니다.",
            class_="note",
        ),
    )


def _history(manifest: Manifest) -> Markup:
    return bullets(value(line) for line in manifest.history[:MAX_RECORDS])


def _settings(record: SettingsRecord) -> Markup:
    content = json.dumps(record.values, ensure_ascii=False, indent=1, sort_keys=True)
    versions = join(
        (value(f"{name} {version}") for name, version in list(record.versions.items())[:MAX_RECORDS]), ", "
    )
    return details(
        join(["지문 ", tag("code", record.fingerprint[:16])]),
        tag("pre", content[:MAX_SETTINGS_CHARACTERS]),
        tag("p", "판: ", versions, class_="meta"),
    )
