"""Whatever is wrong with a hand-off is named, and is exit 5."""

import hashlib
import json
import os
import shutil
import struct
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from edited_dataset import edit_dataset, edit_manifest, read_shard, rehash, write_shard
from handoff_data import FLAC, Person
from small_corpus import manifest_content

from pipeline.contract.errors import HandOffBroken
from pipeline.contract.files import file_sha256
from pipeline.contract.opened import open_manifest
from pipeline.contract.vocabulary import KOREAN
from pipeline.dataset.examine import find_audio_problem
from pipeline.settings import PipelineSettings
from pipeline.shards.writer import encode_flac, encode_wav

PEOPLE = [Person("a", 3), Person("b", 2, "valid")]
TRAIN = "shards/train-00000.arrow"


@pytest.fixture
def radio(make) -> Path:
    return make("radio", PEOPLE)


@pytest.fixture
def broken(malsori):
    """Verifies a manifest that must not pass; gives what is said."""

    def verify(manifest: Path, *options: object) -> str:
        result = malsori("verify", manifest, *options)
        assert result.exit_code == 5, result.output
        assert "Traceback" not in result.stderr
        return result.stderr

    return verify


def rewrite(manifest: Path, name: str, *, options=None, change=lambda table: table) -> Path:
    """Write a shard of a dataset again, as an Arrow stream of another kind."""
    path = manifest.parent / name
    write_shard(path, change(read_shard(path)), options=options)
    return rehash(manifest)


@pytest.mark.parametrize("deep", [[], ["--deep"]])
def test_what_was_just_made_is_as_recorded(radio, malsori, deep):
    assert malsori("verify", radio, *deep).exit_code == 0


class TestFiles:
    """Files that are not the recorded ones."""

    def test_a_missing_shard_is_named(self, radio, broken):
        (radio.parent / TRAIN).unlink()
        said = broken(radio)
        assert "shard train-00000.arrow: missing from" in said
        assert "--root" in said
        assert "valid" not in said

    def test_every_missing_file_is_named_at_once(self, radio, broken):
        shutil.rmtree(radio.parent / "shards")
        said = broken(radio)
        assert all(name in said for name in ("train-00000", "valid-00000", "radio.dropped.jsonl"))

    def test_a_longer_shard_is_named_by_its_size(self, radio, broken):
        with (radio.parent / TRAIN).open("ab") as shard:
            shard.write(b"\0")
        assert "bytes, the manifest says" in broken(radio)

    def test_a_changed_dropped_list_is_named(self, radio, broken):
        (radio.parent / "shards" / "radio.dropped.jsonl").write_text("{}\n")
        assert "radio.dropped.jsonl has changed" in broken(radio)

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ('{"id":"a","stage":"audio","reason":"other","detail":""}\n', "its reasons do not match"),
            ('{"id":"a"}\n', "line 1: stage: Field required"),
            ("nonsense\n", "line 1: Invalid JSON"),
            ("", "has 0 lines"),
            ('{"id":"a","stage":"audio","reason":"empty_audio","detail":""}\n' * 2, "has 2 lines"),
            ("x" * 2_000_000, "line 1: Invalid JSON"),
        ],
    )
    def test_a_dropped_list_that_contradicts_the_counts(self, radio, broken, line, said):
        path = radio.parent / "shards" / "radio.dropped.jsonl"
        path.write_text(line)

        def change(content):
            content["dropped"] |= {"sha256": file_sha256(path), "rows": 1}
            content["counts"] |= {"read": 6, "dropped": {"empty_audio": 1}}

        assert said in broken(edit_manifest(radio, change))

    @pytest.mark.parametrize("kind", ["folder", "pipe", "empty"])
    def test_what_is_no_file_is_named_and_not_waited_for(self, radio, broken, kind):
        path = radio.parent / TRAIN
        path.unlink()
        {"folder": path.mkdir, "pipe": lambda: os.mkfifo(path), "empty": path.touch}[kind]()
        assert "shard train-00000.arrow: " in broken(radio)
        opened = open_manifest(radio)
        with pytest.raises(HandOffBroken, match=r"train-00000\.arrow"):
            opened.rows(opened.manifest.shards[0])

    def test_moved_shards_are_found_with_root(self, radio, malsori, broken, tmp_path):
        moved = shutil.move(radio.parent / "shards", tmp_path / "disk")
        assert "--root" in broken(radio)
        assert malsori("verify", radio, "--deep", "--root", moved).exit_code == 0
        views = tmp_path / "views"
        for command in (["filter", radio, "peak < 1"], ["split", radio, "--valid", 0.5]):
            output = views / f"{command[0]}.json"
            assert malsori(*command, "-o", output, "--root", moved).exit_code == 0
            assert malsori("verify", output).exit_code == 0

    def test_the_whole_folder_can_be_moved(self, radio, malsori, tmp_path):
        moved = Path(shutil.move(radio.parent, tmp_path / "x" / "y"))
        assert malsori("verify", moved / radio.name, "--deep").exit_code == 0


