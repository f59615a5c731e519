"""The page: all sections in order, under a content security policy that allows nothing to load."""

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from pipeline.audio.recordings import Recordings
from pipeline.contract.errors import InputRejected
from pipeline.contract.files import replacing
from pipeline.contract.manifest import Manifest
from pipeline.contract.opened import OpenedManifest
from pipeline.dataset.dropped import read_dropped
from pipeline.report.distributions import show_distributions, show_frequencies, show_speakers
from pipeline.report.figures import gather_figures
from pipeline.report.listening import HeardUtterance, RawCorpora, read_utterance
from pipeline.report.markup import Markup, join, tag, value
from pipeline.report.overview import show_dropped, show_overview, show_provenance
from pipeline.report.suspicion import find_suspicions
from pipeline.report.utterances import LISTED_S, SAMPLED_S, show_extremes, show_samples, show_suspicions

CHAPTERS = {
    "overview": "한눈에", "dropped": "제외", "distributions": "분포", "frequencies": "음소와 글자",
    "speakers": "화자", "extremes": "긴 발화와 짧은 발화",
    "suspicious": "의심", "samples": "표본", "making": "만든 방법",
}  # fmt: skip


def write_report(
    opened: OpenedManifest, path: Path, *, raw: Sequence[Path] = (), samples: int = 20, seed: int = 0
) -> int:
    """Write the report on a dataset to `path`.

    Memory holds the page, the columns of one shard and the audio of one utterance.

    Args:
        path: A name that ends in .html or .htm.
        raw: Folders of the raw corpora, for the sound before processing.
        samples: How many utterances to sample.
        seed: Decides which utterances are sampled.

    Returns:
        The size of the page in bytes.

    Raises:
        InputRejected: `path` does not end in .html or .htm.
        HandOffBroken: The shards or the dropped list are not what the manifest says.
    """
    if path.suffix not in {".html", ".htm"}:
        raise InputRejected(f"-o {path}: expected a name that ends in .html")
    with Recordings() as recordings:
        corpora = RawCorpora(raw, recordings, allow_outside=opened.allow_outside)
        page = render_report(opened, raw=corpora, samples=samples, seed=seed).encode()
    with replacing(path) as stream:
        stream.write(page)
    return len(page)


def render_report(opened: OpenedManifest, *, raw: RawCorpora, samples: int, seed: int) -> Markup:
    """The report as HTML."""
    manifest = opened.manifest
    figures = gather_figures(opened, samples=samples, seed=seed)
    suspicions = find_suspicions(figures)

    def read_listed(position: int) -> HeardUtterance:
        return read_utterance(opened, figures, position, longest_s=LISTED_S)

    sampled = (read_utterance(opened, figures, position, longest_s=SAMPLED_S) for position in figures.sample)
    sections = [
        show_overview(manifest, figures, suspicions),
        show_dropped(manifest.counts, read_dropped(opened), seed=seed),
        show_distributions(figures),
        show_frequencies(figures),
        show_speakers(figures),
        show_extremes(figures, read_listed),
        show_suspicions(suspicions, figures, read_listed),
        show_samples(sampled, figures, raw, seed=seed),
        show_provenance(manifest),
    ]
    return _document(manifest, join(sections))


def _document(manifest: Manifest, content: Markup) -> Markup:
    style = files("pipeline.report").joinpath("page.css").read_text(encoding="utf-8")
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy(style)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("link", rel="icon", href="data:,"),
        tag("title", f"{manifest.name} — 데이터셋 보고서"),
        tag("style", Markup(style)),
    )
    body = tag("body", _header(manifest), tag("main", content), _footer(content))
    return join([Markup("<!DOCTYPE html>\n"), tag("html", head, body, lang="ko"), Markup("\n")])


def _policy(style: str) -> str:
    """Forbids loading, running and sending anything; pictures and sound are part of the page."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; media-src data:;"
        " base-uri 'none'; form-action 'none'"
    )


def _header(manifest: Manifest) -> Markup:
    corpora = join((value(source.corpus.title) for source in manifest.sources[:10]), ", ")
    links = [tag("a", title, href=f"#{anchor}") for anchor, title in CHAPTERS.items()]
    return tag(
        "header",
        tag("p", "데이터셋 보고서", class_="meta"),
        tag("h1", value(manifest.name)),
        tag("p", corpora),
        tag("nav", *links, aria_label="차례"),
    )


def _footer(content: Markup) -> Markup:
    num_players = content.count("<audio ")
    size = f"{len(content.encode()) / 1e6:.1f} MB"
    return tag(
        "footer",
        f"이 페이지는 {size}이며 소리 {num_players}개(FLAC)와 그림을 모두 담고 있습니다."
        " 인터넷에 연결하지 않고, 스크립트가 없으며, 아무것도 저절로 재생하지 않습니다."
        " malsori가 만들었습니다.",
    )
