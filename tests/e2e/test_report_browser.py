"""The report in a real browser, where there is one: Debian's `chromium` or `google-chrome`."""

import hashlib
import json

import pytest
from chromium import BINARY, Chromium
from edited_dataset import edit_dataset, edit_manifest

pytestmark = pytest.mark.skipif(BINARY is None, reason="needs chromium or google-chrome")

SCRIPT = "<script>document.title = 'owned'</script><img src=x onerror=\"document.title = 'owned'\">"
WIDE = 1280
PHONE = 390


@pytest.fixture(scope="module")
def report(dataset, kspon_corpus, malsori, tmp_path_factory):
    page = tmp_path_factory.mktemp("report") / "report.html"
    result = malsori("report", dataset, "-o", page, "--raw", kspon_corpus, "--samples", 4)
    assert result.exit_code == 0, result.output
    return page


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Chromium(tmp_path_factory.mktemp("profile")) as chromium:
        yield chromium


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, WIDE])
class TestPage:
    def test_the_console_stays_empty_and_nothing_is_fetched(self, browser, report, width, dark):
        browser.open(report.as_uri(), width=width, dark=dark)
        assert browser.evaluate("document.querySelectorAll('section').length") == 9
        assert browser.complaints() == []
        assert [url for url in browser.requests() if not url.startswith("data:")] == [report.as_uri()]

    def test_nothing_plays(self, browser, report, width, dark):
        browser.open(report.as_uri(), width=width, dark=dark)
        states = browser.evaluate(
            "[...document.querySelectorAll('audio')]"
            ".map(a => [a.paused, a.autoplay, a.currentTime, a.readyState])"
        )
        assert len(states) >= 8
        assert {tuple(state) for state in states} == {(True, False, 0, 0)}

    def test_nothing_is_wider_than_the_screen(self, browser, report, width, dark):
        browser.open(report.as_uri(), width=width, dark=dark)
        assert browser.evaluate("document.documentElement.scrollWidth") <= width
        assert browser.evaluate(
            "[...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll, pre, details')"
            " && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 80))"
        ) == []  # fmt: skip

    def test_text_stands_out_from_its_ground(self, browser, report, width, dark):
        browser.open(report.as_uri(), width=width, dark=dark)
        ratios = browser.evaluate(CONTRASTS)
        assert len(ratios) > 50
        assert min(ratios.values()) >= 4.5, min(ratios.items(), key=lambda item: item[1])


CONTRASTS = """
(() => {
  const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = colour => numbers(colour).slice(0, 3).map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = e => {
    const colour = getComputedStyle(e).backgroundColor;
    return numbers(colour)[3] === 0 && e.parentElement ? ground(e.parentElement) : colour;
  };
  const ratios = {};
  document.querySelectorAll('body *:not(svg *)').forEach((e, i) => {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) return;
    const [a, b] = [light(getComputedStyle(e).color), light(ground(e))];
    ratios[`${i} ${e.tagName} ${e.className}`] = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  });
  return ratios;
})()
"""


def test_dark_is_dark(browser, report):
    grounds = []
    for dark in (False, True):
        browser.open(report.as_uri(), width=WIDE, dark=dark)
        grounds.append(browser.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(251, 250, 248)", "rgb(21, 23, 26)"]


def test_pictures_are_there(browser, report):
    browser.open(report.as_uri(), width=WIDE, dark=False)
    sizes = browser.evaluate(
        "[...document.images].map(i => [i.complete, i.naturalHeight, i.naturalWidth > 100])"
    )
    assert sizes == [[True, 128, True]] * 8


def test_a_player_plays_when_asked(browser, report):
    """Chromium decodes the FLAC; other builds may lack the codec, which is then a failure to know of."""
    browser.open(report.as_uri(), width=WIDE, dark=False)
    duration_s = browser.evaluate(
        "(async () => { const player = document.querySelector('#samples audio');"
        " await player.play(); player.pause(); return player.duration; })()"
    )
    shown = browser.evaluate("document.querySelector('#samples figcaption').innerText")
    assert shown == f"처리 전 {duration_s:.1f}초"
    assert browser.complaints() == []


def test_script_in_a_transcript_does_not_run(browser, dataset, malsori, tmp_path):
    copy = edit_dataset(
        dataset,
        tmp_path / "copy",
        lambda row: {**row, "text": SCRIPT, "spoken": SCRIPT, "id": row["id"] + SCRIPT},
    )
    line = {"id": SCRIPT, "stage": "audio", "reason": "missing_audio", "detail": SCRIPT}
    dropped = (json.dumps(line) + "\n").encode()
    (tmp_path / "copy" / "shards" / "small.dropped.jsonl").write_bytes(dropped)

    def change(content):
        content.update(name="x" + SCRIPT, history=[SCRIPT])
        content["counts"] = {"read": 22, "kept": 21, "dropped": {"missing_audio": 1}}
        content["dropped"].update(rows=1, sha256=hashlib.sha256(dropped).hexdigest())

    page = tmp_path / "report.html"
    assert malsori("report", edit_manifest(copy, change), "-o", page, "--samples", 2).exit_code == 0
    browser.open(page.as_uri(), width=PHONE, dark=False)
    assert browser.evaluate("document.title").startswith("x<script>")
    assert browser.evaluate("document.scripts.length") == 0
    assert browser.evaluate("document.querySelector('#samples h3').innerText") == SCRIPT
    assert browser.complaints() == []
    assert [url for url in browser.requests() if not url.startswith("data:")] == [page.as_uri()]


def test_the_policy_holds_even_if_markup_got_through(browser, report, tmp_path):
    """The policy itself: a page with a script and a picture from elsewhere runs and loads neither."""
    hole = "<script>document.title = 'owned'</script><img src='http://127.0.0.1:9/x.png'>"
    page = tmp_path / "holed.html"
    page.write_text(
        report.read_text(encoding="utf-8").replace("<footer>", hole + "<footer>"), encoding="utf-8"
    )
    browser.open(page.as_uri(), width=WIDE, dark=False)
    assert browser.evaluate("document.title") != "owned"
    assert len(browser.complaints()) >= 2
