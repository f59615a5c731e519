import hashlib
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import soundfile

from pipeline.audio.samples import to_pcm16
from pipeline.contract.errors import HandOffBroken
from pipeline.contract.shard import open_shard, wav_samples
from pipeline.contract.vocabulary import KOREAN
from pipeline.record import (
    AudioSource,
    Clip,
    Example,
    Labelled,
    Measurements,
    SourceSpan,
    Transcript,
    Utterance,
    UtteranceId,
)
from pipeline.shards.settings import ShardSettings
from pipeline.shards.writer import ShardWriter, encode_flac, encode_wav


def example(number: int, *, num_samples: int = 1600) -> Example:
    wave = np.random.default_rng(number).uniform(-0.5, 0.5, num_samples).astype(np.float32)
    ipa = ("k", "ɑ", "ŋ")
    return Example(
        utterance=Utterance(
            UtteranceId(f"test/s1/u{number:04d}"), "test/s1", AudioSource(Path("u.wav")), "강", None
        ),
        transcript=Transcript("강", "강"),
        clip=Clip(wave, ((0, num_samples),), Measurements(0, -60.0, -20.0, 0.5)),
        labelled=Labelled("강", ipa, tuple(KOREAN.encode(ipa)), "gang"),
        source_path="u.wav",
        source=SourceSpan(16_000, 0, num_samples, "0" * 64),
        split="train",
    )


def write(path: Path, examples, settings: ShardSettings = ShardSettings()):  # noqa: B008 - frozen
    with ShardWriter.open(path, settings=settings) as writer:
        for item in examples:
            writer.add(item)
    return writer.finished()


def test_rows_come_back_as_they_were_written(tmp_path):
    shard = write(tmp_path / "a.arrow", [example(number) for number in range(150)])
    table = open_shard(tmp_path / "a.arrow", rows=150)
    assert shard.rows == 150
    assert shard.num_samples == 150 * 1600
    assert shard.sha256 == hashlib.sha256((tmp_path / "a.arrow").read_bytes()).hexdigest()
    assert shard.num_bytes == (tmp_path / "a.arrow").stat().st_size
    row = table.slice(149, 1).to_pylist()[0]
    assert row["id"] == "test/s1/u0149"
    assert row["labels"] == KOREAN.encode(["k", "ɑ", "ŋ"])
    assert row["kept"] == [{"start": 0, "end": 1600}]
    assert [batch.num_rows for batch in table.to_batches()] == [64, 64, 22]


def test_the_samples_are_a_view_into_the_file(tmp_path):
    write(tmp_path / "a.arrow", [example(7)])
    scalar = open_shard(tmp_path / "a.arrow", rows=1).column("audio")[0]["bytes"]
    samples = np.frombuffer(wav_samples(scalar.as_buffer()), dtype=np.int16)
    np.testing.assert_array_equal(samples, to_pcm16(example(7).clip.wave))


def test_nothing_stands_under_the_final_name_after_a_failure(tmp_path):
    def fail_half_way():
        with ShardWriter.open(tmp_path / "a.arrow", settings=ShardSettings()) as writer:
            writer.add(example(1))
            raise RuntimeError("bad row")

    with pytest.raises(RuntimeError, match="bad row"):
        fail_half_way()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("encode", [encode_wav, encode_flac])
def test_both_encodings_decode_to_the_same_samples(encode):
    wave = example(3).clip.wave
    decoded, rate_hz = soundfile.read(io.BytesIO(encode(wave)), dtype="int16")
    assert rate_hz == 16_000
    np.testing.assert_array_equal(decoded, to_pcm16(wave))


def test_samples_beyond_full_scale_are_clipped_not_wrapped():
    wave = np.array([-2.0, -1.0, 0.0, 1.0, 2.0], np.float32)
    assert to_pcm16(wave).tolist() == [-32768, -32768, 0, 32767, 32767]


def test_a_shard_cut_at_a_record_batch_is_caught_by_its_rows(tmp_path):
    write(tmp_path / "whole.arrow", [example(number) for number in range(130)])
    with pa.memory_map(str(tmp_path / "whole.arrow")) as source:
        reader = pa.ipc.open_stream(source)
        first = reader.read_next_batch()
        with (
            pa.OSFile(str(tmp_path / "cut.arrow"), "wb") as sink,
            pa.ipc.new_stream(sink, reader.schema) as out,
        ):
            out.write_batch(first)
    with pytest.raises(HandOffBroken, match="holds 64 rows, its manifest says 130"):
        open_shard(tmp_path / "cut.arrow", rows=130)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"\xff" * 4096])
def test_what_is_not_arrow_is_named(tmp_path, content):
    (tmp_path / "a.arrow").write_bytes(content)
    with pytest.raises(HandOffBroken, match=r"a\.arrow is not a readable Arrow stream"):
        open_shard(tmp_path / "a.arrow", rows=1)


def test_a_missing_shard_is_named(tmp_path):
    with pytest.raises(HandOffBroken, match=r"a\.arrow is missing"):
        open_shard(tmp_path / "a.arrow", rows=1)
