import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest
from edited_dataset import edit_dataset, edit_manifest

from pipeline.contract.reasons import Reason, Stage
from pipeline.report.labels_ko import REASONS, STAGES

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&\u202e"
VOID = {"meta", "link", "img", "br", "rect", "path", "line"}


class Page(HTMLParser):
    """A page as a browser reads it; elements that are not closed in order are an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open and self._open[-1] != "style":
            self.text += data

    def attributes(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def write(malsori, tmp_path):
    """Writes the report on a manifest and reads it: `write(manifest, "--samples", 3)`."""

    def run(manifest, *options):
        result = malsori("report", manifest, "-o", tmp_path / "report.html", *options)
        assert result.exit_code == 0, result.output
        return Page((tmp_path / "report.html").read_text(encoding="utf-8"))

    return run


def test_the_page_tells_counts_drops_and_how_it_was_made(dataset, write):
    page = write(dataset, "--samples", 3)
    content = json.loads(dataset.read_text())
    for text in (
        "small — 데이터셋 보고서", "KsponSpeech (AI Hub 123)", "AI Hub terms of use", "21개", "3개 (12.5%)",
        "녹음이 없음", "missing_audio", "no file KsponSpeech_000005.pcm", "학습 train", "검증 valid",
        "전사가 너무 짧음", "'네네'", content["settings"][0]["fingerprint"][:16], '"longest_s": 3.0',
    ):  # fmt: skip
        assert text in page.text


def test_every_part_that_is_promised_is_there(dataset, write):
    page = write(dataset, "--samples", 3)
    sections = [attributes["id"] for attributes in page.attributes("section")]
    links = [attributes["href"].removeprefix("#") for attributes in page.attributes("a")]
    assert sections == links
    charts = [svg["aria-label"] for svg in page.attributes("svg") if svg.get("class") == "chart"]
    assert charts == [
        "길이 (처리 뒤) (초)", "말소리 크기 (처리 전) (dBFS)", "배경 소음 (처리 전) (dBFS)",
        "초당 음소 (개/초)", "최대 진폭 (처리 전) (최댓값 1)", "줄인 침묵 (줄인 발화만) (초)",
    ]  # fmt: skip
    symbols = {attributes.get("class") for attributes in page.attributes("bdi")}
    assert {"symbol", "ipa", "id", "code"} <= symbols


def test_samples_are_shown_after_and_with_the_raw_corpus_before_as_well(dataset, kspon_corpus, write):
    after = write(dataset, "--samples", 3)
    both = write(dataset, "--samples", 3, "--raw", kspon_corpus)
    assert len(after.attributes("img")) == 3
    assert len(both.attributes("img")) == 6
    assert "--raw" in after.text
    assert "처리 전 " in both.text
    waveforms = [svg for svg in both.attributes("svg") if svg.get("class") == "waveform"]
    assert len(waveforms) == 6


def test_a_pause_that_was_shortened_is_marked(dataset, kspon_corpus, malsori, tmp_path, write):
    copy = edit_dataset(dataset, tmp_path / "copy", lambda row: row)
    view = tmp_path / "copy" / "view.json"
    malsori("filter", copy, "silence_removed_samples > 0", "-o", view)
    page = write(view, "--raw", kspon_corpus)
    assert [rect["class"] for rect in page.attributes("rect") if rect["class"] == "cut"] == ["cut"]
    assert "4.0초 줄임" in page.text


def test_players_neither_play_nor_load_by_themselves(dataset, write):
    players = write(dataset, "--samples", 3).attributes("audio")
    assert len(players) >= 3 + 12
    for player in players:
        assert player.keys() == {"controls", "preload", "src", "aria-label"}
        assert player["preload"] == "none"
        assert player["src"].startswith("data:audio/flac;base64,")


def test_nothing_comes_from_elsewhere_and_nothing_can_run(dataset, write, tmp_path):
    page = write(dataset, "--samples", 3)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert not {"script", "iframe", "object", "embed", "form", "base"} & {name for name, _ in page.elements}
    for name, attributes in page.elements:
        for key, content in attributes.items():
            assert not key.startswith("on"), (name, key)
            assert key != "style", name
            if key in {"src", "href"}:
                assert content.startswith(("data:", "#")), (name, content[:40])
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    assert "url(" not in style
    assert "@import" not in style
    (policy,) = [
        meta["content"]
        for meta in page.attributes("meta")
        if meta.get("http-equiv") == "Content-Security-Policy"
    ]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.split("; ") == [
        "default-src 'none'", f"style-src 'sha256-{digest}'", "img-src data:", "media-src data:",
        "base-uri 'none'", "form-action 'none'",
    ]  # fmt: skip


def test_the_same_manifest_gives_the_same_bytes(dataset, kspon_corpus, write, tmp_path):
    pages = []
    for _ in range(2):
        write(dataset, "--raw", kspon_corpus)
        pages.append((tmp_path / "report.html").read_bytes())
    assert pages[0] == pages[1]


def test_another_run_over_the_same_corpus_gives_the_same_page(dataset, write, tmp_path):
    write(dataset, "--samples", 2)
    first = (tmp_path / "report.html").read_bytes()
    copy = edit_dataset(dataset, tmp_path / "copy", lambda row: row)
    edit_manifest(copy, lambda content: content["run"].update(host="other", started="later", seconds=9.0))
    write(copy, "--samples", 2)
    assert (tmp_path / "report.html").read_bytes() == first


def test_another_seed_shows_other_samples(dataset, write):
    texts = [write(dataset, "--samples", 2, "--seed", seed).text.partition("표본 듣기")[2] for seed in (0, 1)]
    assert texts[0] != texts[1]


def test_script_in_any_text_stays_text(dataset, write, tmp_path):
    def hostile(row):
        texts = dict.fromkeys(("speaker", "text", "spoken", "pronunciation", "ipa", "romanized"), SCRIPT)
        source = {**row["source"], "path": SCRIPT}
        return {**row, **texts, "id": row["id"] + SCRIPT, "source": source}

    copy = edit_dataset(dataset, tmp_path / "copy", hostile)
    line = {"id": SCRIPT, "stage": SCRIPT, "reason": SCRIPT, "detail": SCRIPT}
    dropped = (json.dumps(line) + "\n").encode()
    (tmp_path / "copy" / "shards" / "small.dropped.jsonl").write_bytes(dropped)

    def change(content):
        name = "".join(filter(str.isprintable, SCRIPT))  # what else it has, no name may have
        content["name"] = name
        content["history"] = [SCRIPT]
        content["sources"][0]["corpus"].update(title=name, licence=name)
        content["settings"][0].update(values={SCRIPT: SCRIPT}, versions={SCRIPT: SCRIPT})
        content["counts"] = {"read": 22, "kept": 21, "dropped": {SCRIPT: 1}}
        content["dropped"].update(rows=1, sha256=hashlib.sha256(dropped).hexdigest())
        for shard in content["shards"]:
            shard["split"] = name.replace("/", "") + shard["split"]

    page = write(edit_manifest(copy, change), "--samples", 3, "--raw", tmp_path)
    assert "script" not in {name for name, _ in page.elements}
    assert all(image["src"].startswith("data:image/png;base64,") for image in page.attributes("img"))
    assert not any(key.startswith("on") for _, attributes in page.elements for key in attributes)
    assert page.text.count("<script>alert(1)</script>") > 20


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -3e38])
def test_measurements_that_are_no_numbers_are_told(dataset, write, tmp_path, number):
    def change(row):
        names = ("noise_floor_db", "speech_level_db", "peak")
        return {**row, "measurements": {**row["measurements"], **dict.fromkeys(names, number)}}

    page = write(edit_dataset(dataset, tmp_path / "copy", change), "--samples", 2)
    assert ("측정값이 유한한 수가 아닌 발화: 21개" in page.text) == (number != -3e38)


def test_a_dataset_without_rows_has_a_page(dataset, malsori, write, tmp_path):
    copy = edit_dataset(dataset, tmp_path / "copy", lambda row: row)
    view = tmp_path / "copy" / "none.json"
    assert malsori("filter", copy, "duration_s < 0", "-o", view).exit_code == 0
    page = write(view)
    assert "0개" in page.text
    assert "filtered" in page.text
    assert page.attributes("audio") == []


def test_a_speaker_in_two_splits_is_told(dataset, write, tmp_path):
    copy = edit_dataset(dataset, tmp_path / "copy", lambda row: {**row, "speaker": "kspon/kim"})
    text = write(copy, "--samples", 1).text
    assert "여러 분할에 들어 있는 화자가 1명 있습니다: kspon/kim" in text


def test_many_speakers_are_summed_up(dataset, write, tmp_path):
    numbers = iter(range(100))
    copy = edit_dataset(dataset, tmp_path / "copy", lambda row: {**row, "speaker": f"kspon/{next(numbers)}"})
    page = write(copy, "--samples", 1)
    assert "화자마다 말한 길이" in page.text
    assert "여러 분할에 들어 있는 화자가 없습니다" in page.text


def test_every_reason_and_stage_has_a_korean_name():
    assert {str(reason) for reason in Reason} <= REASONS.keys()
    assert {str(stage) for stage in Stage} <= STAGES.keys()


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["-o", "report.json"], 3, "ends in .html"),
        (["-o", "report.html", "--samples", "-1"], 2, "--samples"),
        (["-o", "report.html", "--root", "nowhere"], 5, "missing"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(
    dataset, malsori, tmp_path, monkeypatch, options, code, message
):
    monkeypatch.chdir(tmp_path)
    result = malsori("report", dataset, *options)
    assert result.exit_code == code
    assert message in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_link_that_leads_outside_is_followed_only_when_told(dataset, malsori, tmp_path):
    copy = edit_dataset(dataset, tmp_path / "copy", lambda row: row)
    shard = tmp_path / "copy" / "shards" / "valid-00000.arrow"
    shard.rename(tmp_path / "elsewhere.arrow")
    shard.symlink_to(tmp_path / "elsewhere.arrow")
    arguments = ["report", copy, "-o", tmp_path / "report.html", "--samples", 1]
    assert malsori(*arguments).exit_code == 5
    assert not (tmp_path / "report.html").exists()
    assert malsori(*arguments, "--allow-outside").exit_code == 0
