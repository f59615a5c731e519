"""The columns of a shard, and the metadata that lets Hugging Face `datasets` open it as it is.

A shard is an Arrow IPC *stream* file. Audio is a whole WAV (PCM16, 16 kHz, mono, the
canonical 44-byte header) or FLAC file in `audio.bytes`; `labels` are ids of the manifest's
vocabulary.
"""

import json
from typing import Any

import pyarrow as pa

SAMPLE_RATE_HZ = 16_000
WAV_HEADER_BYTES = 44
ROWS_PER_BATCH = 64

_SPAN = pa.struct([("start", pa.int64()), ("end", pa.int64())])
_SOURCE = pa.struct(
    [
        ("path", pa.string()),  # relative to the corpus root, with forward slashes
        ("rate_hz", pa.int32()),  # of the recording, before resampling
        ("offset", pa.int64()),  # first sample of the utterance in the recording
        ("length", pa.int64()),  # samples of the utterance in the recording
        ("sha256", pa.string()),  # of the recording's bytes
    ]
)
_MEASUREMENTS = pa.struct(
    [
        ("silence_removed_samples", pa.int64()),  # at 16 kHz
        ("noise_floor_db", pa.float32()),  # dBFS, before denoising
        ("speech_level_db", pa.float32()),  # dBFS, before denoising
        ("peak", pa.float32()),  # largest magnitude before denoising, full scale 1
    ]
)

_FIELDS = [
    ("id", pa.string()),
    ("speaker", pa.string()),  # null where the corpus names none
    ("audio", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
    ("num_samples", pa.int64()),  # at 16 kHz, of `audio`
    ("text", pa.string()),  # cleaned spelling
    ("spoken", pa.string()),  # cleaned text of what was said: the labels come from it
    ("pronunciation", pa.string()),  # Hangul as pronounced
    ("ipa", pa.string()),  # symbols joined by a space
    ("labels", pa.list_(pa.uint8())),
    ("romanized", pa.string()),
    ("source", _SOURCE),
    ("kept", pa.list_(_SPAN)),  # spans of the utterance kept, in samples of the recording
    ("split", pa.string()),
    ("measurements", _MEASUREMENTS),
]


def shard_schema(metadata: dict[str, str]) -> pa.Schema:
    """The schema of a shard, with `metadata` beside the Hugging Face features."""
    return pa.schema(
        _FIELDS,
        metadata={"huggingface": json.dumps({"info": {"features": huggingface_features()}}), **metadata},
    )


def huggingface_features() -> dict[str, Any]:
    """The shard's columns as Hugging Face `datasets` describes them."""
    features = {name: _feature(kind) for name, kind in _FIELDS}
    features["audio"] = {"sampling_rate": SAMPLE_RATE_HZ, "_type": "Audio"}
    return features


def _feature(kind: pa.DataType) -> Any:
    if pa.types.is_struct(kind):
        return {field.name: _feature(field.type) for field in kind}
    if pa.types.is_list(kind):
        return {"feature": _feature(kind.value_type), "_type": "List"}
    names = {"double": "float64", "float": "float32"}
    return {"dtype": names.get(str(kind), str(kind)), "_type": "Value"}
