"""Real recordings for the audio benches."""

from pathlib import Path

from pipeline.audio.recordings import Recordings
from pipeline.record import AudioSource, Recording, Waveform

SHARED = Path(__file__).resolve().parents[3] / "shared" / "corpora"
SUFFIXES = {".flac", ".wav", ".pcm", ".mp3", ".ogg"}


def list_recordings(folder: Path, *, limit: int | None = None) -> list[Path]:
    """The recordings below a folder in order; `limit` of them, evenly spread."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise SystemExit(f"no recordings below {folder}; name a corpus folder")
    if limit is None or limit >= len(paths):
        return paths
    return [paths[index * len(paths) // limit] for index in range(limit)]


def read_waves(paths: list[Path], *, shortest_s: float = 0.5) -> list[Waveform]:
    """Their samples at 16 kHz; those that are faulty, short or of another rate are left out."""
    with Recordings() as recordings:
        read = [recordings.read(AudioSource(path)) for path in paths]
    return [
        item.wave
        for item in read
        if isinstance(item, Recording)
        and item.source.rate_hz == 16_000
        and item.source.length >= shortest_s * 16_000
    ]
