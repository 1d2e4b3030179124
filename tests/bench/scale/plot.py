"""Growth as a picture: CPU time over the number of nodes, both on logarithmic scales, as an SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 460, 340
LEFT, TOP, RIGHT, BOTTOM = 64, 30, 216, 40

# Told apart by colour-blind readers too (Okabe and Ito).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#7f7f7f", "#8c6d31")

Lines = Mapping[str, Sequence[tuple[int, float]]]
"""By label: (nodes, seconds of CPU time), over 0."""


def picture(lines: Lines, dashed: Sequence[str] = ()) -> str:
    """An SVG on a white ground. dashed: the labels of what the others are compared with."""
    points = [point for line in lines.values() for point in line]
    low_x, high_x = min(x for x, _ in points), max(x for x, _ in points)
    low_y = 10 ** math.floor(math.log10(min(y for _, y in points)))
    high_y = 10 ** math.ceil(math.log10(max(y for _, y in points)))

    def at(x: float, y: float) -> tuple[float, float]:
        across = math.log(x / low_x) / (math.log(high_x / low_x) or 1)
        up = math.log(y / low_y) / (math.log(high_y / low_y) or 1)
        return LEFT + WIDTH * across, TOP + HEIGHT * (1 - up)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + RIGHT}" height="{TOP + HEIGHT + BOTTOM}"'
        ' font-family="sans-serif" font-size="11" fill="#555">',
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="{LEFT}" y="16" font-size="12" fill="#222">CPU time, user and system</text>',
    ]
    for power in range(round(math.log10(low_y)), round(math.log10(high_y)) + 1):
        _, y = at(low_x, 10.0**power)
        label = f"{10**power} s" if power >= 0 else f"{10 ** (power + 3)} ms"
        parts.append(f'<path d="M{LEFT} {y:.1f}h{WIDTH}" stroke="#e4e4e4"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
    for nodes in sorted({x for x, _ in points}):
        x, _ = at(nodes, low_y)
        parts.append(f'<path d="M{x:.1f} {TOP}v{HEIGHT}" stroke="#e4e4e4"/>')
        parts.append(f'<text x="{x:.1f}" y="{TOP + HEIGHT + 16}" text-anchor="middle">{nodes:,} nodes</text>')
    # What grows in proportion to the nodes runs along these.
    for power in range(-8, 8):
        start, end = at(low_x, 10.0**power), at(high_x, 10.0**power * high_x / low_x)
        path = f"M{_place(start)}L{_place(end)}"
        parts.append(f'<path d="{path}" stroke="#d8d8d8" stroke-dasharray="1 3" clip-path="url(#frame)"/>')
    parts.insert(1, f'<clipPath id="frame"><path d="M{LEFT} {TOP}h{WIDTH}v{HEIGHT}h-{WIDTH}z"/></clipPath>')
    parts += _drawn({label: [at(x, y) for x, y in line] for label, line in lines.items()}, dashed)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _drawn(lines: Mapping[str, Sequence[tuple[float, float]]], dashed: Sequence[str]) -> list[str]:
    """The lines, each with its label to the right of its end; labels keep a distance from one another."""
    parts = []
    below = -math.inf
    for place, (label, line) in enumerate(sorted(lines.items(), key=lambda item: item[1][-1][1])):
        colour = COLOURS[place % len(COLOURS)]
        dash = ' stroke-dasharray="5 4"' if label in dashed else ""
        path = "L".join(_place(point) for point in line)
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in line]
        below = max(below + 14, line[-1][1])
        parts.append(f'<text x="{LEFT + WIDTH + 12}" y="{below + 4:.1f}" fill="{colour}">{escape(label)}</text>')
    return parts


def _place(point: tuple[float, float]) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"
