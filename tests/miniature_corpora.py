"""The listings of every corpus layout, as small as they come: `name -> {path: content}`."""

import json

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
