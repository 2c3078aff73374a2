"""The verdict as one page: promises, figures and plots, in a single file without anything from a network. PURE. It is
read on a telephone as on a screen, in light and dark.
"""

from collections.abc import Iterator
from html import escape
from itertools import pairwise

from alarmd.rehearsal.storm.plots import STYLE, Line, Plot, cumulative, svg
from alarmd.rehearsal.storm.promises import Promise
from alarmd.rehearsal.storm.rows import counts, node_rows, waits
from alarmd.rehearsal.storm.samples import MIB
from alarmd.rehearsal.storm.verdict import Timeline, Verdict

SHORTEST = 0.5
"""Seconds between two samples; the ticks in which a system counts CPU are too coarse for less."""
PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>alarmd storm: {verdict}</title>
<style>{style}</style>
</head>
<body>
<header><p class="verdict {held}">{verdict}</p><h1>{title}</h1></header>
<main>
<section><h2>Promises</h2><ul class="promises">{promises}</ul></section>
<section><h2>Figures</h2><div class="tables">{tables}</div></section>
<section><h2>As it went</h2>
<p>Dashed: a node is killed. Shaded: providers are slow, or fail.</p>
<div class="plots">{plots}</div></section>
</main>
<footer><p>To have it again:</p><pre>{again}</pre></footer>
</body>
</html>
"""
LOOKS = """\
:root{--paper:#fff;--card:#f7f8fa;--ink:#1d2433;--dim:#667085;--rule:#e4e7ec;--good:#15703c;--bad:#b42318}
@media (prefers-color-scheme:dark){:root{--paper:#12161f;--card:#1b212c;--ink:#e6e9ef;--dim:#98a2b3;--rule:#344054;\
--good:#5fd38d;--bad:#ff8a7a}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:76rem;padding:1rem;background:var(--paper);color:var(--ink);\
font:16px/1.45 system-ui,sans-serif}
h1{font-size:1.1rem;font-weight:500;margin:.2rem 0 1rem}h2{font-size:1rem;margin:1.6rem 0 .6rem}
.verdict{font-size:1.9rem;font-weight:700;margin:0}
p{margin:.2rem 0 .8rem;color:var(--dim)}.verdict.held{color:var(--good)}.verdict.broken{color:var(--bad)}
pre{overflow-x:auto;padding:.7rem;background:var(--card);border-radius:.5rem;font-size:.82rem}footer{margin-top:1.6rem}
.promises{list-style:none;margin:0;padding:0;display:grid;column-gap:1.5rem;\
grid-template-columns:repeat(auto-fit,minmax(min(100%,21rem),1fr))}
.promises li{padding:.35rem 0 .35rem 1.7rem;border-bottom:1px solid var(--rule);position:relative}
.promises li::before{position:absolute;left:.1rem;font-weight:700}
.promises .yes::before{content:"\\2713";color:var(--good)}.promises .no::before{content:"\\2717";color:var(--bad)}
.promises .unseen{color:var(--dim)}.promises .unseen::before{content:"\\2013"}
.promises small{display:block;color:var(--dim);overflow-wrap:anywhere}.promises .no small{color:var(--bad)}
.tables,.plots{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,21rem),1fr))}
.tables>div{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:.92rem}
th,td{padding:.3rem .5rem .3rem 0;border-bottom:1px solid var(--rule);text-align:right;font-weight:400}
th:first-child,td:first-child{text-align:left}thead th{color:var(--dim);font-size:.82rem}
figure{margin:0;padding:.7rem;background:var(--card);border-radius:.5rem}
figcaption{font-weight:600;font-size:.92rem;margin-bottom:.3rem}svg{display:block;width:100%;height:auto}
"""


def page(verdict: Verdict, title: str, again: str) -> str:
    """The whole file. `again`: the command line by which this storm can be had once more."""
    return PAGE.format(
        title=escape(title),
        again=escape(again),
        verdict="every promise held" if verdict.held else "a promise was broken",
        held="held" if verdict.held else "broken",
        style=LOOKS + STYLE,
        promises="".join(_promise(promise) for promise in verdict.promises),
        tables="".join(_tables(verdict)),
        plots="".join(f"<figure><figcaption>{escape(p.title)}</figcaption>{svg(p)}</figure>" for p in plots(verdict)),
    )


def plots(verdict: Verdict) -> tuple[Plot, ...]:
    """Whatever there is to be drawn."""
    timeline = verdict.timeline
    found = (_pace(timeline), _waits(timeline), _spread(timeline), _memory(timeline), _cpu(timeline))
    return tuple(plot for plot in found if not plot.empty)


def _pace(timeline: Timeline) -> Plot:
    wide = timeline.buckets[1].at if len(timeline.buckets) > 1 else 1.0
    return _over_time(
        "Presses a second",
        "a second",
        timeline,
        Line("pressed", [(b.at, b.pressed / wide) for b in timeline.buckets]),
        Line("accepted", [(b.at, b.accepted / wide) for b in timeline.buckets]),
    )


def _waits(timeline: Timeline) -> Plot:
    return _over_time(
        "From the press to the console",
        "ms",
        timeline,
        *(
            Line(name, [(b.at, value) for b in timeline.buckets if (value := getattr(b.to_console, name)) is not None])
            for name in ("p50", "p99", "max")
        ),
        log=True,
    )


def _spread(timeline: Timeline) -> Plot:
    """Every wait: which share was no longer than that."""
    lines = [Line(name, cumulative(waits)) for name, waits in timeline.waits.items() if waits]
    return Plot("How long everything took", "ms", "percent", lines, log_x=True)


def _memory(timeline: Timeline) -> Plot:
    lines = [Line(n, [(s.at, s.memory / MIB) for s in timeline.samples if s.node == n]) for n in _nodes(timeline)]
    return _over_time("Memory of each node", "MiB", timeline, *lines)


def _cpu(timeline: Timeline) -> Plot:
    lines = []
    for node in _nodes(timeline):
        samples = [s for s in timeline.samples if s.node == node]
        pairs = [(a, b) for a, b in pairwise(samples) if b.at - a.at >= SHORTEST]
        lines.append(Line(node, [(b.at, max(0.0, 100 * (b.cpu - a.cpu) / (b.at - a.at))) for a, b in pairs]))
    return _over_time("CPU of each node, in percent of a core", "percent", timeline, *lines)


def _over_time(title: str, y: str, timeline: Timeline, *lines: Line, log: bool = False) -> Plot:
    marks = [at for at, _ in timeline.kills]
    bands = [(trouble.start, trouble.end) for trouble in timeline.troubles]
    return Plot(title, "seconds", y, lines, log_y=log, marks=marks, bands=bands)


def _nodes(timeline: Timeline) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sample.node for sample in timeline.samples))


def _promise(promise: Promise) -> str:
    how = {True: "yes", False: "no", None: "unseen"}[promise.held]
    broken = f"{promise.times} times: {'; '.join(promise.examples)}" if promise.times else promise.unseen
    small = f"<small>{escape(broken)}</small>" if broken else ""
    return f'<li class="{how}">{escape(promise.name)}{small}</li>'


def _tables(verdict: Verdict) -> Iterator[str]:
    yield _table((), counts(verdict))
    yield _table(("ms", "p50", "p95", "p99", "max"), waits(verdict))
    if verdict.nodes:
        yield _table(("node", "peak MiB", "CPU s", "of a core", "kills", "back, s"), node_rows(verdict))


def _table(heads: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{escape(word)}</th>" for word in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<div><table>{f'<thead><tr>{head}</tr></thead>' if heads else ''}<tbody>{body}</tbody></table></div>"
