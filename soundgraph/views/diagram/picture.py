"""A plan as an SVG picture."""

from __future__ import annotations

from collections import Counter
from html import escape as _escape_html

from soundgraph.core.text import counted, one_line
from soundgraph.planning.planner import Status
from soundgraph.views.diagram import layout, measure
from soundgraph.views.diagram.layout import Frame, Layout, LayoutBox, Spacing
from soundgraph.views.diagram.palette import EDGE, FILE, FILE_INK, FRAME, GROUP, INK, LOOKS, MUTED, PAPER
from soundgraph.views.diagram.view import Box, Part, View

_MARGIN = 24.0
_TITLE = 40.0  # height of a scene's title
_LEGEND = 44.0  # height of the legend
_BETWEEN = 30.0  # between two scenes
_PAD = 12.0  # from a box's side to its text
_NARROWEST, _WIDEST = 128.0, 196.0
_LABEL = 32.0  # height of what stands above the boxes of a model, beyond the space around them
_NAME, _WORD, _DETAIL, _HEADING = 13.0, 10.5, 11.0, 16.0  # sizes of text
_DETAIL_LINES = 2
_FILES = 5  # named in one box; more are counted
_FONT = "Inter,'Segoe UI','Helvetica Neue',Helvetica,Arial,'DejaVu Sans',sans-serif"


def draw(view: View) -> str:
    """All scenes, one below the other, and a legend."""
    drawn = [_Scene(part, view) for part in view.parts]
    counts = sum((part.count() for part in view.parts), Counter[Status]())
    legend, legend_width = _legend(counts)
    inner = max([legend_width, *(scene.width for scene in drawn)])
    width = inner + 2 * _MARGIN
    body: list[str] = []
    y = _MARGIN
    for scene in drawn:
        body.append(f'<g transform="translate({_px(_MARGIN)} {_px(y)})">')
        body.extend(scene.draw())
        body.append("</g>")
        y += scene.height + _BETWEEN
    y = y - _BETWEEN + 18 if drawn else _MARGIN
    body.append(f'<path d="M{_px(_MARGIN)} {_px(y)}H{_px(width - _MARGIN)}" stroke="{FRAME}"/>')
    body.append(f'<g transform="translate({_px(_MARGIN)} {_px(y)})">{legend}</g>')
    height = y + _LEGEND
    scenes = ", ".join(part.scene for part in view.parts[:3]) + (", …" if len(view.parts) > 3 else "")
    nodes = counted(sum(len(part.boxes) for part in view.parts), "node")
    told = ", ".join(f"{counts[status]} {status.value}" for status in Status if counts[status])
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_px(width)}" height="{_px(height)}" '
            f'viewBox="0 0 {_px(width)} {_px(height)}" role="img" aria-labelledby="title desc" '
            f'font-family="{_FONT}" font-size="{_px(_DETAIL)}" fill="none">',
            f'<title id="title">{_escape(f"Sound graph of {scenes}" if scenes else "Sound graph")}</title>',
            f'<desc id="desc">{_escape(f"{nodes}: {told}" if told else nodes)}</desc>',
            f'<rect x="0.5" y="0.5" width="{_px(width - 1)}" height="{_px(height - 1)}" rx="12" fill="{PAPER}" '
            f'stroke="{FRAME}"/>',
            *body,
            "</svg>",
            "",
        ]
    )


