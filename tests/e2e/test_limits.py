"""What a run writes, it can read: names, texts and numbers at the contract's limits and far beyond."""

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from table_corpus import TEXT, make_recording, make_table_corpus, table_arguments, write_table

from pipeline.cli.summary import held_out_hint
from pipeline.contract.errors import InputRejected
from pipeline.contract.manifest import MAX_PARTS, CorpusRecord
from pipeline.contract.manifest_file import MAX_SPEAKERS, read_manifest
from pipeline.contract.opened import open_manifest
from pipeline.contract.reasons import Reason, Stage
from pipeline.contract.schema import MAX_ID_BYTES, MAX_TEXT_BYTES
from pipeline.corpora.corpus import Corpus, Listed
from pipeline.dataset.dropped import MAX_LINE_BYTES
from pipeline.dataset.verify import verify_manifest
from pipeline.job.forecast import check_manifest_fits
from pipeline.job.plan import Part, Plan, Task, make_plan, take_part
from pipeline.job.run import Request, preprocess
from pipeline.record import Annotation, AudioSource, Dropped, Utterance, UtteranceId, two_forms
from pipeline.settings import PipelineSettings

SIZES = st.sampled_from(
    [1, 100, MAX_ID_BYTES - 1, MAX_ID_BYTES, MAX_ID_BYTES + 1, MAX_TEXT_BYTES, MAX_TEXT_BYTES + 1, 1_200_000]
)
LETTERS = st.sampled_from(["a", "가", "\x01", '"', "𐍈", "\\"])


