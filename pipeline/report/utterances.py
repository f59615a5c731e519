"""Utterances to be read and heard: the longest, the shortest, the most suspicious, and a sample."""

import base64
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.record import Waveform
from pipeline.report.charts import draw_waveform
from pipeline.report.figures import RowFigures
from pipeline.report.labels_ko import format_duration, format_number, split_label
from pipeline.report.listening import HeardUtterance, RawCorpora, flac_uri
from pipeline.report.markup import Child, Markup, facts, join, section, tag, value
from pipeline.report.spectrogram import Spectrogram, draw_spectrogram, measure_spectrogram
from pipeline.report.suspicion import Suspicion

LISTED = 6
"""How many utterances each list of the extreme and the suspicious shows."""

LISTED_S = 10.0
"""Seconds of audio that the page holds of each listed utterance: about 200 kB."""

SAMPLED_S = 20.0
"""Seconds of audio that the page holds of each sampled utterance, before and after processing."""

MAX_IPA = 2_000  # characters: three for each of 600 phones

BADGES: dict[str, Callable[[float], str]] = {
    "duration_s": format_duration,
    "phones_per_second": lambda rate: f"초당 {rate:.1f}개",
    "peak": lambda peak: f"진폭 {peak:.3f}",
    "speech_level_db": lambda level: f"{format_number(level)} dBFS",
}

NO_RAW = (
    "처리 전 소리는 원본 말뭉치에만 있습니다. `malsori report … --raw 폴더`로 원본을 알려 주면"
    " 처리 전과 뒤를 나란히 보여 줍니다."
)

ReadUtterance = Callable[[int], HeardUtterance]
"""Reads the row at a position of `RowFigures`, with the first `LISTED_S` seconds of its audio."""


def show_extremes(figures: RowFigures, read: ReadUtterance) -> Markup:
    """The longest and the shortest utterances."""
    order = np.argsort(figures.by_name["duration_s"], kind="stable")
    return section(
        "extremes",
        "가장 긴 발화와 짧은 발화",
        tag(
            "div",
            _list("가장 긴 발화", order[::-1][:LISTED].tolist(), "duration_s", figures, read),
            _list("가장 짧은 발화", order[:LISTED].tolist(), "duration_s", figures, read),
            class_="pair",
        ),
        note=f"소리는 처음 {LISTED_S:g}초까지 들을 수 있습니다.",
    )


def show_suspicions(suspicions: list[Suspicion], figures: RowFigures, read: ReadUtterance) -> Markup:
    """The worst utterances of each suspicion."""
    blocks = [
        _list(
            f"{suspicion.title} {suspicion.rows.size:,}개",
            suspicion.rows[:LISTED].tolist(),
            suspicion.figure,
            figures,
            read,
            note=suspicion.explanation,
        )
        for suspicion in suspicions
    ]
    return section(
        "suspicious",
        "의심스러운 발화",
        tag("div", *blocks, class_="pair"),
        note=f"종류마다 가장 심한 것부터 {LISTED}개까지 보입니다. 소리는 처리한 뒤의 것입니다.",
    )


def _list(
    title: str, rows: list[int], figure: str, figures: RowFigures, read: ReadUtterance, *, note: str = ""
) -> Markup:
    items = [_list_item(read(row), BADGES[figure](float(figures.by_name[figure][row]))) for row in rows]
    content = tag("ol", *items, class_="utterances") if items else tag("p", "없습니다.", class_="meta")
    lead = [tag("p", note, class_="meta")] if note else []
    return tag("div", tag("h3", title), *lead, content)


def _list_item(utterance: HeardUtterance, badge: str) -> Markup:
    return tag(
        "li",
        tag("p", tag("b", badge, class_="badge"), " ", value(utterance.row["text"])),
        _player(utterance.wave, f"처리 뒤: {utterance.row['id']}"),
        tag("p", _identify(utterance), class_="meta"),
    )


def show_samples(
    utterances: Iterable[HeardUtterance], figures: RowFigures, raw: RawCorpora, *, seed: int
) -> Markup:
    """Each sampled utterance with its text, pronunciation and IPA, and its sound before and after.

    Args:
        utterances: With the first `SAMPLED_S` seconds of their audio.
        seed: The seed that decided the sample, told to the reader.
    """
    articles = [_show_sample(utterance, figures, raw) for utterance in utterances]
    note = (
        f"씨앗 {seed}으로 뽑은 발화 {len(articles)}개입니다. 파형의 높이와 스펙트로그램의 밝기(70 dB)는"
        " 처리 전과 뒤가 같은 눈금이고, 가로 길이도 같은 시간입니다. 스펙트로그램의 세로축은 0~8 kHz입니다."
        " 처리 전 파형에서 색칠한 부분은 잘라 낸 침묵입니다."
    )
    hint = [] if raw else [tag("p", NO_RAW, class_="note")]
    return section("samples", "표본 듣기", *hint, *articles, note=note)