class _Scene:
    """One scene, laid out, with its title above."""

    def __init__(self, part: Part, view: View):
        self.part, self.view = part, view
        boxes = list(part.boxes.values())
        first = min(box.layer for box in boxes)
        columns = max(box.layer for box in boxes) - first + 1
        widths = [0.0] * columns
        for box in boxes:
            widths[box.layer - first] = max(widths[box.layer - first], _box_width(box))
        self.boxes = boxes
        self.details = [
            measure.wrap(
                box.detail, _DETAIL, widths[box.layer - first] - 2 * _PAD, _DETAIL_LINES, " " if box.model else ", "
            )
            for box in boxes
        ]
        self.files = [_file_lines(part.boxes[name].files) for name in part.delivered]
        items = [
            LayoutBox(box.layer - first, widths[box.layer - first], _box_height(lines), box.model)
            for box, lines in zip(boxes, self.details, strict=True)
        ]
        files_width = max((_files_width(lines) for lines in self.files), default=0.0)
        items.extend(LayoutBox(columns, files_width, 20 + 16.0 * len(lines)) for lines in self.files)
        index = {box.id: number for number, box in enumerate(boxes)}
        edges = [(index[other], index[box.id]) for box in boxes for other in box.inputs]
        edges.extend((index[name], len(boxes) + number) for number, name in enumerate(part.delivered))
        self.sources = [boxes[source] for source, _ in edges]
        self.items = items
        self.layout: Layout = layout.lay_out(items, edges, Spacing(label=_LABEL))
        self.title, title_width = self._title()
        self.width = max(self.layout.width, title_width)
        self.height = _TITLE + self.layout.height

    def draw(self) -> list[str]:
        lines = [self.title, f'<g transform="translate(0 {_px(_TITLE)})">']
        lines.extend(self._frame(frame) for frame in self.layout.frames)
        lines.extend(self._lines())
        for box, details, item, place in zip(self.boxes, self.details, self.items, self.layout.places, strict=False):
            lines.extend(_box(box, details, item, *place))
        start = len(self.boxes)
        for files, item, place in zip(self.files, self.items[start:], self.layout.places[start:], strict=True):
            lines.extend(_file_box(files, item, *place))
        return [*lines, "</g>"]

    def _title(self) -> tuple[str, float]:
        name = measure.fit(one_line(self.part.scene), _HEADING, 600, bold=True)
        x = measure.width(name, _HEADING, bold=True)
        nodes = counted(len(self.boxes), "node")
        counts = self.part.count()
        told = f"{nodes}: {', '.join(f'{counts[status]} {status.value}' for status in Status if counts[status])}"
        # One text with a gap in it, rather than two: how wide the name comes out depends on the viewer's font.
        title = (
            f'<text y="16" font-size="{_px(_HEADING)}" font-weight="700" fill="{INK}">{_escape(name)}'
            f'<tspan dx="12" font-size="{_px(_DETAIL)}" font-weight="400" fill="{MUTED}">{_escape(told)}</tspan></text>'
        )
        return title, x + 12 + measure.width(told, _DETAIL)

    def _frame(self, frame: Frame) -> str:
        model = measure.fit(one_line(frame.group), _WORD, frame.width - 20, bold=True)
        loads = measure.fit(self.view.loads[frame.group], _WORD, frame.width - 20)
        x = _px(frame.x + 10)
        return (
            f'<g font-size="{_px(_WORD)}" fill="{MUTED}"><title>{_escape(self.view.label(frame.group))}</title>'
            f'<rect x="{_px(frame.x)}" y="{_px(frame.y)}" width="{_px(frame.width)}" height="{_px(frame.height)}" '
            f'rx="10" fill="{GROUP}" stroke="{FRAME}"/>'
            f'<text x="{x}" y="{_px(frame.y + 17)}" font-weight="600">{_escape(model)}</text>'
            f'<text x="{x}" y="{_px(frame.y + 31)}">{_escape(loads)}</text></g>'
        )

    def _lines(self) -> list[str]:
        lines = [f'<g stroke="{EDGE}" stroke-width="1.6">']
        ends: list[tuple[float, float]] = []
        for points in self.layout.lines:
            path = [f"M{_point(points[0])}"]
            for (x, y), (end_x, end_y) in zip(points[::2], points[1::2], strict=True):
                bend = (x + end_x) / 2
                path.append(f"L{_point((x, y))}C{_px(bend)} {_px(y)} {_px(bend)} {_px(end_y)} {_point((end_x, end_y))}")
            lines.append(f'<path d="{"".join(path)}"/>')
            ends.extend((points[0], points[-1]))
        lines.append("</g>")
        lines.append(f'<g fill="{EDGE}">')
        lines.extend(f'<circle cx="{_px(x)}" cy="{_px(y)}" r="3"/>' for x, y in dict.fromkeys(ends))
        return [*lines, "</g>"]