@st.composite
def listed_utterances(draw, path: Path) -> Listed:
    """An utterance or a drop, some of whose texts are absurdly long."""
    long = st.one_of(st.just(""), st.builds(lambda letter, size: letter * (size // 3), LETTERS, SIZES))
    name = UtteranceId(f"c/{draw(st.integers(0, 10**6))}{draw(long)}")
    if draw(st.booleans()) and draw(st.booleans()):
        return Dropped(name, Stage.CORPUS, Reason.MALFORMED_LISTING, draw(long))
    texts = st.builds(
        lambda words, size: words * (size // len(words)), st.sampled_from([TEXT, "네, ", "1,"]), SIZES
    )
    text = draw(
        st.one_of(st.just(TEXT), texts, st.builds(lambda a: two_forms(spelling=a, spoken=TEXT), texts))
    )
    return Utterance(
        name, draw(st.one_of(st.none(), long.map(lambda end: f"c/s{end}"))), AudioSource(path), text
    )


def corpus_of(listed: list[Listed]) -> Corpus:
    def list_utterances(root: Path, corpus: str) -> Iterator[Listed]:
        del root, corpus
        return iter(listed)

    record = CorpusRecord(name="c", title="made up", licence="none")
    return Corpus(record, Annotation.PLAIN, "any", list_utterances, lambda _: None)


@pytest.fixture(scope="module")
def recording(tmp_path_factory) -> Path:
    raw = tmp_path_factory.mktemp("raw")
    return raw / make_recording(raw, "a.wav")


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_a_run_writes_passes_the_deep_verification(recording, tmp_path_factory, data):
    listed = data.draw(st.lists(listed_utterances(recording), min_size=4, max_size=8))
    listed.append(Utterance(UtteranceId("c/good"), "c/s", AudioSource(recording), TEXT))
    folder = tmp_path_factory.mktemp("limits")
    request = Request(
        root=recording.parent, corpus=corpus_of(listed), out=folder / "shards", manifest=folder / "m.json",
        name="m", settings=PipelineSettings(), jobs=1,
    )  # fmt: skip
    finished = preprocess(request)
    assert finished.manifest.counts.read == len(listed)
    verify_manifest(open_manifest(folder / "m.json"), deep=True)
    lines = (folder / "shards" / "m.dropped.jsonl").read_bytes().splitlines()
    assert len(lines) == len(listed) - finished.manifest.counts.kept
    assert all(len(line) < MAX_LINE_BYTES / 4 for line in lines)


def plan_with(speakers: int, *, name_bytes: int = 0, tasks: int = 1) -> Plan:
    utterances = tuple(
        Utterance(UtteranceId(f"c/{number}"), f"c/{number:0{name_bytes}}", AudioSource(Path("a.wav")), TEXT)
        for number in range(speakers)
    )
    size = -(-speakers // tasks)
    cut = tuple(
        Task(f"train-{number:05d}", "train", utterances[number * size : (number + 1) * size], "", 1.0)
        for number in range(tasks)
    )
    return Plan(cut, (), {}, "0" * 64, speakers, 1.0)


@pytest.mark.parametrize(("speakers", "name_bytes"), [(MAX_SPEAKERS + 1, 0), (20_000, 4_000)])
def test_too_many_speakers_are_refused_at_the_plan_and_the_advice_works(speakers, name_bytes):
    plan = plan_with(speakers, name_bytes=name_bytes, tasks=8)
    with pytest.raises(InputRejected, match="--part I/N"):
        check_manifest_fits(plan)
    check_manifest_fits(take_part(plan, Part(1, 8)))


def test_as_many_speakers_as_a_manifest_may_have_are_planned():
    check_manifest_fits(plan_with(MAX_SPEAKERS))


@pytest.mark.parametrize("speakers", [1, 2, 39, 45])
def test_the_advice_after_a_run_is_a_command_that_works(malsori, tmp_path, speakers):
    raw = make_table_corpus(tmp_path / "raw", utterances=max(speakers, 3), speakers=speakers)
    folder = tmp_path / "with a space"
    result = malsori(*table_arguments(raw, folder))
    hint = held_out_hint(read_manifest(folder / "m.json"), str(folder / "m.json"))
    assert hint in result.stderr
    words = shlex.split(hint.partition("; ")[2])
    command = words[1 : words.index("divides" if "divides" in words else "holds")]
    command[command.index("SPLIT.json")] = str(tmp_path / "split.json")
    result = malsori(*command)
    assert result.exit_code == 0, result.output
    assert malsori("verify", tmp_path / "split.json", "--deep").exit_code == 0


def test_the_advice_without_speakers_works_too(malsori, tmp_path):
    raw = make_table_corpus(tmp_path / "raw", utterances=3)
    table = raw / "train.csv"
    write_table(table, [(f"wav/train-{n}.wav", TEXT, "", f"u{n}") for n in range(3)])
    result = malsori(*table_arguments(raw, tmp_path))
    assert "--valid 0.05 --test 0.05 divides it by utterance" in result.stderr


@given(st.one_of(st.text(max_size=12), st.from_regex(r"\d{1,30}/\d{1,30}", fullmatch=True)))
def test_a_part_is_one_that_a_manifest_can_record_or_refused(text):
    try:
        part = Part.parse(text)
    except InputRejected:
        return
    assert 1 <= part.number <= part.of <= MAX_PARTS
    assert text == f"{part.number}/{part.of}" or text.lstrip("0") != text or "/0" in text


@pytest.mark.parametrize("limit", [1, 2**31, 2**63, 10**24])
def test_any_limit_is_a_limit(recording, limit):
    listed = [Utterance(UtteranceId(f"c/{n}"), None, AudioSource(recording), TEXT) for n in range(3)]
    plan = make_plan(
        corpus_of(listed), recording.parent, settings=PipelineSettings(), versions={}, limit=limit
    )
    assert plan.num_utterances == min(limit, 3)


@pytest.mark.parametrize(
    ("option", "value"),
    [("--timeout", value) for value in ("nan", "inf", "-inf", "1e308", "0")]
    + [("--max-dropped", value) for value in ("nan", "inf", "-1", "1e308")],
)
def test_a_number_that_is_none_is_a_usage_error(malsori, kspon_corpus, tmp_path, option, value):
    result = malsori(
        "preprocess", kspon_corpus, "--corpus", "kspon", "--out", tmp_path / "o",
        "--manifest", tmp_path / "m.json", option, value,
    )  # fmt: skip
    assert result.exit_code == 2
    assert option in result.stderr


@pytest.mark.parametrize("where", ["name", "raw", "out", "recording"])
def test_names_in_another_encoding_are_no_obstacle(malsori, tmp_path, monkeypatch, where):
    korean = "가나".encode("cp949").decode("utf-8", "surrogateescape")
    raw = make_table_corpus(tmp_path / "raw", utterances=2)
    if where == "raw":
        raw = raw.rename(tmp_path / korean)
    if where == "recording":
        (raw / "wav" / "train-0.wav").rename(raw / "wav" / f"{korean}.wav")
    folder = tmp_path / (korean if where == "out" else "made")
    arguments = [*table_arguments(raw, folder), *(["--name", korean] if where == "name" else [])]
    monkeypatch.setattr("sys.argv", ["malsori", *map(str, arguments)])
    result = malsori(*arguments)
    assert result.exit_code == 0, result.output
    verify_manifest(open_manifest(folder / "m.json"), deep=True)
