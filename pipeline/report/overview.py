"""The head of the page: what the dataset is, how large, and what a reader should look at."""

from collections.abc import Iterator

import numpy as np

from pipeline.contract.manifest import Manifest
from pipeline.report.figures import Survey
from pipeline.report.labels_ko import duration, share, split_name
from pipeline.report.markup import Markup, bullets, facts, join, section, table, tag, value
from pipeline.report.suspicion import Suspicion, rows_without_measurement

TOO_MANY_DROPPED = 0.1
TOO_MANY_SUSPICIOUS = 0.01
MAX_NAMED = 5


def show_overview(manifest: Manifest, survey: Survey, suspicions: list[Suspicion]) -> Markup:
    """Key figures, findings and the splits."""
    return section(
        "overview",
        "한눈에",
        _tiles(manifest, survey),
        tag("h3", "점검"),
        bullets(_findings(manifest, survey, suspicions), class_="findings"),
        tag("h3", "분할"),
        _splits(survey),
    )


def _tiles(manifest: Manifest, survey: Survey) -> Markup:
    counts = manifest.counts
    dropped = counts.read - counts.kept
    phones, lengths_s = sum(survey.phones.values()), survey.figures["duration_s"]
    pace = phones / survey.seconds if survey.seconds else 0.0
    return facts(
        [
            ("발화", f"{survey.num_rows:,}개"),
            ("길이", duration(survey.seconds)),
            ("제외", f"{dropped:,}개 ({share(dropped, counts.read)})"),
            ("화자", f"{len(survey.speakers):,}명" if survey.speakers else "알 수 없음"),
            ("음소", f"{phones:,}개"),
            ("초당 음소", f"{pace:.1f}개"),
            ("발화 길이 중앙값", duration(float(np.median(lengths_s))) if lengths_s.size else "없음"),
            ("줄인 침묵", duration(float(survey.figures["silence_removed_s"].sum()))),
        ],
        class_="tiles",
    )


def _findings(manifest: Manifest, survey: Survey, suspicions: list[Suspicion]) -> Iterator[Markup]:
    counts = manifest.counts
    dropped = counts.read - counts.kept
    yield _finding(
        f"읽은 발화 {counts.read:,}개 가운데 {dropped:,}개({share(dropped, counts.read)})를 제외했습니다.",
        good=dropped <= TOO_MANY_DROPPED * counts.read,
    )
    yield from _speaker_findings(survey)
    missing = [symbol for symbol, count in survey.phones.items() if not count]
    if missing:
        yield _finding("한 번도 나오지 않는 음소가 있습니다: ", good=False, names=missing)
    else:
        yield _finding(f"음소 {len(survey.phones)}개가 모두 나옵니다.", good=True)
    for suspicion in suspicions:
        found = suspicion.rows.size
        yield _finding(
            f"{suspicion.title}: {found:,}개 ({share(found, survey.num_rows)})",
            good=found <= TOO_MANY_SUSPICIOUS * survey.num_rows,
        )
    unmeasured = rows_without_measurement(survey)
    if unmeasured:
        yield _finding(f"측정값이 유한한 수가 아닌 발화: {unmeasured:,}개", good=False)


def _speaker_findings(survey: Survey) -> Iterator[Markup]:
    if survey.num_unnamed:
        yield _finding(
            f"발화 {survey.num_unnamed:,}개는 화자를 알 수 없습니다."
            " 같은 사람이 여러 분할에 들어 있을 수 있습니다.",
            good=False,
        )
    shared = [name for name, speaker in survey.speakers.items() if len(speaker.splits) > 1]
    if shared:
        yield _finding(f"여러 분할에 들어 있는 화자가 {len(shared):,}명 있습니다: ", good=False, names=shared)
    elif survey.speakers and len(survey.splits) > 1:
        yield _finding("여러 분할에 들어 있는 화자가 없습니다.", good=True)


def _finding(text: str, *, good: bool, names: list[str] | None = None) -> Markup:
    mark = tag("b", "✓ 양호" if good else "! 확인", class_="good" if good else "bad")
    shown = join((value(name) for name in (names or [])[:MAX_NAMED]), ", ")
    more = " …" if names and len(names) > MAX_NAMED else ""
    return join([mark, tag("span", text, shown, more)])


def _splits(survey: Survey) -> Markup:
    rows = [
        (
            value(split_name(split)),
            f"{part.utterances:,}",
            duration(part.seconds),
            share(part.samples, sum(each.samples for each in survey.splits.values())),
            _count_speakers(survey, split),
        )
        for split, part in survey.splits.items()
    ]
    return table(["분할", "발화", "길이", "비율", "화자"], rows)


def _count_speakers(survey: Survey, split: str) -> str:
    count = sum(split in speaker.splits for speaker in survey.speakers.values())
    return f"{count:,}" if count else "–"
