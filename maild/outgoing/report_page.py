"""The page of a report: one HTML file that needs nothing else. Its charts are SVG, and nothing in it is a program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from html import escape

from maild.threads.report import Line, Report, Speed
from maild.threads.report_words import (
    labels,
    length_text,
    period_text,
    scope_text,
    share_text,
    speed_text,
    trial_text,
)

_WIDTH, _HEIGHT, _FOOT = 720, 150, 18
_MOST_BARS = 62
_CAME, _WENT, _HOUR = "#3b6ea8", "#7fb069", "#8c8fb8"
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; background: #f6f7f9; margin: 0 }
main { max-width: 780px; margin: 0 auto; padding: 24px 16px 48px }
h1 { font-size: 24px; margin: 0 } h2 { font-size: 16px; margin: 0 0 8px }
p { margin: 0; color: #555 } section { background: #fff; border-radius: 8px; padding: 16px; margin-top: 16px }
.figures { display: grid; grid-template-columns: repeat(3, 1fr); gap: 12px; margin-top: 16px }
.figures div { background: #fff; border-radius: 8px; padding: 12px 16px }
.figures b { display: block; font-size: 26px; line-height: 1.2 } .figures span { color: #555; font-size: 13px }
table { border-collapse: collapse; width: 100% }
th, td { text-align: right; padding: 4px 8px; border-top: 1px solid #eee }
th { font-weight: normal; color: #555; border-top: 0; font-size: 13px }
th:first-child, td:first-child { text-align: left }
svg { display: block; width: 100%; height: auto; overflow: visible; margin: 4px 0 8px }
svg text { font: 11px system-ui, sans-serif; fill: #555 }
.key { font-size: 13px; color: #555 } .key i { display: inline-block; width: 10px; height: 10px; margin: 0 4px 0 12px }
@media print { body { background: #fff } section, .figures div { padding: 8px 0 } }
"""


def report_page(report: Report, desk: str, language: str, timezone: str, names: Mapping[str, str]) -> str:
    """The whole page, in the desk's language. `names`: agents' names by their ids."""
    words = labels(language)
    title = f"{words['title']}: {desk}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(period_text(report, language, timezone))}, {escape(scope_text(report, language))}</p>",
        _figures(report, words),
        _speeds(report, words, language),
        _section(words["days"], _days_chart(report, words)),
        _section(words["hours"], _hours_chart(report)),
        _section(words["ages"], _ages_chart(report, words)),
        _lines_table(words["queues"], report.queues, words, language, {}),
        _lines_table(words["agents"], report.agents, words, language, names),
        _customers(report, words),
        _trials(report, words, language),
        f'<p style="margin-top:16px;font-size:13px">{escape(words["counted"])}</p>',
    ]
    body = "\n".join(part for part in parts if part)
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _section(heading: str, inside: str) -> str:
    return f"<section>\n<h2>{escape(heading)}</h2>\n{inside}\n</section>" if inside else ""


def _figures(report: Report, words: Mapping[str, str]) -> str:
    names = ("opened", "solved", "reopened", "answered", "breached", "backlog")
    cells = (f"<div><b>{getattr(report, name)}</b><span>{escape(words[name])}</span></div>" for name in names)
    return f'<div class="figures">{"".join(cells)}</div>'


def _speeds(report: Report, words: Mapping[str, str], language: str) -> str:
    """How fast, with a bar that shows the part that was in time."""
    rows = []
    for name, speed in (("first_response", report.first_response), ("resolution", report.resolution)):
        share = speed.share or 0.0
        bar = _svg(10, [_bar(0, 0, _WIDTH, 10, "#e4e6eb"), _bar(0, 0, round(_WIDTH * share, 1), 10, _WENT)])
        rows.append(f"<p><b>{escape(words[name])}</b>: {escape(speed_text(speed, language))}</p>{bar}")
    return f"<section>{''.join(rows)}</section>"


def _svg(height: float, parts: Iterable[str]) -> str:
    return f'<svg viewBox="0 0 {_WIDTH} {height}" role="img">{"".join(parts)}</svg>'


def _bar(x: float, y: float, width: float, height: float, colour: str, told: str = "") -> str:
    title = f"<title>{escape(told)}</title>" if told else ""
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{colour}">{title}</rect>'


def _label(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(text)}</text>'


