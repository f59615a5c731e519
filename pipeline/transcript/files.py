"""Reading a raw transcript, the only place where a transcript's file is opened."""

import codecs
import re

from pipeline.contract.files import open_regular
from pipeline.contract.reasons import Reason
from pipeline.record import Rejection, TextFile

MAX_TRANSCRIPT_BYTES = 2**20
"""An utterance of 30 s has under 1,000 characters, so a megabyte is some other kind of file."""

_HANGUL = re.compile("[가-힣]")


def read_transcript(transcript: str | TextFile | None) -> str | Rejection:
    """Read the raw text of an utterance's transcript, with its marks.

    A file that is valid UTF-8 and has Hangul in it is read as UTF-8 whatever the corpus says:
    people convert corpora, and text in cp949 is never both. Any other file is read in the
    corpus' encoding.

    Returns:
        The text, never blank; or a rejection as MISSING_TRANSCRIPT (no transcript, a blank one,
        or no such file) or TRANSCRIPT_ENCODING (the bytes are not in that encoding).
    """
    if transcript is None:
        return Rejection(Reason.MISSING_TRANSCRIPT, "the corpus has no transcript for this recording")
    text = _read_file(transcript) if isinstance(transcript, TextFile) else transcript
    if isinstance(text, Rejection):
        return text
    if not text.strip():
        place = transcript.path.name if isinstance(transcript, TextFile) else "the corpus' list"
        return Rejection(Reason.MISSING_TRANSCRIPT, f"the transcript in {place} is blank")
    return text


def _read_file(file: TextFile) -> str | Rejection:
    try:
        with open_regular(file.path) as stream:
            content = stream.read(MAX_TRANSCRIPT_BYTES + 1)
    except OSError as error:
        return Rejection(Reason.MISSING_TRANSCRIPT, f"{file.path.name}: {error.strerror}")
    if len(content) > MAX_TRANSCRIPT_BYTES:
        problem = f"over {MAX_TRANSCRIPT_BYTES} bytes: not the transcript of one utterance"
        return Rejection(Reason.TRANSCRIPT_ENCODING, f"{file.path.name}: {problem}")
    try:
        return _decode(content, file.encoding)
    except UnicodeDecodeError as error:
        problem = f"byte {error.start} is not {file.encoding}, nor is the file UTF-8"
        return Rejection(Reason.TRANSCRIPT_ENCODING, f"{file.path.name}: {problem}")


def _decode(content: bytes, encoding: str) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode(encoding)
    if content.startswith(codecs.BOM_UTF8) or _HANGUL.search(text):
        return text
    return content.decode(encoding)
