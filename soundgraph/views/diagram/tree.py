"""A plan as trees for a terminal: files at the root, what they are made from below."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from soundgraph.core.text import counted, one_line, shorten
from soundgraph.planning.planner import Status
from soundgraph.views.diagram import wording
from soundgraph.views.diagram.palette import LOOKS
from soundgraph.views.diagram.view import Box, Part, View

Paint = Callable[[str, str], str]
"""Puts parameters of an SGR escape around words, or does not."""

_WIDEST = 44  # columns of branches and name, beyond which a row moves out of line rather than moving all others
_DETAIL = 60  # characters


@dataclass(frozen=True)
class _TreeRow:
    """A line: a box, or a heading where there is none."""

    branch: str
    box: Box | None
    heading: str = ""
    seen: bool = False
    """Whether the box was drawn above, and is only pointed at."""

    def width(self) -> int:
        return 0 if self.box is None else wording.cells(self.branch) + wording.cells(self.box.name)


def draw(view: View, colour: bool) -> str:
    paint = _ansi if colour else _plain
    lines: list[str] = []
    for part in view.parts:
        if lines:
            lines.append("")
        counts = part.count()
        told = ", ".join(f"{counts[status]:,} {status.value}" for status in Status if counts[status])
        nodes = counted(len(part.boxes), "node")
        lines.append(f"{paint(one_line(part.scene), '1')}  {nodes}: {told}")
        rows = _rows(part)
        width = max((row.width() for row in rows if row.width() <= _WIDEST), default=0)
        lines.extend(_line(row, width, paint) for row in rows)
    if not lines:
        return "no nodes\n"
    if view.loads:
        lines.append("")
        lines.extend(view.label(model) for model in view.loads)
    return "\n".join(lines) + "\n"


def _rows(part: Part) -> list[_TreeRow]:
    used = {other for box in part.boxes.values() for other in box.inputs}
    ends = [name for name, box in part.boxes.items() if name not in used and not box.files]
    rows: list[_TreeRow] = []
    seen: set[str] = set()
    for name in (*part.delivered, *ends):
        files = part.boxes[name].files
        rows.extend(_TreeRow("", None, file) for file in files)
        _branches(part, name, bool(files), rows, seen)
    return rows


def _branches(part: Part, root: str, under_a_file: bool, rows: list[_TreeRow], seen: set[str]) -> None:
    # A stack rather than recursion: nothing bounds how long a chain of nodes is.
    waiting = [(root, "└─ " if under_a_file else "", "   " if under_a_file else "")]
    while waiting:
        name, branch, below = waiting.pop()
        box = part.boxes[name]
        rows.append(_TreeRow(branch, box, seen=name in seen))
        if name in seen:
            continue
        seen.add(name)
        for index, other in enumerate(reversed(box.inputs)):
            corner, rest = ("└─ ", "   ") if index == 0 else ("├─ ", "│  ")
            waiting.append((other, below + corner, below + rest))


def _line(row: _TreeRow, width: int, paint: Paint) -> str:
    box = row.box
    if box is None:
        return row.heading
    padding = " " * max(0, width - row.width())
    status = paint(f"{box.status.value:5}", LOOKS[box.status].ansi)
    if row.seen:
        told = "see above"
    else:
        made_by = f"  {one_line(box.model)}" if box.model else ""
        told = f"{box.kind}{made_by}  {paint(shorten(box.detail, _DETAIL), '2')}" if box.detail else box.kind
    return f"{paint(row.branch, '2')}{box.name}{padding}  {status}  {told}"


def _ansi(text: str, sgr: str) -> str:
    return f"\x1b[{sgr}m{text}\x1b[0m" if text else ""


def _plain(text: str, sgr: str) -> str:
    return text
