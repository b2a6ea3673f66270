"""This file is about a chart of lines over days as SVG text, without scripts: the first with its interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _BOTTOM = 860, 380, 56, 28, 170, 44
_COLOURS = ("#2f6fb0", "#d9822b", "#5b9a4c", "#9a5ba8")


@dataclass(frozen=True, slots=True)
class Band:
    """A line, with the ends of its interval at each place."""

    label: str
    middle: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


def lines(bands: Sequence[Band], *, mark: int, x_name: str, y_name: str) -> str:
    """All lines; a dashed one stands where something changed.

    Args:
        mark: the place before which nothing differs.
    """
    first = bands[0]
    values = [*first.low, *first.high, *(value for band in bands for value in band.middle), 0.0]
    low, high, step = _scale(min(values), max(values))
    count = len(first.middle)

    def x(place: int) -> float:
        return _LEFT + place / max(count - 1, 1) * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _TOP + (high - value) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    parts = [f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(y_name)}">']
    value = low
    while value <= high + 1e-9:
        kind, at = "zero" if abs(value) < 1e-9 else "grid", f"{y(value):.1f}"
        parts.append(f'<line class="{kind}" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at}" y2="{at}"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value:+.0f}</text>')
        value += step
    for place in range(0, count, 7 if count > 14 else 2):
        day = mark + place - mark // 7 * 7 if count > 14 else place
        if day < count:
            under = f'x="{x(day):.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle"'
            parts.append(f"<text {under}>{day - mark}</text>")
    parts.append(
        f'<line class="zero" stroke-dasharray="4 4" x1="{x(mark):.1f}" x2="{x(mark):.1f}" y1="{_TOP}" '
        f'y2="{_HEIGHT - _BOTTOM}"/>'
    )
    around = [f"{x(at):.1f},{y(each):.1f}" for at, each in enumerate(first.high)]
    around += [f"{x(at):.1f},{y(first.low[at]):.1f}" for at in reversed(range(count))]
    parts.append(f'<polygon fill="{_COLOURS[0]}" fill-opacity=".16" points="{" ".join(around)}"/>')
    for number, band in reversed(list(enumerate(bands))):
        colour, width = _COLOURS[number % len(_COLOURS)], 2.5 if number == 0 else 1.5
        points = " ".join(f"{x(at):.1f},{y(each):.1f}" for at, each in enumerate(band.middle))
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="{width}" points="{points}"/>')
        top = _TOP + 10 + 20 * number
        parts.append(
            f'<rect x="{_WIDTH - _RIGHT + 14}" y="{top - 8}" width="14" height="4" fill="{colour}"/>'
        )
        parts.append(f'<text x="{_WIDTH - _RIGHT + 34}" y="{top}">{escape(band.label)}</text>')
    parts.append(f'<text x="{_LEFT}" y="{_TOP - 12}">{escape(y_name)}</text>')
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{_HEIGHT - 6}" text-anchor="middle">{escape(x_name)}</text></svg>')
    return "".join(parts)


def _scale(least: float, most: float) -> tuple[float, float, float]:
    """Ends that hold everything, on a round step."""
    step = next((each for each in (1, 2, 5, 10, 20, 25, 50) if (most - least) / each <= 8), 100)
    low, high = step * (least // step), -step * (-most // step)
    return float(low), float(high if high > low else low + step), float(step)
