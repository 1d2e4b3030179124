"""A plan as a Mermaid flowchart."""

from __future__ import annotations

import re

from soundgraph.core.text import one_line, shorten
from soundgraph.views.diagram.palette import FILE, FILE_INK, GROUP, INK, LOOKS
from soundgraph.views.diagram.view import Box, Part, View

_DETAIL = 40  # characters
# Mermaid reads directives, comments, Markdown and its own entities inside quoted labels too, some of them by searching
# the whole text: so everything ASCII that is not plainly harmless where it stands is written by its number.
_SPECIAL = re.compile(r"[^\w .,/()?+…·-]|(?<![^\W_])_|_(?![^\W_])|[.+-](?=\s|$)", re.ASCII)


def draw(view: View) -> str:
    lines = ["flowchart LR"]
    ids: dict[str, str] = {}
    for index, part in enumerate(view.parts):
        several = len(view.parts) > 1
        inner = _part(part, f"s{index}", view, ids)
        if several:
            inner = _subgraph(f"s{index}", part.scene, inner)
        lines.extend(f"  {line}" for line in inner)
    for status, look in LOOKS.items():
        dashes = ",stroke-dasharray:5 3" if look.dashed else ""
        style = f"fill:{look.fill},stroke:{look.line},color:{look.ink},stroke-width:{look.width:g}px{dashes}"
        lines.append(f"  classDef {status.value} {style}")
    lines.append(f"  classDef file fill:{FILE},stroke:{FILE},color:{FILE_INK}")
    lines.append(f"  classDef model fill:{GROUP},stroke:none,color:{INK}")
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """`text` as it may stand in a quoted label."""
    return _SPECIAL.sub(lambda match: match[0] if ord(match[0]) > 127 else f"#{ord(match[0])};", text)


def _part(part: Part, prefix: str, view: View, ids: dict[str, str]) -> list[str]:
    for name in part.boxes:
        ids[name] = f"n{len(ids)}"
    made, others = part.by_model()
    lines: list[str] = []
    for index, (model, boxes) in enumerate(made.items()):
        group = f"{prefix}m{index}"
        lines.extend(_subgraph(group, view.label(model), [_node(box, ids) for box in boxes]))
        lines.append(f"class {group} model")
    lines.extend(_node(box, ids) for box in others)
    lines.extend(f"{ids[other]} --> {ids[box.id]}" for box in part.boxes.values() for other in box.inputs)
    for name in part.delivered:
        files = "<br/>".join(escape(file) for file in part.boxes[name].files)
        lines.append(f'{ids[name]} --> {ids[name]}x(["{files}"]):::file')
    return lines


def _subgraph(name: str, label: str, lines: list[str]) -> list[str]:
    return [f'subgraph {name}["{escape(one_line(label))}"]', *(f"  {line}" for line in lines), "end"]


def _node(box: Box, ids: dict[str, str]) -> str:
    label = [box.name, f"{box.kind} · {box.status.value}"]
    if box.detail:
        label.append(shorten(box.detail, _DETAIL))
    return f'{ids[box.id]}["{"<br/>".join(map(escape, label))}"]:::{box.status.value}'