class TestPaths:
    """No link leads out of the root unless told to."""

    @pytest.mark.parametrize("name", [TRAIN, "shards/radio.dropped.jsonl"])
    def test_a_link_out_of_the_root_is_followed_only_when_told(self, radio, malsori, broken, tmp_path, name):
        path = radio.parent / name
        path.symlink_to(shutil.move(path, tmp_path / "outside"))
        said = broken(radio)
        assert "a link that leads out of" in said
        assert "--allow-outside" in said
        assert malsori("verify", radio, "--allow-outside", "--deep").exit_code == 0
        output = tmp_path / "some.json"
        assert malsori("filter", radio, "peak < 1", "-o", output).exit_code == 5
        assert malsori("filter", radio, "peak < 1", "-o", output, "--allow-outside").exit_code == 0

    def test_a_linked_folder_below_the_root_leads_out_as_well(self, radio, broken, tmp_path):
        outside = shutil.move(radio.parent / "shards", tmp_path / "outside")
        (radio.parent / "shards").mkdir()
        (radio.parent / "shards" / "deep").symlink_to(outside)

        def change(content):
            for record in (*content["shards"], content["dropped"]):
                record["path"] = f"deep/{record['path']}"

        assert broken(edit_manifest(radio, change)).count("leads out of") == 3

    def test_links_within_the_root_and_a_linked_root_are_fine(self, radio, malsori, tmp_path):
        path = radio.parent / TRAIN
        path.symlink_to(path.rename(path.with_name("real.arrow")).name)
        (tmp_path / "link").symlink_to(radio.parent)
        assert malsori("verify", tmp_path / "link" / radio.name, "--deep").exit_code == 0

    def test_a_circle_of_links_is_broken(self, radio, broken):
        path = radio.parent / TRAIN
        path.unlink()
        path.symlink_to(path.name)
        assert "train-00000.arrow" in broken(radio)

    def test_a_link_where_a_temporary_file_goes_is_not_written_through(self, radio, malsori, tmp_path):
        """Names of temporary files can be guessed; the folder may be a stranger's."""
        victim = tmp_path / "victim"
        victim.write_text("precious")
        (tmp_path / f".out.json.{os.getpid()}.tmp").symlink_to(victim)
        assert malsori("filter", radio, "peak < 1", "-o", tmp_path / "out.json").exit_code == 0
        assert victim.read_text() == "precious"


class TestManifest:
    """A manifest that can be read, and does not fit its shards."""

    @pytest.mark.parametrize(
        "change",
        [
            lambda record: record["values"]["silence"].update(longest_s=9.0),
            lambda record: record.update(fingerprint="0" * 64),
        ],
    )
    def test_settings_and_their_fingerprint_belong_together(self, radio, broken, change):
        edit_manifest(radio, lambda content: change(content["settings"][0]))
        assert "the fingerprint does not match the values" in broken(radio)

    def test_statistics_are_counted_again_by_deep(self, radio, broken):
        for name, value in manifest_content(radio)["statistics"].items():
            wrong = {} if isinstance(value, dict) else value + 1
            other = radio.with_name("other.json")
            other.write_text(radio.read_text())
            edit_manifest(other, lambda c, name=name, wrong=wrong: c["statistics"].update({name: wrong}))
            assert f"statistics.{name}: the shards' rows add up" in broken(other, "--deep")

    def test_the_seconds_of_a_shard_are_counted_again_by_deep(self, radio, broken):
        edit_manifest(radio, lambda content: content["shards"][0].update(seconds=9.5))
        assert "s, the manifest says 9.5" in broken(radio, "--deep")

    def test_settings_of_another_malsori_are_said_to_be_that(self, radio, broken):
        def change(content):
            record = content["settings"][0]
            record["values"]["tomorrow"] = {"level": 3}
            text = json.dumps(record["values"], sort_keys=True, ensure_ascii=False)
            record["fingerprint"] = hashlib.sha256(text.encode()).hexdigest()

        edit_manifest(radio, change)
        said = broken(radio, "--deep")
        assert "settings[0] are not those of this malsori" in said
        assert "made with malsori 0" in said


