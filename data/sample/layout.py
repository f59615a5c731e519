"""KsponSpeech's folders and lists, as AI Hub distributes them (see pipeline/corpora/readers/kspon.py)."""

from pathlib import Path, PurePosixPath
from typing import Final

from plan import Planned

SCRIPTS: Final = PurePosixPath("전시문_통합_스크립트/KsponSpeech_scripts")
SPEECH: Final = PurePosixPath("한국어_음성_분야")
EVALUATION: Final = PurePosixPath("평가용_데이터")
FIRST_DEV: Final = 620_001  # the real dev set begins there, in folder 0621


def listed_path(planned: Planned) -> PurePosixPath:
    """The path of an utterance's recording as its list gives it."""
    if planned.split == "eval_clean":
        return PurePosixPath(f"KsponSpeech_eval/eval_clean/KsponSpeech_E{planned.number:05}.pcm")
    number = planned.number + (FIRST_DEV - 1 if planned.split == "dev" else 0)
    folder = (number - 1) // 1000 + 1  # 1,000 utterances a folder, 124 folders a part
    part = min((folder - 1) // 124 + 1, 5)
    return PurePosixPath(f"KsponSpeech_{part:02}/KsponSpeech_{folder:04}/KsponSpeech_{number:06}.pcm")


def stored_path(planned: Planned) -> PurePosixPath:
    """Where the recording lies below the corpus' root."""
    listed = listed_path(planned)
    if planned.split == "eval_clean":
        return EVALUATION / listed.relative_to("KsponSpeech_eval")
    return SPEECH / listed


def write_utterance(root: Path, planned: Planned, *, samples: bytes) -> None:
    """Write the .txt (cp949, no newline at its end) and the .pcm of an utterance.

    Args:
        root: The corpus.
        planned: The utterance; of kind "missing" it gets no .pcm.
        samples: 16-bit little-endian samples, 16 kHz.
    """
    path = root / stored_path(planned)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".txt").write_bytes(planned.transcript.encode("cp949"))
    if planned.kind != "missing":
        path.write_bytes(samples + b"\x00" * (planned.kind == "odd"))


def write_lists(root: Path, planned: list[Planned]) -> None:
    """Write one .trn of `path :: text` lines (UTF-8) for each split."""
    folder = root / SCRIPTS
    folder.mkdir(parents=True, exist_ok=True)
    for split in dict.fromkeys(one.split for one in planned):
        lines = [f"{listed_path(one)} :: {one.transcript}\n" for one in planned if one.split == split]
        (folder / f"{split}.trn").write_text("".join(lines), encoding="utf-8", newline="\n")
