"""This file is about plots as SVG text, without scripts: bars with intervals, quality against cost."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_ROW_PX, _LABEL_PX, _PLOT_PX, _VALUE_PX = 26, 130, 420, 130


@dataclass(frozen=True, slots=True)
class Bar:
    """One model's value, with the ends of its interval where it has one."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Dot:
    """One model's cost and quality."""

    label: str
    x: float
    y: float


def bars(given: Sequence[Bar]) -> str:
    """Horizontal bars from zero, each with its interval as a line and its value in figures."""
    most = max([bar.high if bar.high is not None else bar.value for bar in given] + [1e-12])
    height = _ROW_PX * len(given) + 4
    parts = [_open(_LABEL_PX + _PLOT_PX + _VALUE_PX, height)]
    for row, bar in enumerate(given):
        top = row * _ROW_PX + 4
        width = _PLOT_PX * max(bar.value, 0) / most
        middle = top + _ROW_PX / 2 - 2
        parts.append(
            f'<text x="{_LABEL_PX - 8}" y="{middle + 4}" text-anchor="end">{escape(bar.label)}</text>'
        )
        parts.append(
            f'<rect class="bar" x="{_LABEL_PX}" y="{top}" width="{width:.1f}" height="{_ROW_PX - 8}"/>'
        )
        text = f"{bar.value:.4f}"
        if bar.low is not None and bar.high is not None:
            ends = [_LABEL_PX + _PLOT_PX * max(end, 0) / most for end in (bar.low, bar.high)]
            parts.append(
                f'<line class="interval" x1="{ends[0]:.1f}" x2="{ends[1]:.1f}" y1="{middle}" y2="{middle}"/>'
            )
            text += f" [{bar.low:.4f}, {bar.high:.4f}]"
        parts.append(f'<text class="value" x="{_LABEL_PX + _PLOT_PX + 6}" y="{middle + 4}">{text}</text>')
    return "".join([*parts, "</svg>"])


def scatter(given: Sequence[Dot], *, x_name: str, y_name: str) -> str:
    """Dots with names; x on a logarithmic scale, y from zero."""
    width, height, left, bottom = 680, 320, 60, 40
    xs = [math.log10(max(dot.x, 1e-6)) for dot in given]
    low, high = math.floor(min(xs)), math.ceil(max([*xs, math.floor(min(xs)) + 0.5]))
    most = max([dot.y for dot in given] + [1e-12]) * 1.1

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - low) / max(high - low, 1)
        return left + across * (width - left - 120), height - bottom - y / most * (height - bottom - 20)

    parts = [_open(width, height)]
    for power in range(low, high + 1):
        x, y = place(float(power), 0.0)
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="10" y2="{y:.1f}"/>')
        parts.append(f'<text x="{x:.1f}" y="{y + 16:.1f}" text-anchor="middle">{10.0**power:g}</text>')
    for share in range(5):
        value = most * share / 4
        x, y = place(float(low), value)
        parts.append(f'<line class="grid" x1="{left}" x2="{width - 120}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.3f}</text>')
    for dot, x_log in zip(given, xs, strict=True):
        x, y = place(x_log, dot.y)
        parts.append(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="5"/>')
        parts.append(f'<text x="{x + 8:.1f}" y="{y + 4:.1f}">{escape(dot.label)}</text>')
    parts.append(f'<text x="{left}" y="{height - 4}">{escape(x_name)}</text>')
    parts.append(f'<text x="4" y="12">{escape(y_name)}</text></svg>')
    return "".join(parts)


def _open(width: int, height: int) -> str:
    return f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">'
