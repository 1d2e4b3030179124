"""The report of a project: one page with every export, to listen to, to look at, and to see what it was made from."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from soundgraph.core.text import counted, first_of
from soundgraph.views.sound import page, text
from soundgraph.views.sound.marks import TimedMarks
from soundgraph.views.sound.media import PlayableClip
from soundgraph.views.sound.page import words

# Sorting and filtering; without it the page is whole, and its tools stay hidden.
SCRIPT = """
(function () {
  const tools = document.querySelector('.tools'), list = document.querySelector('#sounds');
  const cards = Array.from(list.children), said = document.querySelector('#said');
  const search = document.querySelector('#search'), only = document.querySelector('#only');
  const order = document.querySelector('#order');
  const texts = cards.map(card => card.textContent.toLowerCase());
  function show() {
    const wanted = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
    let shown = 0;
    cards.forEach((card, i) => {
      const fits = wanted.every(word => texts[i].includes(word));
      card.hidden = !(fits && (only.value === '' || card.dataset.tags.split(' ').includes(only.value)));
      shown += card.hidden ? 0 : 1;
    });
    said.textContent = shown + ' of ' + cards.length + ' shown';
  }
  function sort() {
    const key = order.value;
    const value = card => card.dataset[key] === '' ? -Infinity : Number(card.dataset[key]);
    const sorted = cards.slice();
    if (key) sorted.sort((a, b) => value(b) - value(a) || cards.indexOf(a) - cards.indexOf(b));
    sorted.forEach(card => list.append(card));
  }
  search.addEventListener('input', show);
  only.addEventListener('change', show);
  order.addEventListener('change', sort);
  tools.hidden = false;
  show();
})();
"""

_ORDERS = (
    ("", "scene"),
    ("seconds", "length"),
    ("lufs", "loudness"),
    ("peak", "true peak"),
    ("bytes", "size"),
)
_TAGS = (
    ("", "all"),
    ("draft", "drafts"),
    ("remarks", "with remarks"),
    ("faults", "with failing checks"),
    ("loop", "loops"),
    ("missing", "not built"),
)


@dataclass(frozen=True)
class ReportedExport:
    """An export on the page."""

    name: str
    """ "scene:export"."""
    files: Sequence[tuple[str, int]] = ()
    """The path and the size in bytes of each file that it delivers."""
    figures: Mapping[str, object] = field(default_factory=dict)
    """By the names of `Figures`."""
    marks: TimedMarks = field(default_factory=TimedMarks)
    remarks: Sequence[str] = ()
    faults: Sequence[str] = ()
    """What is demanded of it and not kept."""
    ancestry: Mapping[str, Any] = field(default_factory=dict)
    """As `provenance.ancestry` gives it; empty if the export is not built."""
    commit: str = ""
    """At which the file became what it is."""
    picture: bytes = b""
    clip: PlayableClip | None = None
    graph: str = ""
    """An SVG of what the export is made from."""
    missing: str = ""
    """Why the export is not there, and what makes it; then all else but the name and the graph may be empty."""

    @property
    def draft(self) -> bool:
        return bool(self.ancestry.get("draft"))

    @property
    def licences(self) -> list[str]:
        return [str(licence) for licence in self.ancestry.get("licences", ())]

    @property
    def seconds(self) -> float:
        seconds = self.figures.get("duration_s")
        return float(seconds) if isinstance(seconds, int | float) else 0.0

    @property
    def n_bytes(self) -> int:
        return sum(size for _, size in self.files)


def of_project(name: str, entries: Sequence[ReportedExport], limit_bytes: int) -> bytes:
    """The page. name: of the project. limit_bytes: how much sound it may hold; what comes after that has no player.

    The same entries give the same bytes: there is no date in it.
    """
    body = ["<header>", f"<h1>{words(name)}</h1>", *_summary(entries), "</header>", _tools(), '<main id="sounds">']
    room = limit_bytes
    for entry in entries:
        clip, left_out = entry.clip, ""
        if clip and len(clip.data) > room:
            clip, left_out = None, f"not in this page, which holds {text.size(limit_bytes)} of sound at most"
        room -= len(clip.data) if clip else 0
        body += _card(entry, clip, left_out)
    return page.document(f"{name}: sounds", [*body, "</main>"], SCRIPT)


def _summary(entries: Sequence[ReportedExport]) -> Iterator[str]:
    there = [entry for entry in entries if not entry.missing]
    drafts = [entry for entry in there if entry.draft]
    files = [file for entry in there for file in entry.files]
    rows = [
        ("exports", f"{len(there):,}" + (f" of {len(entries):,} built" if len(there) < len(entries) else "")),
        ("length of all", text.length(sum(entry.seconds for entry in there))),
        ("files", f"{counted(len(files), 'file')}, {text.size(sum(size for _, size in files))}"),
        ("drafts", f"{len(drafts):,}" if drafts else "none"),
        ("with remarks", f"{sum(bool(entry.remarks) for entry in there):,}"),
        ("with failing checks", f"{sum(bool(entry.faults) for entry in there):,}"),
    ]
    yield page.figures(rows)
    if drafts:
        told = f"{counted(len(drafts), 'export')} {'rests' if len(drafts) == 1 else 'rest'}"
        yield f'<p class="box note">{told} on drafts: stand-ins, not to be shipped.</p>'
    licences = Counter(licence for entry in there for licence in entry.licences)
    if licences:
        users = {licence: [entry.name for entry in there if licence in entry.licences] for licence in licences}
        rows_ = [[f"<code>{words(name)}</code>", str(number), _some(users[name])] for name, number in _sorted(licences)]
        yield "<h3>Licences of the weights</h3>"
        yield page.table(("Licence", "#Exports", "Which"), rows_)
    if unstated := [entry.name for entry in there if not entry.licences and not entry.draft]:
        yield f'<p class="muted">{counted(len(unstated), "export")} without any weights.</p>'


def _sorted(counter: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counter.items(), key=lambda item: (-item[1], item[0]))


def _some(names: Sequence[str], most: int = 6) -> str:
    return words(first_of(names, most))


def _tools() -> str:
    return (
        '<div class="tools" role="search" hidden>'
        '<label>Find <input type="search" id="search" placeholder="name, prompt, model, licence"></label>'
        f'<label>Show <select id="only">{_choices(_TAGS)}</select></label>'
        f'<label>Sort by <select id="order">{_choices(_ORDERS)}</select></label>'
        '<span id="said" class="muted" role="status"></span></div>'
    )


def _choices(choices: Sequence[tuple[str, str]]) -> str:
    return "".join(f'<option value="{value}">{words(name)}</option>' for value, name in choices)


def _card(entry: ReportedExport, clip: PlayableClip | None, left_out: str) -> Iterator[str]:
    marks = {"draft": entry.draft, "remarks": bool(entry.remarks), "loop": bool(entry.marks.loops)}
    marks["faults"] = bool(entry.faults)
    tags = [name for name, holds in {**marks, "missing": bool(entry.missing)}.items() if holds]
    numbers = {
        "seconds": entry.figures.get("duration_s"),
        "lufs": entry.figures.get("loudness_lufs"),
        "peak": entry.figures.get("true_peak_dbtp"),
        "bytes": entry.n_bytes,
    }
    data = "".join(
        f' data-{name}="{value if isinstance(value, int | float) else ""}"' for name, value in numbers.items()
    )
    yield f'<article class="card" data-tags="{" ".join(tags)}"{data}>'
    badges = "".join(f'<span class="badge {look}">{name}</span>' for name, look in _badges(entry))
    yield f'<div class="head"><h2>{words(entry.name)}</h2>{badges}</div>'
    if entry.missing:
        why, _, command = entry.missing.partition("\n")
        yield f'<p class="box bad">{words(why)}<br>{words(command)}</p>'
    if entry.picture:
        yield page.image(entry.picture, f"Waveform and spectrogram of {entry.name}")
    if clip:
        yield page.player(clip, entry.name)
    elif left_out:
        yield f'<p class="muted">{words(left_out)}</p>'
    for fault in entry.faults:
        yield f'<p class="box bad">a check fails: {words(fault)}</p>'
    for remark in entry.remarks:
        yield f'<p class="box note">{words(remark)}</p>'
    if rows := text.rows(entry.figures, entry.marks):
        yield page.figures(rows)
    if entry.files:
        shown = ", ".join(f"<code>{words(path)}</code> ({text.size(size)})" for path, size in entry.files)
        yield f"<p>{shown}</p>"
    yield from _provenance(entry)
    if entry.graph:
        alt = f"Graph of the nodes that {entry.name} is made from"
        yield f"<details><summary>Graph</summary>{page.drawing(entry.graph, alt)}</details>"
    yield "</article>"


def _badges(entry: ReportedExport) -> Iterator[tuple[str, str]]:
    if entry.missing:
        yield "not built", "bad"
    if entry.faults:
        yield "check fails", "bad"
    if entry.draft:
        yield "draft", "note"
    if entry.remarks:
        yield counted(len(entry.remarks), "remark"), "note"
    if entry.marks.loops:
        yield "loop", "muted"


def _provenance(entry: ReportedExport) -> Iterator[str]:
    nodes: Mapping[str, Mapping[str, Any]] = entry.ancestry.get("nodes", {})
    if not nodes:
        return
    prompts = dict.fromkeys(prompt for node in nodes.values() for prompt in _prompts(node.get("params", {})))
    for prompt in prompts:
        yield f"<blockquote>{words(prompt)}</blockquote>"
    licences = ", ".join(entry.licences) or "no weights"
    commit = f", commit <code>{words(entry.commit)}</code>" if entry.commit else ""
    yield f'<p class="muted">Licence: {words(licences)}{commit}</p>'
    rows = [
        [
            f"<code>{words(name)}</code>",
            words(node.get("kind", "")),
            words(node.get("model", "")),
            words(", ".join(map(str, node.get("inputs", {}).values()))),
            _params(node.get("params", {})),
        ]
        for name, node in nodes.items()
    ]
    models = [
        [
            f"<code>{words(model['id'])}</code>",
            words("draft" if model.get("draft") else model.get("licence", "")),
            words(model.get("revision", "")),
            # A draft has no weights; its digest is its name.
            "" if model.get("draft") else f"<code>{words(str(model.get('digest', ''))[:16])}</code>",
        ]
        for model in entry.ancestry.get("models", ())
    ]
    yield f"<details><summary>Made from {counted(len(nodes), 'node')}</summary>"
    yield page.table(("Node", "Kind", "Model", "Inputs", "Parameters"), rows)
    if models:
        yield page.table(("Model", "Licence", "Revision", "Weights"), models)
    yield "</details>"


def _prompts(params: Mapping[str, Any]) -> Iterator[str]:
    """What a generate node was asked for: its prompt, or its schedule of them."""
    if isinstance(prompt := params.get("prompt"), str) and prompt:
        yield prompt
    for step in params.get("prompts") or ():
        if isinstance(step, Mapping):
            yield str(step.get("text", ""))


def _params(params: Mapping[str, Any]) -> str:
    return "<br>".join(f"{words(name)} = <code>{words(_said(value))}</code>" for name, value in params.items())


def _said(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
