"""Corpora in miniature, made for the tests: the listings of every layout, and two with recordings."""

import base64
import json
from pathlib import Path

import numpy as np
import soundfile
from small_corpus import RATE_HZ, SENTENCES, voiced

# The listings of every layout, as small as they come: name -> {path: content}.
LISTINGS: dict[str, dict[str, bytes]] = {}


def _lines(*rows: str) -> str:
    return "\n".join(rows) + "\n"


def _table(*rows: tuple[str, ...], separator: str = "\t") -> str:
    return _lines(*(separator.join(row) for row in rows))


_FOLDER = "KsponSpeech_01/KsponSpeech_0001/KsponSpeech_00000"
LISTINGS["kspon"] = {
    "scripts/train.trn": _lines(
        f"{_FOLDER}1.pcm :: b/ 아/ 그건 (70%)/(칠십 퍼센트) 확률이야.",
        f"{_FOLDER}2.pcm :: 비율은 삼 :: 일이었어.",
        f"{_FOLDER}3.pcm 나눔표가 없는 줄",
    ).encode(),
    "scripts/dev.trn": f"{_FOLDER}4.pcm :: 개발용 문장이야.\n".encode(),
    "KsponSpeech_000005.txt": "스물 다섯 번째 문장".encode("cp949"),
    "KsponSpeech_000005.pcm": b"\x01\x00" * 800,
}
LISTINGS["aihub130"] = {
    "1.Training/labels/broadcast_01_metadata.txt": _lines(
        "/broadcast/001/broadcast_01000001.wav | 방송 | 20대 | 여 | 서울 | 3.2 | 1 | x",
        "/broadcast/001/broadcast_01000002.wav | 방송 | 30대 | 남 | 부산 | 2.2 | 2 | x",
        " | 이름 없는 줄",
    ).encode(),
    "1.Training/labels/001/broadcast_01000001.txt": "어 (3)/(세) 번째 문장이에요".encode(),
    "b/대화_1.json": json.dumps(
        {"original": "어 (2)/(두) 번째", "start": 0, "end": 1, "length": 1, "metadata": {}}
    ).encode(),
    "b/대화_1.wav": b"",
}
_ENTRY = {
    "id": "DKSR1.1.1", "form": "그래가 뭐라 카노", "standard_form": "그래서 뭐라고 하니",
    "dialect_form": "그래가 뭐라 카노", "speaker_id": "1", "start": 0.0, "end": 1.5, "note": "",
    "eojeolList": [],
}  # fmt: skip
LISTINGS["dialect"] = {
    "Training/라벨링데이터/DKSR1.json": json.dumps(
        {
            "id": "DKSR1",
            "metadata": {"title": "경상도 방언", "sampling": "16000"},
            "speaker": [{"id": "1", "sex": "여"}],
            "utterance": [
                _ENTRY,
                _ENTRY | {"id": "DKSR1.1.2", "start": "1.45", "end": "3.0", "speaker_id": "0023"},
                _ENTRY | {"id": "DKSR1.1.3", "start": 2.0, "end": 99_999},
            ],
        }
    ).encode(),
    "Training/원천데이터/DKSR1.wav": b"",
}
LISTINGS["zeroth"] = {
    "train_data_01/003/104/104_003.trans.txt": _lines(
        "104_003_0001 오늘은 첫 번째 문장입니다", "104_003_0002 오늘은 두 번째 문장입니다"
    ).encode(),
    "AUDIO_INFO": b"SPEAKERID|NAME|SEX|SCRIPTID\n104|x|f|003\n",
}
LISTINGS["tedxkr"] = {
    "data/6rmA6rK966y1/gwg56V-GE_Q/6rmA6rK966y1-gwg56V-GE_Q.trans.txt": _lines(
        "6rmA6rK966y1-gwg56V-GE_Q-0001 안녕하세요 여러분", "6rmA6rK966y1-gwg56V-GE_Q-0010\t1839년 8월 19일"
    ).encode()
}
LISTINGS["librispeech"] = {
    "dev-clean/84/121123/84-121123.trans.txt": _lines(
        "84-121123-0000 CHAPTER ONE", "84-121123-0001 MISSUS RACHEL LYNDE"
    ).encode()
}
LISTINGS["kss"] = {
    "transcript.v.1.4.txt": _table(
        ("1/1_0000.wav", "그는 27살이다.", "그는 스물 일곱살이다.", "그는", "3.5", "He is 27."),
        ("1/1_0001.wav", "오늘은 맑다.", "오늘은 맑다.", "오늘은", "2.5", "It is clear."),
        separator="|",
    ).encode()
}
LISTINGS["commonvoice"] = {
    f"ko/{name}.tsv": _table(
        ("client_id", "path", "sentence", "up_votes", "locale"),
        ("c0ffee", f"common_voice_ko_{name}.mp3", '"네"라고 말했다.', "2", "ko"),
        ("", f"common_voice_ko_{name}2.mp3", "3%가 넘는다.", "2", "ko"),
    ).encode()
    for name in ("train", "dev", "test")
}
LISTINGS["fleurs"] = {
    f"{split}.tsv": _table(
        ("1", f"{split}1.wav", "1989년에 KBS가 방송했다.", "1989년에 kbs가", "1 9", "160000", "FEMALE"),
        ("2", f"{split}2.wav", "두 번째 문장.", "두 번째", "두", "1600", "MALE"),
    ).encode()
    for split in ("train", "dev")
}
LISTINGS["clovacall"] = {
    "train_ClovaCall.json": json.dumps(
        [
            {"wav": "4_0001.wav", "text": "예약하려고 하는데요", "speaker_id": "4"},
            {"wav": "4_0002.wav", "text": "", "speaker_id": 4},
        ]
    ).encode()
}
LISTINGS["nemo"] = {
    "train_manifest.json": _lines(
        json.dumps({"audio_filepath": "wavs/1.wav", "duration": 0.05, "text": "안녕", "speaker": "kim"}),
        json.dumps({"audio_filepath": "talk.wav", "offset": 0.01, "duration": 0.02, "text": "조각이에요"}),
    ).encode()
}
LISTINGS["table"] = {
    "meta.csv": (
        "Path,Speaker,Split,Offset,Duration,Text\r\n"
        'wavs/1.wav,kim,train,,,"네, 맞아요."\r\n'
        "talk.flac,,test,0.01,0.02,조각이에요\r\n"
    ).encode()
}


