"""The evaluation as one self-contained HTML page: no scripts, no network."""

import base64
import hashlib
import html
from collections.abc import Iterable, Sequence
from typing import Any, Final

from pipeline.contract.text import printable
from train.evaluation.confusions import Confusions, commonest, confusions_svg
from train.evaluation.metrics import align, worst

WORST: Final = 20
COMMONEST: Final = 20
STYLE: Final = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem;overflow-wrap:anywhere}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .6rem;text-align:right;border-bottom:1px solid #8884;white-space:nowrap}
th:first-child,td:first-child{text-align:left}
.scroll{overflow-x:auto}
.big{font-size:2rem;margin:0}
.dim{opacity:.7}
.pair{display:inline-block;text-align:center;min-width:1.4em;border-radius:3px;margin:1px}
.pair b,.pair i{display:block;font:inherit;padding:0 2px}
.wrong{background:#ef444433}.gone{background:#f59e0b33}.extra{background:#8b5cf633}
"""
TableLine = Sequence[object]


def evaluation_page(summary: dict[str, Any], rows: Sequence[dict[str, Any]], confusions: Confusions) -> str:
    """The HTML of an evaluation; every text from the corpus is escaped."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'"
    body = "\n".join(
        [
            _overview(summary),
            *_groups(summary),
            "<h2>Commonest errors</h2>",
            _table(["reference", "recognised", "count"], commonest(confusions, COMMONEST)),
            "<h2>Confusions</h2>",
            "<p class=dim>Reference down, recognised across; - marks insertions and deletions.</p>",
            f"<div class=scroll>{confusions_svg(confusions)}</div>",
            f"<h2>The worst utterances (at most {WORST})</h2>",
            *map(_utterance, worst(rows, WORST)),
        ]
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Evaluation: PER {_percent(summary['per'])}</title><style>{STYLE}</style></head>\n"
        f"<body>\n{body}\n</body></html>\n"
    )


def _overview(summary: dict[str, Any]) -> str:
    ranges = "; ".join(
        f"{_percent(low)} to {_percent(high)} {name.replace('_', ' ')}"
        for name, (low, high) in summary["per_95"].items()
    )
    names = ("utterances", "unreadable", "reference_phones", "substitutions", "deletions", "insertions")
    facts = [(name.replace("_", " "), summary[name]) for name in names]
    facts += [(f"CER of {summary['cer_is_of']}", _percent(summary["cer"])), ("decoder", summary["decoder"])]
    facts += [(f"weight: {name}", weight) for name, weight in summary.get("weights", {}).items()]
    of = f"{', '.join(summary['manifests'])}; {summary['checkpoint']}"
    return (
        f"<h1>Phone error rate on {_text(summary['split'])}</h1><p class=big>{_percent(summary['per'])}</p>"
        f"<p class=dim>95 % of resamplings: {_text(ranges)}</p>"
        f"<p class=dim>{_text(of)}</p>{_table(['', ''], facts)}"
    )


def _groups(summary: dict[str, Any]) -> Iterable[str]:
    titles = {"by_seconds": "By length, s", "by_snr_db": "By SNR, dB", "by_speaker": "By speaker"}
    columns = ("utterances", "reference_phones", "substitutions", "deletions", "insertions")
    for key, title in titles.items():
        if summary[key]:
            lines = [
                (name, _percent(group["per"]), _percent(group["cer"]), *(group[column] for column in columns))
                for name, group in summary[key].items()
            ]
            head = ["", "PER", "CER", *(name.replace("_", " ") for name in columns)]
            yield f"<h2>{title}</h2>{_table(head, lines)}"


def _utterance(row: dict[str, Any]) -> str:
    pairs = align(row["reference"].split(), row["hypothesis"].split())
    said = f"<p class=dim>{_text(row['spoken'])}<br>{_text(row['hangul'])}</p>"
    which = f"<span class=dim>{_text(str(row['id']))}, {row['seconds']} s</span>"
    return (
        f"<p><b>{_percent(row['per'])}</b> {which}</p>{said}<p>{''.join(_pair(*pair) for pair in pairs)}</p>"
    )


def _pair(meant: str | None, said: str | None) -> str:
    kind = "wrong" if meant != said else ""
    kind = "extra" if meant is None else "gone" if said is None else kind
    return f"<span class='pair {kind}'><b>{_text(meant or '·')}</b><i>{_text(said or '·')}</i></span>"


def _table(head: Sequence[str], lines: Iterable[TableLine]) -> str:
    titles = "".join(f"<th>{_text(title)}</th>" for title in head)
    rows = ("".join(f"<td>{_text(str(cell))}</td>" for cell in line) for line in lines)
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<div class=scroll><table><tr>{titles}</tr>{body}</table></div>"


def _percent(rate: float | None) -> str:
    return "–" if rate is None else f"{100 * rate:.2f} %"


def _text(text: str) -> str:
    """Somebody else's text as HTML; its control characters, which could reorder the page, are escaped too."""
    return html.escape(printable(text))
