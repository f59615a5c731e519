"""An hour-long dialect session: 1,000 segments, two speakers, 5 % marked, one open of the wav."""

import json
from pathlib import Path

import numpy as np
import soundfile
from small_corpus import RATE_HZ, voiced

from pipeline.audio import recordings
from pipeline.corpora import READERS
from pipeline.job.plan import TaskContext, make_plan
from pipeline.job.task import process_task
from pipeline.settings import PipelineSettings

SEGMENTS, SEGMENT_S, PITCH_S = 1000, 3.0, 3.6  # a segment begins every 3.6 s: an hour
MARKED = ("&name&이는 밥 뭇나", "내사 (()) 모리겠다")


def make_session(root: Path) -> Path:
    """One session in the layout of AI Hub's dialect corpora; every 20th segment is marked."""
    speech = np.concatenate(
        [voiced(SEGMENT_S, seed=1), np.zeros(round((PITCH_S - SEGMENT_S) * RATE_HZ), "<i2")]
    )
    wav = root / "원천데이터" / "DKSR20000001.wav"
    wav.parent.mkdir(parents=True)
    soundfile.write(wav, np.tile(speech, SEGMENTS), RATE_HZ, subtype="PCM_16")
    utterances = [
        {
            "id": f"DKSR20000001.1.1.{number}", "form": "", "standard_form": "그래서 뭐라고 하니",
            "dialect_form": MARKED[number // 20 % 2] if number % 20 == 0 else "그래가 뭐라 카노",
            "speaker_id": str(1 + number % 2), "start": number * PITCH_S, "end": number * PITCH_S + SEGMENT_S,
            "note": "", "eojeolList": [],
        }
        for number in range(SEGMENTS)
    ]  # fmt: skip
    session = {
        "id": "DKSR20000001", "metadata": {"title": "경상도 방언"}, "setting": {"relation": "지인"},
        "speaker": [{"id": "1"}, {"id": "2"}], "utterance": utterances,
    }  # fmt: skip
    label = root / "라벨링데이터" / "DKSR20000001.json"
    label.parent.mkdir(parents=True)
    label.write_text(json.dumps(session, ensure_ascii=False), encoding="utf-8-sig")
    return root


def test_an_hour_of_a_thousand_segments_is_one_open_of_the_recording(tmp_path, monkeypatch):
    opened = []
    open_recording = recordings.open_recording
    monkeypatch.setattr(
        recordings, "open_recording", lambda path: opened.append(path) or open_recording(path)
    )
    corpus, settings = READERS["dialect"], PipelineSettings()
    root = make_session(tmp_path / "raw")
    plan = make_plan(corpus, root, settings=settings, versions={}, limit=None)
    context = TaskContext(root, tmp_path / "out", corpus.annotation, settings)
    records = [process_task(task, context) for task in plan.tasks]
    assert plan.num_utterances == SEGMENTS
    assert len(opened) == 1
    assert sum(record.shard.rows for record in records) == SEGMENTS - SEGMENTS // 20
    reasons = {line.reason for record in records for line in record.dropped}
    assert reasons == {"anonymised", "unintelligible"}
    speakers = {name for record in records for name in record.tally.speakers}
    assert len(speakers) == 2