def _columns(groups: Sequence[tuple[str, Sequence[int]]], colours: Sequence[str], told: Sequence[str]) -> str:
    """Upright bars, side by side in groups; every label that has room."""
    most = max((value for _, values in groups for value in values), default=0)
    if not most:
        return ""
    step = _WIDTH / len(groups)
    thick = max(step * 0.8 / len(colours), 1)
    every = max(1, round(len(groups) * 44 / _WIDTH + 0.49))
    parts = []
    for place, (label, values) in enumerate(groups):
        left = place * step + step * 0.1
        for which, value in enumerate(values):
            height = round((_HEIGHT - 14) * value / most, 1)
            name = f"{label}: {value}" + (f" ({told[which]})" if told else "")
            x = round(left + which * thick, 1)
            parts.append(_bar(x, round(_HEIGHT - height, 1), round(thick, 1), height, colours[which], name))
        if place % every == 0:
            parts.append(_label(round(place * step + step / 2, 1), _HEIGHT + _FOOT - 4, label))
    parts.append(_label(0, 10, str(most), "start"))
    return _svg(_HEIGHT + _FOOT, parts)


def _days_chart(report: Report, words: Mapping[str, str]) -> str:
    groups = [(f"{day:%d.%m}", (came, went)) for day, came, went in _thinned(report.days)]
    chart = _columns(groups, (_CAME, _WENT), (words["opened"], words["solved"]))
    key = "".join(
        f'<i style="background:{colour}"></i>{escape(words[name])}'
        for colour, name in ((_CAME, "opened"), (_WENT, "solved"))
    )
    return f'{chart}\n<p class="key">{key}</p>' if chart else ""


def _thinned(days: Sequence[tuple[date, int, int]]) -> Sequence[tuple[date, int, int]]:
    """The days themselves, or, where there are very many, as many of them together as a bar needs."""
    together = -(-len(days) // _MOST_BARS)
    if together <= 1:
        return days
    runs = (days[i : i + together] for i in range(0, len(days), together))
    return [(run[0][0], sum(d[1] for d in run), sum(d[2] for d in run)) for run in runs]


def _hours_chart(report: Report) -> str:
    return _columns([(str(hour), (count,)) for hour, count in enumerate(report.hours)], (_HOUR,), ())


def _ages_chart(report: Report, words: Mapping[str, str]) -> str:
    """Lying bars, one an age."""
    most = max(count for _, count in report.ages)
    if not most:
        return ""
    parts = []
    for place, (name, count) in enumerate(report.ages):
        y = place * 24
        width = round((_WIDTH - 220) * count / most, 1)
        parts += [_label(0, y + 14, words[name], "start"), _bar(160, y + 3, width, 16, _CAME)]
        parts.append(_label(166 + width, y + 15, str(count), "start"))
    return _svg(24 * len(report.ages), parts)


def _lines_table(
    heading: str, lines: Sequence[Line], words: Mapping[str, str], language: str, names: Mapping[str, str]
) -> str:
    columns = ("opened", "solved", "answered", "breached", "backlog")
    head = "".join(f"<th>{escape(words[name])}</th>" for name in (*columns, "in_time", "half"))
    rows = "".join(
        f"<tr><td>{escape(names.get(line.name, line.name))}</td>"
        + "".join(f"<td>{getattr(line, name)}</td>" for name in columns)
        + f"<td>{share_text(line.first_response, language)}</td><td>{_median(line.first_response, language)}</td></tr>"
        for line in lines
    )
    return _section(heading, f"<table><tr><th></th>{head}</tr>{rows}</table>" if rows else "")


def _median(speed: Speed, language: str) -> str:
    return length_text(speed.median, language) if isinstance(speed.median, timedelta) else ""


def _trials(report: Report, words: Mapping[str, str], language: str) -> str:
    rows = "".join(
        f"<tr><td>{escape(trial.rule)}</td><td>{escape(trial_text(trial, language))}</td></tr>"
        for trial in report.trials
    )
    return _section(words["trials"], f"<table>{rows}</table>" if rows else "")


def _customers(report: Report, words: Mapping[str, str]) -> str:
    rows = "".join(f"<tr><td>{escape(name)}</td><td>{count}</td></tr>" for name, count in report.customers)
    return _section(words["customers"], f"<table>{rows}</table>" if rows else "")
