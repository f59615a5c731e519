"""A decoder's files lie in the run's folder, where anyone may have put them."""

import hashlib
import json
import os
import shutil

import pytest
import torch
from requirements import needs_flashlight

from pipeline.contract.errors import HandOffBroken, InputRejected, MalsoriError
from pipeline.contract.locks import locked
from pipeline.contract.vocabulary import KOREAN
from train.data.sources import open_sources
from train.decoding.beam import beam_decoder, check_lexicon, read_language_model, write_lexicon
from train.decoding.decoder import FILES, open_decoder
from train.decoding.lexicon import LONGEST_WORD, divide
from train.decoding.ngram import check_arpa, estimate
from train.decoding.tuning import START
from train.run.folder import RunFolder, find_checkpoint

pytestmark = needs_flashlight


@pytest.fixture(scope="module")
def decoded(trained, tone_manifest, tmp_path_factory):
    """A run with its ngram decoder."""
    run = shutil.copytree(trained, tmp_path_factory.mktemp("decoded") / "run")
    checkpoint = find_checkpoint(run)
    open_decoder("ngram", checkpoint.load_recogniser(), checkpoint, offered=open_sources([tone_manifest]))
    return run


@pytest.fixture
def run(decoded, tmp_path):
    return RunFolder(shutil.copytree(decoded, tmp_path / "copy" / "run"))


def open_again(run, **options):
    checkpoint = run.best()
    return open_decoder("ngram", checkpoint.load_recogniser(), checkpoint, **options)


def test_a_decoder_is_made_from_any_folder(run, tmp_path, monkeypatch, tone_manifest):
    """With the absolute path that is recorded now, and with the relative one of older checkpoints."""
    monkeypatch.chdir("/")
    shutil.rmtree(run.path / "decoding")
    assert open_again(run).description["decoder"] == "ngram"
    copy = shutil.copytree(tone_manifest.parent, tmp_path / "manifests")
    for path in run.checkpoints.glob("*/checkpoint.json"):
        record = json.loads(path.read_text())
        assert record["manifests"][0]["path"] == str(tone_manifest)
        record["manifests"][0]["path"] = f"manifests/{tone_manifest.name}"
        path.write_text(json.dumps(record))
    shutil.rmtree(run.path / "decoding")
    assert open_again(run).description["decoder"] == "ngram"
    shutil.rmtree(copy)
    shutil.rmtree(run.path / "decoding")
    with pytest.raises(InputRejected, match="not there any more: make its decoder with"):
        open_again(run)


@pytest.mark.parametrize("path", ["https://x.example/m.json", "/dev/zero", "PIPE", "/etc/passwd", "."])
def test_nothing_is_opened_because_a_checkpoint_names_it(run, tmp_path, path):
    os.mkfifo(tmp_path / "PIPE")
    shutil.rmtree(run.path / "decoding")
    for record_path in run.checkpoints.glob("*/checkpoint.json"):
        record = json.loads(record_path.read_text())
        record["manifests"][0]["path"] = path.replace("PIPE", str(tmp_path / "PIPE"))
        record_path.write_text(json.dumps(record))
    with pytest.raises(MalsoriError) as refused:
        open_again(run)
    assert "root:" not in str(refused.value)


@pytest.mark.parametrize("name", ["decoder.json", "phones.arpa", "tokens.txt"])
@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "cut", "gone"])
def test_a_damaged_model_is_made_again(run, tone_manifest, name, kind):
    path = run.path / "decoding" / "ngram" / name
    sound = path.read_bytes()
    path.unlink()
    make = {
        "pipe": lambda: os.mkfifo(path),
        "device": lambda: path.symlink_to("/dev/zero"),
        "folder": path.mkdir,
        "cut": lambda: path.write_bytes(sound[:-3]),
        "gone": lambda: None,
    }
    make[kind]()
    if kind == "folder":
        with pytest.raises(InputRejected, match=name):
            open_again(run, offered=open_sources([tone_manifest]))
        return
    open_again(run, offered=open_sources([tone_manifest]))
    assert path.read_bytes() == sound


ARPAS = {
    "empty": b"",
    "KenLM's own format": b"mmap lm http://kheafield.com/code format version 5\n\0" + b"\xff" * 4_096,
    "more than it holds": b"\\data\\\nngram 1=999999999999\n\n\\1-grams:\n",
    "a longer number": b"\\data\\\nngram 1=" + b"9" * 400 + b"\n\n",
    "no n-grams": b"\\data\\\nngram 1=0\n\n\\end\\\n",
    "too high an order": b"\\data\\\nngram 1=1\nngram 9=1\n\n\\1-grams:\n" + b"0\tx\n" * 9,
    "nothing follows": b"\\data\\\nngram 1=1\n\n" + b"x" * 99,
    "other tokens": b"\\data\\\nngram 1=1\n\n\\1-grams:\n-1\tx\n\n\\end\\\n",
    "not numbers": b"\\data\\\nngram 1=1\n\n\\1-grams:\nx\tx\n\n\\end\\\n",
}