def _box(box: Box, details: list[str], item: LayoutBox, x: float, y: float) -> list[str]:
    look = LOOKS[box.status]
    dashes = ' stroke-dasharray="5 3"' if look.dashed else ""
    word = box.status.value
    pill = _pill_width(word)
    name = measure.fit(box.name, _NAME, item.width - 2 * _PAD, bold=True)
    kind = measure.fit(box.kind, _DETAIL, item.width - 2 * _PAD - pill - 6)
    left, right = x + _PAD, x + item.width - _PAD
    lines = [
        f"<g><title>{_escape(f'{box.id}: {box.kind}, {word}, {box.detail}'.removesuffix(', '))}</title>",
        f'<rect x="{_px(x)}" y="{_px(y)}" width="{_px(item.width)}" height="{_px(item.height)}" rx="8" '
        f'fill="{look.fill}" stroke="{look.line}" stroke-width="{_px(look.width)}"{dashes}/>',
        f'<text x="{_px(left)}" y="{_px(y + 20)}" font-size="{_px(_NAME)}" font-weight="700" '
        f'fill="{INK}">{_escape(name)}</text>',
        f'<text x="{_px(left)}" y="{_px(y + 37)}" fill="{MUTED}">{_escape(kind)}</text>',
        f'<rect x="{_px(right - pill)}" y="{_px(y + 26)}" width="{_px(pill)}" height="15" rx="7.5" fill="{look.ink}"/>',
        f'<text x="{_px(right - pill / 2)}" y="{_px(y + 37)}" font-size="{_px(_WORD)}" font-weight="600" '
        f'text-anchor="middle" fill="{PAPER}">{word}</text>',
    ]
    for number, detail in enumerate(details):
        lines.append(f'<text x="{_px(left)}" y="{_px(y + 55 + 14 * number)}" fill="{INK}">{_escape(detail)}</text>')
    return [*lines, "</g>"]


def _file_box(files: list[str], item: LayoutBox, x: float, y: float) -> list[str]:
    lines = [
        f'<rect x="{_px(x)}" y="{_px(y)}" width="{_px(item.width)}" height="{_px(item.height)}" '
        f'rx="{_px(min(18.0, item.height / 2))}" fill="{FILE}"/>'
    ]
    for number, file in enumerate(files):
        shown = measure.fit(file, _DETAIL, item.width - 2 * _PAD - 8, bold=True)
        lines.append(
            f'<text x="{_px(x + item.width / 2)}" y="{_px(y + 22 + 16 * number)}" font-weight="600" '
            f'text-anchor="middle" fill="{FILE_INK}">{_escape(shown)}</text>'
        )
    return lines


def _legend(counts: Counter[Status]) -> tuple[str, float]:
    """The legend and its width."""
    parts, x = [], 0.0
    for status, look in LOOKS.items():
        dashes = ' stroke-dasharray="5 3"' if look.dashed else ""
        told = f"{counts[status]:,} {status.value}: {look.meaning}"
        parts.append(
            f'<rect x="{_px(x + 1)}" y="15" width="24" height="15" rx="4" fill="{look.fill}" stroke="{look.line}" '
            f'stroke-width="{_px(look.width)}"{dashes}/>'
            f'<text x="{_px(x + 34)}" y="26.5" fill="{MUTED}">{_escape(told)}</text>'
        )
        x += 34 + measure.width(told, _DETAIL) + 18
    parts.append(
        f'<rect x="{_px(x + 1)}" y="15" width="24" height="15" rx="7.5" fill="{FILE}"/>'
        f'<text x="{_px(x + 34)}" y="26.5" fill="{MUTED}">delivered file</text>'
    )
    return "".join(parts), x + 34 + measure.width("delivered file", _DETAIL)


def _box_width(box: Box) -> float:
    kind = measure.width(box.kind, _DETAIL) + 6 + _pill_width(box.status.value)
    label = measure.width(box.model, _WORD, bold=True) + 20 - 2 * Spacing.frame - 2 * _PAD if box.model else 0.0
    wanted = max(measure.width(box.name, _NAME, bold=True), kind, label, measure.width(box.detail, _DETAIL) / 2.2)
    return min(_WIDEST, max(_NARROWEST, wanted + 2 * _PAD))


def _box_height(details: list[str]) -> float:
    return 50.0 if not details else 51.0 + 14 * len(details)


def _pill_width(word: str) -> float:
    return measure.width(word, _WORD, bold=True) + 12


def _file_lines(files: tuple[str, ...]) -> list[str]:
    if len(files) <= _FILES:
        return list(files)
    return [*files[: _FILES - 1], f"and {len(files) - _FILES + 1} more"]


def _files_width(lines: list[str]) -> float:
    wanted = max(measure.width(line, _DETAIL, bold=True) for line in lines)
    return min(_WIDEST + 30, max(90.0, wanted + 2 * _PAD + 8))


def _escape(text: str) -> str:
    return _escape_html(one_line(text), quote=True)


def _point(point: tuple[float, float]) -> str:
    return f"{_px(point[0])} {_px(point[1])}"


def _px(value: float) -> str:
    """A coordinate, to a tenth: the same digits whatever the last bit of a sum was."""
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")  # + 0.0: there is no -0
