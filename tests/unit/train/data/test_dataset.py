import io

import numpy as np
import pyarrow as pa
import pytest
import soundfile

from pipeline.contract.errors import HandOffBroken, InputRejected
from pipeline.contract.vocabulary import Vocabulary, min_ctc_frames
from train.data.dataset import UnreadableRow, Utterances, _decode
from train.data.sources import open_sources


def opened(path, split="train"):
    return Utterances(open_sources([path]), split)


def test_rows_come_back_as_they_were_written(make_corpus, make_tones):
    rows = make_tones(40, "train", seed=0)
    utterances = opened(make_corpus(rows))
    assert len(utterances) == 40
    for index, row in enumerate(rows):
        assert utterances.value(index, "id") == row.id
        assert utterances.labels(index).tolist() == row.labels
        np.testing.assert_array_equal(utterances.audio(index), row.samples)
    assert utterances.samples_R.tolist() == [len(row.samples) for row in rows]
    assert utterances.needed_frames_R.tolist() == [min_ctc_frames(row.labels) for row in rows]


def test_wav_is_a_view_of_the_shard(make_corpus, make_tones):
    samples = opened(make_corpus(make_tones(1, "train", seed=0))).audio(0)
    assert not samples.flags.owndata
    assert not samples.flags.writeable


def test_flac_decodes_to_the_same_samples(make_corpus, make_tones, make_row):
    (row,) = make_tones(1, "train", seed=0)
    packed = make_row(row.id, "train", row.labels, row.samples, flac=True)
    np.testing.assert_array_equal(opened(make_corpus([packed])).audio(0), row.samples)


def test_a_batch_is_padded_with_zeros(make_corpus, make_tones):
    rows = make_tones(3, "train", seed=0)
    batch = opened(make_corpus(rows)).collate([2, 0])
    assert batch.ids == (rows[2].id, rows[0].id)
    assert batch.label_counts_N.tolist() == [len(rows[2].labels), len(rows[0].labels)]
    for index, row in enumerate((rows[2], rows[0])):
        assert batch.labels_NL[index, : len(row.labels)].tolist() == row.labels
        assert batch.samples_N[index] == len(row.samples)
        assert batch.pcm_NS[index, : len(row.samples)].tolist() == row.samples.tolist()
        assert not batch.pcm_NS[index, len(row.samples) :].any()
        assert not batch.labels_NL[index, len(row.labels) :].any()


@pytest.mark.parametrize(
    "audio", [b"RIFF" + b"\0" * 45, b"RIFF", b"fLaC and then nonsense", b"", b"RIFF" + b"\0" * 140]
)
def test_an_unreadable_row_is_named_and_left_out(make_corpus, make_tones, make_row, audio):
    good = make_tones(2, "train", seed=0)
    bad = make_row("tones/s1/bad", "train", [1, 2], good[0].samples, audio=audio or b" ")
    utterances = opened(make_corpus([good[0], bad, good[1]]))
    with pytest.raises(UnreadableRow):
        utterances.audio(1)
    batch = utterances.collate([0, 1, 2])
    assert batch.ids == (good[0].id, good[1].id)
    assert batch.unreadable == ("tones/s1/bad",)


def test_several_manifests_follow_each_other(make_corpus, make_tones):
    one, two = make_tones(20, "train", seed=0), make_tones(5, "train", seed=1)
    sources = open_sources([make_corpus(one, name="one"), make_corpus(two, name="two")])
    utterances = Utterances(sources, "train")
    assert len(utterances) == 25
    np.testing.assert_array_equal(utterances.audio(22), two[2].samples)


def test_manifests_must_agree_on_the_vocabulary(make_corpus, make_tones):
    rows = make_tones(2, "train", seed=0)
    other = Vocabulary("other", "ko", tuple("abcdefgh"))
    paths = [make_corpus(rows, name="one"), make_corpus(rows, name="two", vocabulary=other)]
    with pytest.raises(HandOffBroken, match="different vocabularies"):
        open_sources(paths)


def test_an_absent_split_is_empty(make_corpus, make_tones):
    assert len(opened(make_corpus(make_tones(2, "train", seed=0)), "test")) == 0


def test_a_truncated_shard_is_refused(make_corpus, make_tones):
    path = make_corpus(make_tones(40, "train", seed=0))
    shard = path.parent / "train-00000.arrow"
    shard.write_bytes(shard.read_bytes()[:-1000])
    with pytest.raises(HandOffBroken, match="train-00000"):
        opened(path)


def test_a_missing_manifest_says_how_to_make_one(tmp_path):
    with pytest.raises(InputRejected, match="malsori preprocess"):
        open_sources([tmp_path / "none.json"])


def test_a_flac_that_claims_68_billion_samples_is_an_unreadable_row():
    stream = io.BytesIO()
    samples = np.arange(-800, 800, dtype=np.int16)
    soundfile.write(stream, samples, 16_000, format="FLAC", subtype="PCM_16")
    forged = bytearray(stream.getvalue())
    forged[21] |= 0x0F  # the lower 36 bits of bytes 18 to 25 count the samples (RFC 9639, 8.2)
    forged[22:26] = b"\xff" * 4
    with pytest.raises(UnreadableRow):
        _decode(pa.py_buffer(bytes(forged)), num_samples=1600)