@pytest.mark.parametrize("kind", ARPAS)
def test_a_strangers_language_model_is_refused(run, kind):
    """Under a record with its hash."""
    folder = run.path / "decoding" / "ngram"
    (folder / "phones.arpa").write_bytes(ARPAS[kind])
    record = json.loads((folder / "decoder.json").read_text())
    record["files"]["phones.arpa"] = hashlib.sha256(ARPAS[kind]).hexdigest()
    (folder / "decoder.json").write_text(json.dumps(record))
    with pytest.raises(HandOffBroken, match=r"phones\.arpa") as refused:
        open_again(run)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("order", range(2, 7))
@pytest.mark.parametrize("sentences", [[], [["a"]], [["a", "b"] * 50, ["b"]]])
def test_what_we_write_passes(tmp_path, order, sentences):
    path = tmp_path / "our.arpa"
    path.write_text(estimate(sentences or [[]], order=order, tokens=["a", "b"]).to_arpa())
    check_arpa(path)


def test_two_that_make_one_decoder_do_not_mix_their_files(run, tone_manifest):
    shutil.rmtree(run.path / "decoding")
    with (
        locked(run.path / "decoding" / "ngram", option="checkpoint"),
        pytest.raises(InputRejected, match="another run is writing"),
    ):
        open_again(run, offered=open_sources([tone_manifest]))
    open_again(run, offered=open_sources([tone_manifest]))


LEXICONS = {
    "not UTF-8": "가\tk".encode("cp949"),
    "UTF-16": "가\tk\n".encode("utf-16"),
    "no spelling": b"{}\n",
    "unknown symbols": "가\tnone\n".encode(),
    "bytes": bytes(range(256)),
    "empty": b"",
    "a word of 100,000 symbols": "가\t".encode() + b"k m " * 50_000 + b"\n",
    "blank lines": b"\n\n",
    "no word": b"\tk m\n",
}


@pytest.mark.parametrize("name", ["words.txt", "lexicon.txt"])
@pytest.mark.parametrize("kind", LEXICONS)
def test_a_strangers_words_are_refused_by_name_or_used(tmp_path, name, kind):
    """Whatever they are, no error of the library that reads them comes through."""
    pronunciations = {"가": [(1, 2)], "나": [(3,)]}
    arpa, dictionary, lexicon = (tmp_path / each for each in FILES["words"])
    arpa.write_text(estimate([("가", "나")], order=2, tokens=list(pronunciations)).to_arpa())
    write_lexicon(lexicon, dictionary, pronunciations, KOREAN)
    (tmp_path / name).write_bytes(LEXICONS[kind])
    certain = torch.full((3, 1, 42), -9.0)
    certain[:, :, 1] = 0.0
    refused = None
    try:
        check_lexicon(lexicon, KOREAN)
        model = read_language_model(arpa, dictionary=dictionary)
        decode = beam_decoder(KOREAN, START, beam=5, model=model, lexicon=lexicon)
    except HandOffBroken as error:
        refused = str(error)
    if refused is None:
        assert decode(certain, torch.tensor([3]))
    else:
        assert str(tmp_path) in refused
        assert "\n" not in refused


def test_the_longest_word_that_we_write_can_be_read(tmp_path):
    pronunciations = {"가": [(1, 2) * (LONGEST_WORD // 2)], "나": [(3,)]}
    arpa, dictionary, lexicon = (tmp_path / each for each in FILES["words"])
    arpa.write_text(estimate([("가", "나")], order=2, tokens=list(pronunciations)).to_arpa())
    write_lexicon(lexicon, dictionary, pronunciations, KOREAN)
    check_lexicon(lexicon, KOREAN)
    model = read_language_model(arpa, dictionary=dictionary)
    beam_decoder(KOREAN, START, beam=5, model=model, lexicon=lexicon)
    assert divide("가" * LONGEST_WORD, "아" * LONGEST_WORD, [1] * LONGEST_WORD)
    assert divide("가" * (LONGEST_WORD + 1), "아" * (LONGEST_WORD + 1), [1] * (LONGEST_WORD + 1)) is None
