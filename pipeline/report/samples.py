"""Sampled utterances before and after processing, to be seen, read and heard."""

import base64
from collections.abc import Iterable

import numpy as np

from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.record import Waveform
from pipeline.report.charts import draw_waveform
from pipeline.report.figures import Survey
from pipeline.report.labels_ko import duration, number
from pipeline.report.listening import RawCorpora, Row, Utterance, flac_uri
from pipeline.report.markup import Child, Markup, facts, join, section, tag, value
from pipeline.report.spectrogram import Powers, draw_spectrogram, power_columns
from pipeline.report.utterances import audio, describe

HEARD_S = 20.0
"""Seconds of each that the page holds, before and after."""

MAX_IPA = 2_000  # characters: three for each of 600 phones

NO_RAW = (
    "처리 전 소리는 원본 말뭉치에만 있습니다. `malsori report … --raw 폴더`로 원본을 알려 주면"
    " 처리 전과 뒤를 나란히 보여 줍니다."
)


def show_samples(utterances: Iterable[Utterance], survey: Survey, raw: RawCorpora, *, seed: int) -> Markup:
    """Each sampled utterance with its text, pronunciation, IPA and sound."""
    articles = [_show(utterance, survey, raw) for utterance in utterances]
    note = (
        f"씨앗 {seed}으로 뽑은 발화 {len(articles)}개입니다. 파형의 높이와 스펙트로그램의 밝기(70 dB)는"
        " 처리 전과 뒤가 같은 눈금이고, 가로 길이도 같은 시간입니다. 스펙트로그램의 세로축은 0~8 kHz입니다."
        " 처리 전 파형에서 색칠한 부분은 잘라 낸 침묵입니다."
    )
    hint = [] if raw else [tag("p", NO_RAW, class_="note")]
    return section("samples", "표본 듣기", *hint, *articles, note=note)


def _show(utterance: Utterance, survey: Survey, raw: RawCorpora) -> Markup:
    row = utterance.row
    before = raw.read(row, longest_s=HEARD_S) if raw else None
    return tag(
        "article",
        tag("h3", value(row["text"])),
        tag("p", describe(utterance), " · ", *_measured(utterance, survey), class_="meta"),
        facts(_forms(row), class_="forms"),
        _sounds(utterance, before),
        class_="sample",
    )


def _measured(utterance: Utterance, survey: Survey) -> list[Child]:
    figures = {name: float(values[utterance.position]) for name, values in survey.figures.items()}
    removed = figures["silence_removed_s"]
    speech, noise = (number(figures[name], digits=0) for name in ("speech_level_db", "noise_floor_db"))
    levels = f"초당 음소 {figures['phones_per_second']:.1f}개 · 말소리 {speech} dBFS · 소음 {noise} dBFS"
    return [levels, f" · 침묵 {removed:.1f}초 줄임" if removed else ""]


def _forms(row: Row) -> Iterable[tuple[Child, Child]]:
    if row["spoken"] != row["text"]:
        yield "말한 대로", value(row["spoken"])
    yield "발음", value(row["pronunciation"])
    yield "IPA", value(row["ipa"], class_="ipa", longest=MAX_IPA)


def _sounds(utterance: Utterance, before: Waveform | str | None) -> Markup:
    after = utterance.wave
    waves = [after] if before is None or isinstance(before, str) else [before, after]
    longest, loudest = max(map(len, waves)), max(float(np.abs(wave).max()) for wave in waves)
    powers = [power_columns(wave) for wave in waves]
    brightest = max(float(power.max()) for power in powers)
    cuts = [removed_spans(utterance.row), []][-len(waves) :]
    pictures = [
        _picture(wave, power, loudest=loudest, brightest=brightest, longest=longest, removed=removed)
        for wave, power, removed in zip(waves, powers, cuts, strict=True)
    ]
    names = ["처리 전", "처리 뒤"][-len(waves) :]
    figures = [
        tag(
            "figure",
            tag("figcaption", _caption(name, wave)),
            picture,
            _player(name, wave, utterance),
        )
        for name, wave, picture in zip(names, waves, pictures, strict=True)
    ]
    missing = [tag("p", before, class_="meta")] if isinstance(before, str) else []
    return join([*missing, tag("div", *figures, class_="pair")])


def removed_spans(row: Row) -> list[tuple[float, float]]:
    """What was cut out of the part of a recording that is shown, as parts of it from 0 to 1."""
    source = row["source"]
    shown = min(source["length"], round(HEARD_S * source["rate_hz"]))
    kept = [(span["start"] - source["offset"], span["end"] - source["offset"]) for span in row["kept"]]
    edges = np.clip([0, *(edge for span in kept for edge in span), shown], 0, shown) / shown
    gaps = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [(start, end) for start, end in gaps if end > start]


def _caption(name: str, wave: Waveform) -> Markup:
    cut = " (처음 부분만)" if len(wave) >= round(HEARD_S * SAMPLE_RATE_HZ) else ""
    return join([tag("b", name), f" {duration(len(wave) / SAMPLE_RATE_HZ)}{cut}"])


def _player(name: str, wave: Waveform, utterance: Utterance) -> Markup:
    return audio(flac_uri(wave), label=f"{name}: {utterance.row['id']}")


def _picture(
    wave: Waveform,
    powers: Powers,
    *,
    loudest: float,
    brightest: float,
    longest: int,
    removed: list[tuple[float, float]],
) -> Markup:
    width = 100 * len(wave) / longest
    png = base64.b64encode(draw_spectrogram(powers, loudest=brightest)).decode()
    return join(
        [
            draw_waveform(wave, loudest=loudest, removed=removed, width_percent=width),
            tag(
                "img", src=f"data:image/png;base64,{png}", alt="스펙트로그램", width=f"{width:.1f}%",
                class_="spectrogram",
            ),
        ]
    )  # fmt: skip