class TestArrow:
    """Shards that were damaged, or made to do damage, under a manifest that knows their hash."""

    @pytest.mark.parametrize("codec", ["zstd", "lz4"])
    def test_a_compressed_shard_is_refused_before_it_is_unpacked(self, radio, broken, codec):
        def blow_up(table):
            rows = table.to_pylist()
            rows[0]["audio"]["bytes"] = bytes(64 * 2**20)
            return pa.Table.from_pylist(rows, schema=table.schema)

        rewrite(radio, TRAIN, options=pa.ipc.IpcWriteOptions(compression=codec), change=blow_up)
        before = pa.default_memory_pool().bytes_allocated()
        assert "a compressed record batch" in broken(radio)
        assert pa.default_memory_pool().bytes_allocated() - before < 2**20

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda table: table.drop_columns(["romanized"]), "columns other than contract version 1's"),
            (lambda table: table.append_column("x", table["id"]), "columns other than"),
            (lambda table: table.set_column(0, "id", table["id"].dictionary_encode()), "columns other than"),
            (lambda table: table.set_column(3, "num_samples", table["num_samples"].cast("int32")), "columns"),
            (lambda table: table.slice(0, 2), "holds 2 rows, its manifest says 3"),
            (lambda table: pa.concat_tables([table, table]), "holds more than 3 rows"),
        ],
    )
    def test_another_table_is_refused(self, radio, broken, change, said):
        assert said in broken(rewrite(radio, TRAIN, change=change))

    def test_a_stream_cut_at_a_record_batch_reads_short_and_is_caught(self, make, broken):
        manifest = make("radio", PEOPLE, rows_per_batch=2)
        path = manifest.parent / TRAIN
        with pa.ipc.open_stream(path) as stream:
            first = pa.Table.from_batches([stream.read_next_batch()])
        write_shard(path, first)
        assert "holds 2 rows, its manifest says 3" in broken(rehash(manifest))

    def test_a_body_that_is_not_aligned_is_refused(self, radio, broken):
        path = radio.parent / TRAIN
        stream = path.read_bytes()
        (size,) = struct.unpack_from("<i", stream, 4)
        path.write_bytes(
            stream[:4] + struct.pack("<i", size + 4) + stream[8 : 8 + size] + b"\0" * 4 + stream[8 + size :]
        )
        assert "not aligned" in broken(rehash(radio))

    def test_as_many_batches_as_a_shard_never_has_are_refused(self, radio, broken, monkeypatch):
        monkeypatch.setattr("pipeline.contract.shard.MAX_BATCHES", 0)
        assert "has over 0 record batches" in broken(radio)

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda row: row | {"id": None}, "id is null"),
            (lambda row: row | {"audio": None}, "audio is null"),
            (lambda row: row | {"audio": row["audio"] | {"bytes": None}}, "audio.bytes is null"),
            (lambda row: row | {"labels": None}, "labels is null"),
            (lambda row: row | {"labels": [1, None]}, "labels is null"),
            (lambda row: row | {"labels": [0]}, "labels goes from 0"),
            (lambda row: row | {"labels": [42]}, "labels goes from 42 to 42, expected 1 to 41"),
            (lambda row: row | {"kept": [None]}, "kept is null"),
            (lambda row: row | {"num_samples": 0}, "num_samples goes from 0"),
            (lambda row: row | {"num_samples": -1}, "num_samples goes from -1"),
            (lambda row: row | {"num_samples": 2**62}, "num_samples goes from"),
            (lambda row: row | {"num_samples": 2**27 + 1}, "num_samples goes from"),
            (lambda row: row | {"source": row["source"] | {"rate_hz": 0}}, "source.rate_hz goes from 0"),
            (lambda row: row | {"source": row["source"] | {"offset": -1}}, "source.offset goes from -1"),
            (lambda row: row | {"text": "가" * 30_000}, "text has 90000 bytes in one row"),
        ],
    )
    @pytest.mark.parametrize("command", [["verify"], ["split", "--valid", "0.5"], ["filter"]])
    def test_values_that_no_malsori_writes_are_refused_by_every_reader(
        self, radio, malsori, tmp_path, change, said, command
    ):
        manifest = edit_dataset(radio, tmp_path / "edited", change)
        name, *options = command
        arguments = {
            "verify": [],
            "split": ["-o", tmp_path / "o.json"],
            "filter": ["peak < 1", "-o", tmp_path / "o.json"],
        }
        result = malsori(name, manifest, *arguments[name], *options)
        assert result.exit_code == 5, result.output
        assert said in result.stderr


