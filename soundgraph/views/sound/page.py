"""Pages that hold all they show: pictures, sounds, style and script inside, nothing fetched from anywhere.

Names, prompts and remarks are others' words: everything is escaped, and the page's own policy keeps a browser from
running any script but the page's, or loading anything, if something slipped through all the same.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape

from soundgraph.core.text import one_line
from soundgraph.views.sound.media import PlayableClip
from soundgraph.views.sound.text import Row

STYLE = """
:root { color-scheme: light dark; --paper: #f6f7f9; --card: #ffffff; --ink: #1a2230; --muted: #55606f;
  --line: #d8dde5; --accent: #1c5f94; --note: #7a4a00; --note-paper: #fff2d9; --bad: #8c2613; --bad-paper: #fde6e0; }
@media (prefers-color-scheme: dark) { :root { --paper: #12161d; --card: #1a2029; --ink: #e6eaf0; --muted: #a3adba;
  --line: #313a47; --accent: #7cbcf0; --note: #f3c67a; --note-paper: #3a2c10; --bad: #ff9d86; --bad-paper: #43190f; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px 16px 64px; max-width: 1120px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { margin: 0 0 4px; font-size: 26px; overflow-wrap: anywhere; }
h2 { margin: 0; font-size: 18px; overflow-wrap: anywhere; }
h3 { margin: 16px 0 4px; font-size: 14px; }
p { margin: 6px 0; }
a { color: var(--accent); }
.muted { color: var(--muted); }
.card { margin: 16px 0; padding: 16px; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.head { display: flex; flex-wrap: wrap; gap: 8px; align-items: baseline; }
.badge { padding: 1px 9px; border-radius: 99px; border: 1px solid currentColor; font-size: 12px; font-weight: 600; }
.note { color: var(--note); background: var(--note-paper); }
.bad { color: var(--bad); background: var(--bad-paper); }
.box { padding: 8px 12px; border-radius: 8px; overflow-wrap: anywhere; }
.picture { display: block; width: 100%; height: auto; margin: 12px 0 8px; border-radius: 6px; }
audio { display: block; width: 100%; margin: 8px 0 2px; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 6px 16px; margin: 12px 0; }
dl div { min-width: 0; }
dt { color: var(--muted); font-size: 12px; }
dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
details { margin-top: 10px; border-top: 1px solid var(--line); padding-top: 8px; }
summary { cursor: pointer; font-weight: 600; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13px; }
th, td { padding: 5px 10px 5px 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
th { color: var(--muted); font-weight: 600; }
td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
code { font: 13px/1.4 ui-monospace, "Cascadia Mono", Consolas, Menlo, monospace; overflow-wrap: anywhere; }
blockquote { margin: 8px 0; padding: 4px 12px; border-left: 3px solid var(--accent); overflow-wrap: anywhere; }
.tools { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: 10px; align-items: center;
  padding: 10px 0; background: var(--paper); }
.tools[hidden], .card[hidden] { display: none; }
.tools label { display: flex; gap: 6px; align-items: center; }
input, select { padding: 6px 8px; border: 1px solid var(--line); border-radius: 6px; background: var(--card);
  color: var(--ink); font: inherit; }
input[type=search] { width: min(320px, 60vw); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@media print { .tools, audio { display: none; } .card { break-inside: avoid; } }
"""


HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="""
"""How each page begins."""


def document(title: str, body: Iterable[str], script: str = "") -> bytes:
    """A whole page. title: plain text. body: HTML. script: JavaScript, the only one that a browser will run in it."""
    policy = [
        "default-src 'none'",
        "img-src data:",
        "media-src data:",
        f"style-src {_hash(STYLE)}",
        f"script-src {_hash(script)}" if script else "script-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    parts = [
        f'{HEAD}"{"; ".join(policy)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{words(title)}</title>",
        f"<style>{STYLE}</style>",
        "</head>",
        "<body>",
        *body,
        *([f"<script>{script}</script>"] if script else []),
        "</body>",
        "</html>",
        "",
    ]
    # A name may hold half of a surrogate pair, which UTF-8 has no bytes for.
    return "\n".join(parts).encode("utf-8", "replace")


def of_sound(title: str, rows: Sequence[Row], picture: bytes, clip: PlayableClip | None) -> bytes:
    """The page of one sound: its picture, a player, its figures."""
    parts = [f"<main><h1>{words(title)}</h1>", image(picture, f"Waveform, spectrogram and loudness of {title}")]
    parts += [player(clip, title)] if clip else []
    return document(title, [*parts, figures(rows), "</main>"])


def words(text: object) -> str:
    """Others' words as HTML: on one line, without characters that would turn what follows them, and escaped."""
    return escape(one_line(str(text)))


def image(png: bytes, alt: str) -> str:
    return f'<img class="picture" alt="{words(alt)}" src="data:image/png;base64,{base64.b64encode(png).decode()}">'


def drawing(svg: str, alt: str) -> str:
    # As an image rather than inline: its ids would clash with those of the next, and no script in it could run.
    data = base64.b64encode(svg.encode("utf-8", "replace")).decode()
    return f'<div class="scroll"><img alt="{words(alt)}" src="data:image/svg+xml;base64,{data}"></div>'


def player(clip: PlayableClip, title: str) -> str:
    return (
        f'<audio controls preload="none" aria-label="{words(f"Play {title}")}" src="{clip.uri}"></audio>'
        f'<p class="muted">{words(clip.words)}</p>'
    )


def figures(rows: Sequence[Row]) -> str:
    pairs = "".join(f"<div><dt>{words(name)}</dt><dd>{words(value)}</dd></div>" for name, value in rows)
    return f"<dl>{pairs}</dl>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """head: plain text. rows: HTML. A column whose head begins with "#" holds numbers."""
    kinds = [' class="number"' if name.startswith("#") else "" for name in head]
    top = "".join(
        f'<th scope="col"{kind}>{words(name.lstrip("#"))}</th>' for name, kind in zip(head, kinds, strict=True)
    )
    body = "".join(
        f"<tr>{''.join(f'<td{kind}>{cell}</td>' for cell, kind in zip(row, kinds, strict=True))}</tr>" for row in rows
    )
    return f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
