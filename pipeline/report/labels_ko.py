"""Korean for the page: names of reasons, stages and splits, and how numbers are written."""

from pipeline.contract.reasons import Reason, Stage

REASONS: dict[str, str] = {
    Reason.MALFORMED_LISTING: "목록의 줄이 잘못됨",
    Reason.DUPLICATE_ID: "같은 이름의 발화가 또 있음",
    Reason.NAME_TOO_LONG: "발화나 화자의 이름이 너무 긺",
    Reason.OVERLAPPING_SPEECH: "여러 사람의 말이 겹침",
    Reason.MISSING_TRANSCRIPT: "전사가 없음",
    Reason.TRANSCRIPT_ENCODING: "전사의 문자 인코딩을 알 수 없음",
    Reason.TRANSCRIPT_TOO_SHORT: "전사가 너무 짧음",
    Reason.TRANSCRIPT_TOO_LONG: "전사가 너무 긺",
    Reason.NO_HANGUL: "전사에 한글이 없음",
    Reason.ANONYMISED: "개인 정보가 가려짐",
    Reason.UNINTELLIGIBLE: "알아들을 수 없는 말이 있음",
    Reason.MISSING_AUDIO: "녹음이 없음",
    Reason.UNREADABLE_AUDIO: "녹음을 읽을 수 없음",
    Reason.TRUNCATED_AUDIO: "녹음이 중간에 끊김",
    Reason.SEGMENT_OUTSIDE_AUDIO: "구간이 녹음 밖에 있음",
    Reason.EMPTY_AUDIO: "녹음이 비어 있음",
    Reason.SILENT_AUDIO: "녹음에 소리가 없음",
    Reason.NOT_FINITE_AUDIO: "녹음에 유한하지 않은 값이 있음",
    Reason.TOO_SHORT_AUDIO: "녹음이 너무 짧음",
    Reason.TOO_LONG_AUDIO: "녹음이 너무 긺",
    Reason.TOO_FEW_FRAMES: "음소 수에 견주어 녹음이 짧음",
    Reason.UNPRONOUNCEABLE: "발음을 만들 수 없음",
    Reason.FAILED: "처리하다가 실패함",
    Reason.FILTERED: "걸러 냄 (malsori filter)",
}

STAGES: dict[str, str] = {
    Stage.CORPUS: "목록",
    Stage.TRANSCRIPT: "전사",
    Stage.AUDIO: "녹음",
    Stage.PHONOLOGY: "발음",
    Stage.WORKER: "작업",
    Stage.FILTER: "거르기",
    Stage.MERGE: "합치기",
}

SPLITS: dict[str, str] = {"train": "학습", "valid": "검증", "test": "평가"}


def split_label(split: str) -> str:
    """A split's Korean name before its own.

    >>> split_label("train")
    '학습 train'
    """
    return f"{SPLITS[split]} {split}" if split in SPLITS else split


def format_duration(seconds: float) -> str:
    """A length of time in hours, minutes or seconds, whichever suits it.

    >>> format_duration(7200.0)
    '2.00시간'
    """
    if seconds >= 3600:
        return f"{seconds / 3600:,.2f}시간"
    return f"{seconds / 60:.1f}분" if seconds >= 60 else f"{seconds:.1f}초"


def format_number(value: float, *, digits: int = 1) -> str:
    """A number with a real minus sign.

    >>> format_number(-23.94)
    '−23.9'
    """
    return f"{value:.{digits}f}".replace("-", "−")


def format_percent(part: float, whole: float) -> str:
    """A part of a whole in percent. Values below 0.05 % show as <0.1 %, and 0 of 0 as 0 %.

    >>> format_percent(1, 3)
    '33.3%'
    """
    if not whole or not part:
        return "0%"
    percent = 100 * part / whole
    return "<0.1%" if percent < 0.05 else f"{percent:.1f}%"
