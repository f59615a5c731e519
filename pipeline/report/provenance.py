"""How the dataset was made: corpora, settings, versions, what was done since."""

import json

from pipeline.contract.manifest import Manifest, SettingsRecord
from pipeline.report.markup import Markup, bullets, details, join, section, table, tag, value

MAX_SHOWN = 100  # of each kind; a manifest that nobody vouches for may hold a million
MAX_CHARACTERS = 20_000


def show_making(manifest: Manifest) -> Markup:
    """Everything of the manifest that decides the rows, but no fact of the run."""
    corpora = [
        (value(source.corpus.title), value(source.corpus.licence), f"{source.utterances:,}")
        for source in manifest.sources[:MAX_SHOWN]
    ]
    history = [tag("h3", "그 뒤에 한 일"), _history(manifest)] if manifest.history else []
    return section(
        "making",
        "만든 방법",
        table(["말뭉치", "사용 조건", "목록의 발화"], corpora),
        *history,
        tag("h3", "설정"),
        *(_settings(record) for record in manifest.settings[:MAX_SHOWN]),
        tag(
            "p",
            "이 보고서는 샤드의 행을 그대로 셉니다. 샤드가 바뀌지 않았는지는 ",
            tag("code", "malsori verify"),
            "가 확인합니다.",
            class_="note",
        ),
    )


def _history(manifest: Manifest) -> Markup:
    return bullets(value(line) for line in manifest.history[:MAX_SHOWN])


def _settings(record: SettingsRecord) -> Markup:
    content = json.dumps(record.values, ensure_ascii=False, indent=1, sort_keys=True)
    versions = join(
        (value(f"{name} {version}") for name, version in list(record.versions.items())[:MAX_SHOWN]), ", "
    )
    return details(
        join(["지문 ", tag("code", record.fingerprint[:16])]),
        tag("pre", content[:MAX_CHARACTERS]),
        tag("p", "판: ", versions, class_="meta"),
    )