def write_listings(name: str, root: Path) -> Path:
    """Write the listings of one layout, without recordings; gives `root`."""
    for path, content in LISTINGS[name].items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return root


def make_kspon_miniature(root: Path) -> Path:
    """KsponSpeech as AI Hub hands it out: eight recordings with cp949 texts, five of them listed.

    Recording 2 has an odd number of bytes. The transcripts of 3 (listed) and 7 (not listed) are too
    short to be kept.
    """
    folder = Path("KsponSpeech_01/KsponSpeech_0001")
    recordings = root / "한국어_음성_분야" / folder
    recordings.mkdir(parents=True)
    lines = []
    for number in range(1, 9):
        stem = f"KsponSpeech_{number:06}"
        text = "네, 네." if number in (3, 7) else SENTENCES[number % len(SENTENCES)]
        samples = voiced(2.0, seed=number).tobytes()
        (recordings / f"{stem}.pcm").write_bytes(samples + b"\0" if number == 2 else samples)
        (recordings / f"{stem}.txt").write_bytes(text.encode("cp949"))
        if number <= 5:
            lines.append(f"{folder}/{stem}.pcm :: {text}\n")
    scripts = root / "전시문_통합_스크립트" / "KsponSpeech_scripts"
    scripts.mkdir(parents=True)
    (scripts / "train.trn").write_text("".join(lines), encoding="utf-8")
    (root / "README.md").touch()
    return root


TEDXKR_TALKS = {"말소리": ("a-B_c-1_d-E", "_x9-_Y8-_z7"), "한마음": ("-0Q_-w2E-_r",)}
"""The talks of the miniature by their speakers: video ids with every `-` and `_` that they may have."""


def encode_name(speaker: str) -> str:
    """The folder of a speaker in Pansori-TEDxKR: the base64 of the name."""
    return base64.b64encode(speaker.encode()).decode()


def make_tedxkr_miniature(root: Path) -> Path:
    """Pansori-TEDxKR: three talks by two speakers, five recordings each.

    In every talk, recording 4 has a transcript that is too short and recording 9 has no line.
    """
    for speaker, videos in TEDXKR_TALKS.items():
        for video in videos:
            key = f"{encode_name(speaker)}-{video}"
            folder = root / "data" / encode_name(speaker) / video
            folder.mkdir(parents=True)
            lines = []
            for number in (1, 4, 5, 9, 12):
                samples = voiced(2.0, seed=number).astype(np.int16)
                soundfile.write(folder / f"{key}-{number:04}.flac", samples, RATE_HZ)
                text = "좋아요." if number == 4 else SENTENCES[number % len(SENTENCES)]
                if number != 9:
                    lines.append(f"{key}-{number:04} {text}\n")
            (folder / f"{key}.trans.txt").write_text("".join(lines), encoding="utf-8")
            (folder / "README.md").touch()
    return root
