"""The columns of a shard, and the metadata that lets Hugging Face `datasets` open it as it is.

A shard is an Arrow IPC *stream* file. Audio is a whole WAV (PCM16, 16 kHz, mono, the
canonical 44-byte header) or FLAC file in `audio.bytes`; `labels` are ids of the manifest's
vocabulary. Importing this module does not import pyarrow.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pyarrow as pa

SAMPLE_RATE_HZ = 16_000
WAV_HEADER_BYTES = 44
ROWS_PER_BATCH = 64

MAX_TEXT_BYTES = 2**16
"""The longest text of a row that is read, in any of its columns: 3,000 times that of a usual utterance."""

MAX_ID_BYTES = 2**12
"""The longest id or speaker that is written, as long as the longest path of Linux."""

COLUMNS: Final[Mapping[str, Any]] = {
    "id": "string",
    "speaker": "string",  # null where the corpus names none
    "audio": {"bytes": "binary", "path": "string"},
    "num_samples": "int64",  # at 16 kHz, of `audio`
    "text": "string",  # cleaned spelling
    "spoken": "string",  # cleaned text of what was said: the labels come from it
    "pronunciation": "string",  # Hangul as pronounced
    "ipa": "string",  # symbols joined by a space
    "labels": ["uint8"],
    "romanized": "string",
    "source": {
        "path": "string",  # relative to the corpus root, with forward slashes
        "rate_hz": "int32",  # of the recording, before resampling
        "offset": "int64",  # first sample of the utterance in the recording
        "length": "int64",  # samples of the utterance in the recording
        "sha256": "string",  # of the recording's bytes
    },
    "kept": [{"start": "int64", "end": "int64"}],  # spans kept, in samples of the recording
    "split": "string",
    "measurements": {
        "silence_removed_samples": "int64",  # at 16 kHz
        "noise_floor_db": "float32",  # dBFS, before denoising
        "speech_level_db": "float32",  # dBFS, before denoising
        "peak": "float32",  # largest magnitude before denoising, full scale 1
    },
}
"""Arrow's name of each column's type; a dictionary is a struct, [x] is a list of x."""


def shard_schema(metadata: dict[str, str]) -> "pa.Schema":
    """The schema of a shard, with `metadata` beside the Hugging Face features."""
    import pyarrow as pa

    return pa.schema(
        [(name, _arrow_type(kind)) for name, kind in COLUMNS.items()],
        metadata={"huggingface": json.dumps({"info": {"features": huggingface_features()}}), **metadata},
    )


def huggingface_features() -> dict[str, Any]:
    """The shard's columns as Hugging Face `datasets` describes them."""
    features = {name: _feature(kind) for name, kind in COLUMNS.items()}
    features["audio"] = {"sampling_rate": SAMPLE_RATE_HZ, "_type": "Audio"}
    return features


def _arrow_type(kind: Any) -> "pa.DataType":
    import pyarrow as pa

    if isinstance(kind, dict):
        return pa.struct([(name, _arrow_type(inner)) for name, inner in kind.items()])
    if isinstance(kind, list):
        return pa.list_(_arrow_type(kind[0]))
    return pa.type_for_alias(kind)


def _feature(kind: Any) -> Any:
    if isinstance(kind, dict):
        return {name: _feature(inner) for name, inner in kind.items()}
    if isinstance(kind, list):
        return {"feature": _feature(kind[0]), "_type": "List"}
    return {"dtype": kind, "_type": "Value"}
