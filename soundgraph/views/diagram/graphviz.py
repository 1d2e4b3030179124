"""A plan in DOT, the language of Graphviz."""

from __future__ import annotations

from collections.abc import Iterable

from soundgraph.core.text import one_line, shorten
from soundgraph.views.diagram.palette import EDGE, FILE, FILE_INK, FRAME, GROUP, INK, LOOKS, MUTED
from soundgraph.views.diagram.view import Box, Part, View

_DETAIL = 40  # characters


def draw(view: View) -> str:
    lines = [
        "digraph soundgraph {",
        '  graph [rankdir=LR, bgcolor=white, fontname="Helvetica", fontsize=11, nodesep=0.2, ranksep=0.6]',
        '  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=11, margin="0.15,0.08"]',
        f'  edge [color="{EDGE}", arrowsize=0.6]',
    ]
    for index, part in enumerate(view.parts):
        inner = _part(part, f"cluster_{index}", view)
        if len(view.parts) > 1:
            inner = _cluster(f"cluster_{index}", part.scene, f'color="{FRAME}"', inner)
        lines.extend(f"  {line}" for line in inner)
    return "\n".join([*lines, "}"]) + "\n"


def _part(part: Part, prefix: str, view: View) -> list[str]:
    made, others = part.by_model()
    lines: list[str] = []
    style = f'style="rounded,filled", color="{GROUP}"'
    for index, (model, boxes) in enumerate(made.items()):
        lines.extend(_cluster(f"{prefix}_{index}", view.label(model), style, map(_node, boxes)))
    lines.extend(map(_node, others))
    lines.extend(f"{_quote(other)} -> {_quote(box.id)}" for box in part.boxes.values() for other in box.inputs)
    for name in part.delivered:
        # With a space: no name of a node holds one, so the box of the files cannot be taken for a node.
        files = _quote(f"{name} files")
        label = _label(part.boxes[name].files)
        lines.append(f'{files} [label={label}, shape=note, color="{FILE}", fillcolor="{FILE}", fontcolor="{FILE_INK}"]')
        lines.append(f"{_quote(name)} -> {files}")
    return lines


def _cluster(name: str, label: str, style: str, lines: Iterable[str]) -> list[str]:
    head = f'graph [label={_label([label])}, {style}, fontcolor="{MUTED}"]'
    return [f"subgraph {name} {{", f"  {head}", *(f"  {line}" for line in lines), "}"]


def _node(box: Box) -> str:
    look = LOOKS[box.status]
    label = [box.name, f"{box.kind} · {box.status.value}"]
    if box.detail:
        label.append(shorten(box.detail, _DETAIL))
    style = ', style="rounded,filled,dashed"' if look.dashed else ""
    colours = f'color="{look.line}", fillcolor="{look.fill}", fontcolor="{INK}"'
    return f"{_quote(box.id)} [label={_label(label)}, {colours}, penwidth={look.width:g}{style}]"


def _quote(text: str) -> str:
    """An identifier. In DOT a backslash escapes a quotation mark and nothing else: doubled, it escapes none."""
    return '"' + one_line(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _label(lines: Iterable[str]) -> str:
    """Lines of a label, in which DOT reads backslashes and HTML entities."""
    safe = (one_line(line).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(safe) + '"'