class TestRows:
    """Rows that are possible and wrong: what only `--deep` sees."""

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda row: row | {"labels": row["labels"][::-1]}, "its labels are not its IPA"),
            (lambda row: row | {"ipa": "q q"}, "symbols outside the vocabulary: q"),
            (lambda row: row | {"spoken": "바다"}, "its text '바다' gives the ipa"),
            (lambda row: row | {"spoken": "123"}, "utterance radio/a/0000: "),
            (lambda row: row | {"pronunciation": "바다"}, "gives the pronunciation"),
            (lambda row: row | {"romanized": "bada"}, "gives the romanized"),
            (lambda row: row | {"id": "radio/x"}, "the id occurs twice"),
            (lambda row: row | {"kept": []}, "its kept spans are not inside its source"),
            (
                lambda row: row | {"kept": [{"start": 9, "end": 3}]},
                "its kept spans are not inside its source",
            ),
            (lambda row: row | {"kept": [{"start": 0, "end": 10**6}]}, "its kept spans are not inside"),
            (lambda row: row | {"num_samples": row["num_samples"] + 1}, "its WAV has"),
            (lambda row: row | {"audio": {"bytes": b"RIFF", "path": ""}}, "its WAV has 4 bytes"),
            (lambda row: row | {"audio": {"bytes": b"", "path": ""}}, "neither WAV nor FLAC"),
        ],
    )
    def test_a_wrong_row_is_named_by_its_shard_and_id(self, radio, malsori, broken, tmp_path, change, said):
        manifest = edit_dataset(radio, tmp_path / "edited", change)
        assert malsori("verify", manifest).exit_code == 0
        found = broken(manifest, "--deep")
        assert said in found
        assert "shard train-00000.arrow, utterance radio/" in found

    def test_a_label_changed_with_its_ipa_is_found_by_its_text(self, radio, broken, tmp_path):
        ipa = "n ɑ m o"
        manifest = edit_dataset(
            radio, tmp_path / "edited", lambda row: row | {"ipa": ipa, "labels": KOREAN.encode(ipa.split())}
        )
        assert "gives the ipa 'k ɑ ŋ', the shard has 'n ɑ m o'" in broken(manifest, "--deep")

    def test_only_the_first_problems_are_shown_and_the_rest_counted(self, make, broken, tmp_path):
        manifest = make("radio", [Person("a", 50)])
        edited = edit_dataset(manifest, tmp_path / "edited", lambda row: row | {"kept": []})
        said = broken(edited, "--deep")
        assert said.count("kept spans") == 20
        assert said.rstrip().endswith("and 30 more")

    def test_flac_is_examined_too(self, make, malsori):
        flac = make("flac", [Person("a", 2)], settings=PipelineSettings(shards=FLAC))
        assert malsori("verify", flac, "--deep").exit_code == 0


WAVE = (0.2 * np.sin(np.arange(1_600) * 0.1)).astype(np.float32)


def flac_claiming(samples: int) -> bytes:
    """A FLAC whose header promises `samples`: 36 bits of the stream information."""
    content = bytearray(encode_flac(WAVE))
    content[21] = (content[21] & 0xF0) | samples >> 32
    content[22:26] = struct.pack(">I", samples % 2**32)
    return bytes(content)


@pytest.mark.parametrize(
    ("audio", "problem"),
    [
        (encode_wav(WAVE), None),
        (encode_flac(WAVE), None),
        (flac_claiming(1_600), None),
        (flac_claiming(2**36 - 1), "its FLAC header says 68719476735 samples"),
        (flac_claiming(2**34), "its FLAC header says 17179869184 samples"),
        (flac_claiming(1_599), "its FLAC header says 1599 samples"),
        (flac_claiming(0), "its FLAC header says 0 samples"),
        (encode_flac(WAVE)[:100], "its audio"),
        (encode_wav(WAVE)[:-1], "its WAV has 3243 bytes"),
        (encode_wav(WAVE) + b"\0", "its WAV has 3245 bytes"),
        (encode_wav(WAVE[:-1]), "its WAV has 3242 bytes"),
        (encode_wav(np.concatenate([WAVE, WAVE])), "its WAV has 6444 bytes"),
        (encode_wav(WAVE * 0), "its audio is all zero"),
        (encode_wav(WAVE).replace(b"\x80\x3e\0\0", b"\x40\x1f\0\0", 1), "its WAV header is not"),
        (encode_wav(WAVE).replace(b"\1\0\1\0", b"\1\0\2\0", 1), "its WAV header"),
        (encode_wav(WAVE).replace(b"\1\0\1\0", b"\1\0\xff\xff", 1), "its WAV header"),
        (b"", "neither WAV nor FLAC"),
        (b"fLaC", "less than a header"),
        (b"fLaC" + bytes(100), "STREAMINFO"),
        (b"OggS" + bytes(100), "neither WAV nor FLAC"),
    ],
)  # fmt: skip
def test_audio_is_what_its_row_says(audio, problem):
    found = find_audio_problem(audio, num_samples=1_600)
    assert found is None if problem is None else problem in (found or "")
