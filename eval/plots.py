"""Small plots as inline SVG: lines and a histogram. Colours come from the page's CSS (classes s0, s1, …)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 420, 260
LEFT, RIGHT, TOP, BOTTOM = 58, 14, 12, 40  # LEFT holds a tick of five digits beside the axis' name
SERIES_COLOURS = 5  # the page's CSS has s0 … s4
_MAX_BINS = 24


class Series(NamedTuple):
    """A named line: its points (x, y) in data units, in order of x."""

    name: str
    points: Sequence[tuple[float, float]]


class _Frame(NamedTuple):
    """Data ranges of the axes, and where data land in the picture (pixels)."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float

    def x(self, value: float) -> float:
        return LEFT + (value - self.x_low) / (self.x_high - self.x_low) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (value - self.y_low) / (self.y_high - self.y_low) * (HEIGHT - TOP - BOTTOM)


def line_plot(title: str, x_label: str, y_label: str, series: Sequence[Series], *, from_zero: bool = True) -> str:
    """Lines over a grid with a legend. `from_zero`: y starts at 0, else just below the lowest point.

    Series without points are left out; without any point there is only a note.
    """
    shown = [s for s in series if s.points]
    if not shown:
        return _empty(title)
    xs = [x for s in shown for x, _ in s.points]
    ys = [y for s in shown for _, y in s.points]
    low, high = (0.0, max(ys)) if from_zero else (min(ys), max(ys))
    y_ticks = nice_ticks(low, high) if high > low else nice_ticks(0, high or 1)
    frame = _Frame(min(xs), max(xs) if max(xs) > min(xs) else min(xs) + 1, y_ticks[0], y_ticks[-1])
    body = [_axes(frame, nice_ticks(frame.x_low, frame.x_high), y_ticks, x_label, y_label)]
    for index, s in enumerate(shown):
        path = " ".join(f"{frame.x(x):.1f},{frame.y(y):.1f}" for x, y in s.points)
        body.append(f'<polyline class="line s{index % SERIES_COLOURS}" points="{path}"/>')
        if len(s.points) <= 12:
            body += [
                f'<circle class="dot s{index % SERIES_COLOURS}" cx="{frame.x(x):.1f}" cy="{frame.y(y):.1f}" r="3">'
                f"<title>{escape(s.name)}: {x:g}, {y:.3f}</title></circle>"
                for x, y in s.points
            ]
    return _figure(title, "".join(body), _legend([s.name for s in shown]) if len(shown) > 1 else "")


def histogram(title: str, x_label: str, values: Sequence[float], marks: Sequence[tuple[str, float]] = ()) -> str:
    """A histogram with equal bins from 0 and vertical marks, such as a median, that the legend names."""
    if not values:
        return _empty(title)
    # The last bin holds everything above the 99th percentile, so that one slow question does not flatten all others.
    ordered = sorted(values)
    top = max(ordered[min(len(ordered) - 1, math.ceil(0.99 * len(ordered)) - 1)], *(at for _, at in marks), 1e-9)
    ticks = nice_ticks(0.0, top)
    bins = max(4, min(_MAX_BINS, math.ceil(math.sqrt(len(values)))))
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, max(0, int(value / ticks[-1] * bins)))] += 1
    y_ticks = nice_ticks(0, max(5, *counts))
    frame = _Frame(0.0, ticks[-1], 0.0, y_ticks[-1])
    body = [_axes(frame, ticks, y_ticks, x_label, "questions")]
    width = ticks[-1] / bins
    for i, count in enumerate(counts):
        left, right = frame.x(i * width), frame.x((i + 1) * width)
        body.append(
            f'<rect class="bar s0" x="{left + 0.5:.1f}" y="{frame.y(count):.1f}" width="{right - left - 1:.1f}" '
            f'height="{frame.y(0) - frame.y(count):.1f}"><title>{i * width:.3g} to {(i + 1) * width:.3g}: '
            f"{count}</title></rect>"
        )
    for i, (_, at) in enumerate(marks, 1):
        x = frame.x(min(at, ticks[-1]))
        body.append(
            f'<line class="mark s{i % SERIES_COLOURS}" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
        )
    # Marks are named below the picture: two that are near each other would write over each other in it.
    return _figure(title, "".join(body), _legend([f"{name} {at:.3g}" for name, at in marks], first_colour=1))


def interval_bar(value: float, interval: Sequence[float] | None) -> str:
    """A share (0..1) as a dot on a line with its interval, for a table cell."""

    def at(x: float) -> float:
        return 3 + 114 * min(1.0, max(0.0, x))

    band = ""
    if interval:
        low, high = at(interval[0]), at(interval[1])
        band = f'<line class="band s0" x1="{low:.1f}" x2="{max(high, low + 1):.1f}" y1="7" y2="7"/>'
    return (
        '<svg class="mini" viewBox="0 0 120 14" width="120" height="14" aria-hidden="true">'
        f'<line class="grid" x1="3" x2="117" y1="7" y2="7"/>{band}'
        f'<circle class="dot s0" cx="{at(value):.1f}" cy="7" r="3"/></svg>'
    )


def nice_ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers in equal steps that enclose low..high (Heckbert, "Nice numbers for graph labels", 1990).

    Raises ValueError unless both are finite.
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError(f"ticks from {low} to {high}")
    if high <= low:
        high = low + 1
    rough = (high - low) / about
    power = 10 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def _axes(frame: _Frame, x_ticks: Sequence[float], y_ticks: Sequence[float], x_label: str, y_label: str) -> str:
    parts = []
    for tick in y_ticks:
        y = frame.y(tick)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="tick" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>')
    base = HEIGHT - BOTTOM
    for tick in x_ticks:
        if frame.x_low - 1e-9 <= tick <= frame.x_high + 1e-9:
            x = frame.x(tick)
            parts.append(f'<text class="tick" x="{x:.1f}" y="{base + 15}" text-anchor="middle">{tick:g}</text>')
    parts.append(
        f'<text class="label" x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}" text-anchor="middle">'
        f"{escape(x_label)}</text>"
    )
    middle = (TOP + base) / 2
    parts.append(
        f'<text class="label" x="12" y="{middle}" text-anchor="middle" transform="rotate(-90 12 {middle})">'
        f"{escape(y_label)}</text>"
    )
    return "".join(parts)


def _legend(names: Sequence[str], first_colour: int = 0) -> str:
    return "".join(
        f'<span><i class="key s{i % SERIES_COLOURS}"></i>{escape(name)}</span>'
        for i, name in enumerate(names, first_colour)
    )


def _figure(title: str, body: str, legend: str) -> str:
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(title)}">{body}</svg><div class="legend">{legend}</div></figure>'
    )


def _empty(title: str) -> str:
    return f'<figure><figcaption>{escape(title)}</figcaption><p class="quiet">No cases in this run.</p></figure>'
