import base64
import io

import numpy as np
import pytest
import soundfile
from edited_dataset import edit_dataset
from small_corpus import rows_by_id

from pipeline.audio.recordings import Recordings
from pipeline.contract.errors import HandOffBroken
from pipeline.contract.opened import open_manifest
from pipeline.report.figures import gather_figures
from pipeline.report.listening import RawCorpora, flac_uri, read_utterance
from pipeline.report.utterances import removed_spans


@pytest.fixture
def recordings():
    with Recordings() as opened:
        yield opened


def row_with_a_pause(dataset):
    return rows_by_id(dataset)["kspon/KsponSpeech_000006"]


def raw(folder, recordings, *, allow_outside=False):
    return RawCorpora([folder], recordings, allow_outside=allow_outside)


def test_the_recording_is_read_as_it_was_before(dataset, kspon_corpus, recordings):
    row = row_with_a_pause(dataset)
    wave = raw(kspon_corpus, recordings).read(row, longest_s=60)
    stored = np.fromfile(kspon_corpus / row["source"]["path"], "<i2")
    assert np.array_equal(wave, stored.astype(np.float32) / 32_768)


def test_only_its_beginning_is_read_where_it_is_long(dataset, kspon_corpus, recordings):
    wave = raw(kspon_corpus, recordings).read(row_with_a_pause(dataset), longest_s=2)
    assert len(wave) == 32_000


def test_what_was_cut_out_lies_where_the_pause_was(dataset):
    ((start, end),) = removed_spans(row_with_a_pause(dataset))
    assert 0.25 < start < end < 0.75
    assert (end - start) * 10 == pytest.approx(4, abs=0.3)
    assert removed_spans(rows_by_id(dataset)["kspon/KsponSpeech_000001"]) == []


def test_spans_that_make_no_sense_do_no_harm(dataset):
    row = row_with_a_pause(dataset)
    row["kept"] = [{"start": 2**63 - 1, "end": -(2**63)}, {"start": 5, "end": 3}]
    assert all(0 <= start <= end <= 1 for start, end in removed_spans(row))


class TestWithoutTheRecording:
    def test_a_missing_file_is_told(self, dataset, tmp_path, recordings):
        assert "없습니다" in raw(tmp_path, recordings).read(row_with_a_pause(dataset), longest_s=20)

    def test_a_changed_file_is_told(self, dataset, kspon_corpus, tmp_path, recordings):
        row = row_with_a_pause(dataset)
        changed = tmp_path / row["source"]["path"]
        changed.parent.mkdir(parents=True)
        changed.write_bytes((kspon_corpus / row["source"]["path"]).read_bytes()[::-1])
        assert "sha256" in raw(tmp_path, recordings).read(row, longest_s=20)

    def test_an_unreadable_file_is_told(self, dataset, tmp_path, recordings):
        row = row_with_a_pause(dataset)
        changed = tmp_path / row["source"]["path"]
        changed.parent.mkdir(parents=True)
        changed.write_bytes(b"")
        assert "읽을 수 없습니다" in raw(tmp_path, recordings).read(row, longest_s=20)

    @pytest.mark.parametrize(
        "name", ["../secret.pcm", "/etc/passwd", "a/../../secret.pcm", "", "a\0b", "link.pcm"]
    )
    def test_no_path_leads_out_of_the_folder(self, dataset, tmp_path, recordings, name):
        (tmp_path / "secret.pcm").write_bytes(bytes(32_000))
        (tmp_path / "raw").mkdir()
        (tmp_path / "raw" / "link.pcm").symlink_to(tmp_path / "secret.pcm")
        row = row_with_a_pause(dataset)
        row["source"]["path"] = name
        assert "--raw 폴더에 없습니다" in raw(tmp_path / "raw", recordings).read(row, longest_s=20)

    def test_a_link_is_followed_when_allowed(self, dataset, kspon_corpus, tmp_path, recordings):
        row = row_with_a_pause(dataset)
        (tmp_path / "link.pcm").symlink_to(kspon_corpus / row["source"]["path"])
        row["source"]["path"] = "link.pcm"
        wave = raw(tmp_path, recordings, allow_outside=True).read(row, longest_s=20)
        assert len(wave) == row["source"]["length"]


def test_a_row_gives_its_texts_and_the_beginning_of_its_audio(dataset):
    opened = open_manifest(dataset)
    figures = gather_figures(opened, samples=0, seed=0)
    utterance = read_utterance(opened, figures, 20, longest_s=1)
    stored = rows_by_id(dataset)[utterance.row["id"]]
    assert utterance.split == stored["split"]
    assert utterance.row["text"] == stored["text"]
    whole, _ = soundfile.read(io.BytesIO(stored["audio"]["bytes"]), dtype="float32")
    assert np.array_equal(utterance.wave, whole[:16_000])


@pytest.mark.parametrize("audio", [b"", b"RIFF", b"no audio at all" * 9])
def test_audio_that_is_none_is_a_broken_hand_off(dataset, tmp_path, audio):
    copy = edit_dataset(
        dataset, tmp_path / "copy", lambda row: {**row, "audio": {"bytes": audio, "path": "x.wav"}}
    )
    opened = open_manifest(copy)
    figures = gather_figures(opened, samples=0, seed=0)
    with pytest.raises(HandOffBroken, match=r"its WAV has 4 bytes|neither WAV nor FLAC"):
        read_utterance(opened, figures, 0, longest_s=1)


def test_what_is_heard_is_what_is_stored():
    wave = (np.random.default_rng(0).integers(-32_768, 32_768, 8_000) / 32_768).astype(np.float32)
    kind, _, content = flac_uri(wave).partition(",")
    assert kind == "data:audio/flac;base64"
    heard, rate_hz = soundfile.read(io.BytesIO(base64.b64decode(content)), dtype="float32")
    assert rate_hz == 16_000
    assert np.array_equal(heard, wave)
