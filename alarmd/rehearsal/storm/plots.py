"""Plots as SVG, without a library: lines over a number or over time, in a page or in a file of their own. PURE. They
are drawn for the width of a telephone and grow with the page; colours follow the reader's light or dark.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

WIDTH, HEIGHT = 400, 230
LEFT, RIGHT, TOP, BOTTOM = 46, 16, 8, 34
ROW, SWATCH, LETTER = 15, 28, 6.1
"""Of the legend: the height of a row, what stands before a name, and about the width of a letter."""
TICKS = 5

STYLE = """\
.plot{--ink:#1d2433;--dim:#667085;--grid:#e4e7ec;--c0:#1d5fd1;--c1:#c2410c;--c2:#0f766e;--c3:#a21caf;--c4:#4d7c0f;\
--c5:#b91c1c;--band:#f59e0b2e;--mark:#dc2626;font:11px system-ui,sans-serif}
@media (prefers-color-scheme:dark){.plot{--ink:#e6e9ef;--dim:#98a2b3;--grid:#344054;--c0:#7aa7ff;--c1:#fb9a5b;\
--c2:#4fd1c5;--c3:#e09cf5;--c4:#b5d76a;--c5:#ff8080;--band:#f59e0b33;--mark:#ff6b6b}}
.plot text{fill:var(--dim)}.plot .grid{stroke:var(--grid);stroke-width:1}
.plot .line{fill:none;stroke-width:1.8;stroke-linejoin:round}.plot .mark{stroke:var(--mark);stroke-dasharray:3 3}
.plot .band{fill:var(--band)}
"""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """One line, with its name in the legend."""

    name: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Plot:
    """`x` and `y` say what the axes are, with their units; `log_x`, `log_y`: by powers of ten. `marks` are moments on
    x, `bands` spans of it."""

    title: str
    x: str
    y: str
    lines: Sequence[Line]
    log_x: bool = False
    log_y: bool = False
    marks: Sequence[float] = ()
    bands: Sequence[tuple[float, float]] = ()

    @property
    def empty(self) -> bool:
        return not any(line.points for line in self.lines)


@dataclass(frozen=True, slots=True)
class Axis:
    """From `low` to `high`, on so many pixels from `start` on; a negative `length` goes upwards."""

    low: float
    high: float
    log: bool
    start: float
    length: float

    def at(self, value: float) -> float:
        """Where a value is, in pixels; beyond the ends at the end."""
        low, high, value = (self._scaled(each) for each in (self.low, self.high, value))
        share = (value - low) / (high - low) if high > low else 0.0
        return round(self.start + self.length * min(1.0, max(0.0, share)), 1)

    @property
    def ticks(self) -> list[float]:
        if self.log:
            return [10.0**power for power in range(floor(log10(self.low)), ceil(log10(self.high)) + 1)]
        step = _step((self.high - self.low) / TICKS)
        return [step * number for number in range(ceil(self.low / step), floor(self.high / step + 1e-9) + 1)]

    def _scaled(self, value: float) -> float:
        return log10(max(value, self.low)) if self.log else value


def svg(plot: Plot) -> str:
    """The plot, for a page whose style has STYLE in it."""
    legend, top = _legend(plot.lines)
    x, y = _axes(plot, top)
    parts = [
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(plot.title)}">',
        *(_band(x, y, band) for band in plot.bands),
        *_grid(plot, x, y),
        *(_mark(x, y, mark) for mark in plot.marks),
        *(_line(number, line, x, y) for number, line in enumerate(plot.lines)),
        *legend,
        "</svg>",
    ]
    return "\n".join(part for part in parts if part)


def standalone(plot: Plot) -> str:
    """The plot as a file of its own, with its title."""
    drawn = svg(plot)
    head, _, rest = drawn.partition("\n")
    head = head.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ')
    head = head.replace(f'viewBox="0 0 {WIDTH} {HEIGHT}"', f'viewBox="0 -22 {WIDTH} {HEIGHT + 22}"')
    title = f'<text x="4" y="-6" style="font-weight:600;fill:var(--ink)">{escape(plot.title)}</text>'
    return f"{head}\n<style>{STYLE}</style>\n{title}\n{rest}\n"


def cumulative(waits: Sequence[float]) -> list[Point]:
    """Of sorted waits: which share of them was no longer than that, in percent."""
    return [(wait, 100 * (number + 1) / len(waits)) for number, wait in enumerate(waits)]


def _axes(plot: Plot, top: float) -> tuple[Axis, Axis]:
    points = [point for line in plot.lines for point in line.points] or [(0.0, 0.0)]
    low_x, high_x = _ends((x for x, _ in points), log=plot.log_x)
    low_y, high_y = _ends((y for _, y in points), log=plot.log_y)
    across = Axis(low_x, high_x, plot.log_x, LEFT, WIDTH - LEFT - RIGHT)
    return across, Axis(low_y, high_y, plot.log_y, HEIGHT - BOTTOM, -(HEIGHT - BOTTOM - top))


def _ends(values: Iterable[float], *, log: bool) -> tuple[float, float]:
    found = list(values)
    if log:
        above = [value for value in found if value > 0] or [1.0]
        return 10.0 ** floor(log10(min(above))), 10.0 ** ceil(log10(max(above) * 1.001))
    low, high = min(0.0, *found), max(found)
    return low, high * 1.05 if high > 0 else low + 1


def _step(rough: float) -> float:
    """1, 2 or 5 times a power of ten, no less than this."""
    power = 10.0 ** floor(log10(rough))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= rough * 0.999)


def _grid(plot: Plot, x: Axis, y: Axis) -> list[str]:
    over, under = y.start + y.length, y.start
    parts = []
    for tick in y.ticks:
        at = y.at(tick)
        parts.append(f'<line class="grid" x1="{LEFT}" y1="{at}" x2="{WIDTH - RIGHT}" y2="{at}"/>')
        parts.append(f'<text x="{LEFT - 5}" y="{at + 4}" text-anchor="end">{_number(tick)}</text>')
    for tick in x.ticks:
        at = x.at(tick)
        parts.append(f'<line class="grid" x1="{at}" y1="{over}" x2="{at}" y2="{under}"/>')
        parts.append(f'<text x="{at}" y="{under + 13}" text-anchor="middle">{_number(tick)}</text>')
    parts.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 6}" text-anchor="end">{escape(plot.x)}</text>')
    parts.append(f'<text x="4" y="{HEIGHT - 6}">{escape(plot.y)}</text>')
    return parts


def _band(x: Axis, y: Axis, band: tuple[float, float]) -> str:
    start, wide = x.at(band[0]), round(x.at(band[1]) - x.at(band[0]), 1)
    return f'<rect class="band" x="{start}" y="{y.start + y.length}" width="{wide}" height="{-y.length}"/>'


def _mark(x: Axis, y: Axis, mark: float) -> str:
    at = x.at(mark)
    return f'<line class="mark" x1="{at}" y1="{y.start + y.length}" x2="{at}" y2="{y.start}"/>'


def _line(number: int, line: Line, x: Axis, y: Axis) -> str:
    if not line.points:
        return ""
    path = " ".join(f"{x.at(a)},{y.at(b)}" for a, b in line.points)
    return f'<polyline class="line" style="stroke:var(--c{number % 6})" points="{path}"/>'


def _legend(lines: Sequence[Line]) -> tuple[list[str], float]:
    """The names, in their colours, in rows above the plot; and where the plot begins below them. One line needs
    none."""
    named = [(number, line.name) for number, line in enumerate(lines) if line.points]
    if len(named) < 2:
        return [], TOP
    parts: list[str] = []
    at, row = float(LEFT), TOP + 4.0
    for number, name in named:
        wide = SWATCH + LETTER * len(name)
        if at + wide > WIDTH and at > LEFT:
            at, row = float(LEFT), row + ROW
        colour = f"stroke:var(--c{number % 6});stroke-width:3"
        parts.append(f'<line x1="{at:.0f}" y1="{row}" x2="{at + 12:.0f}" y2="{row}" style="{colour}"/>')
        parts.append(f'<text x="{at + 16:.0f}" y="{row + 4}" style="fill:var(--ink)">{escape(name)}</text>')
        at += wide
    return parts, row + ROW


def _number(value: float) -> str:
    """Short: 1500 is 1.5k."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}" if abs(value) >= 0.001 or not value else f"{value:.0e}"