def _show_sample(utterance: HeardUtterance, figures: RowFigures, raw: RawCorpora) -> Markup:
    before = raw.read(utterance.row, longest_s=SAMPLED_S) if raw else None
    return tag(
        "article",
        tag("h3", value(utterance.row["text"])),
        tag("p", _identify(utterance), " · ", *_measured(utterance, figures), class_="meta"),
        facts(_forms(utterance.row), class_="forms"),
        _sounds(utterance, before),
        class_="sample",
    )


def _measured(utterance: HeardUtterance, figures: RowFigures) -> list[Child]:
    own = {name: float(values[utterance.position]) for name, values in figures.by_name.items()}
    removed = own["silence_removed_s"]
    speech, noise = (format_number(own[name], digits=0) for name in ("speech_level_db", "noise_floor_db"))
    levels = f"초당 음소 {own['phones_per_second']:.1f}개 · 말소리 {speech} dBFS · 소음 {noise} dBFS"
    return [levels, f" · 침묵 {removed:.1f}초 줄임" if removed else ""]


def _forms(row: Mapping[str, Any]) -> Iterable[tuple[Child, Child]]:
    if row["spoken"] != row["text"]:
        yield "말한 대로", value(row["spoken"])
    yield "발음", value(row["pronunciation"])
    yield "IPA", value(row["ipa"], class_="ipa", longest=MAX_IPA)


def _sounds(utterance: HeardUtterance, before: Waveform | str | None) -> Markup:
    """Pictures and players of the sound before (if there is any) and after, to the same scales."""
    after = utterance.wave
    waves = [after] if before is None or isinstance(before, str) else [before, after]
    longest, loudest = max(map(len, waves)), max(float(np.abs(wave).max()) for wave in waves)
    spectrograms = [measure_spectrogram(wave) for wave in waves]
    brightest = max(float(spectrogram.max()) for spectrogram in spectrograms)
    cuts = [removed_spans(utterance.row), []][-len(waves) :]
    names = ["처리 전", "처리 뒤"][-len(waves) :]
    figures = []
    for name, wave, spectrogram, removed in zip(names, waves, spectrograms, cuts, strict=True):
        width = 100 * len(wave) / longest
        figures.append(
            tag(
                "figure",
                tag("figcaption", _caption(name, wave)),
                draw_waveform(wave, loudest=loudest, removed=removed, width_percent=width),
                _spectrogram_image(spectrogram, brightest=brightest, width_percent=width),
                _player(wave, f"{name}: {utterance.row['id']}"),
            )
        )
    missing = [tag("p", before, class_="meta")] if isinstance(before, str) else []
    return join([*missing, tag("div", *figures, class_="pair")])


def removed_spans(row: Mapping[str, Any]) -> list[tuple[float, float]]:
    """The silence cut out of the shown part of a recording: spans as fractions of it, from 0 to 1."""
    source = row["source"]
    shown = min(source["length"], round(SAMPLED_S * source["rate_hz"]))
    kept = [(span["start"] - source["offset"], span["end"] - source["offset"]) for span in row["kept"]]
    edges = np.clip([0, *(edge for span in kept for edge in span), shown], 0, shown) / shown
    gaps = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [(start, end) for start, end in gaps if end > start]


def _caption(name: str, wave: Waveform) -> Markup:
    cut = " (처음 부분만)" if len(wave) >= round(SAMPLED_S * SAMPLE_RATE_HZ) else ""
    return join([tag("b", name), f" {format_duration(len(wave) / SAMPLE_RATE_HZ)}{cut}"])


def _spectrogram_image(spectrogram: Spectrogram, *, brightest: float, width_percent: float) -> Markup:
    png = base64.b64encode(draw_spectrogram(spectrogram, loudest=brightest)).decode()
    return tag(
        "img", src=f"data:image/png;base64,{png}", alt="스펙트로그램", width=f"{width_percent:.1f}%",
        class_="spectrogram",
    )  # fmt: skip


def _player(wave: Waveform, label: str) -> Markup:
    """A player that neither plays nor loads until it is asked to."""
    return tag("audio", controls="", preload="none", src=flac_uri(wave), aria_label=label)


def _identify(utterance: HeardUtterance) -> Markup:
    """Its id, its split and its whole length."""
    length = format_duration(utterance.row["num_samples"] / SAMPLE_RATE_HZ)
    parts = [value(utterance.row["id"], class_="id"), value(split_label(utterance.split)), length]
    return join(parts, " · ")
