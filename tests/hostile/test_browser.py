"""A browser that opens what soundgraph draws runs no script of a stranger's and asks for nothing."""

from __future__ import annotations

import http.server
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from soundgraph.views.sound import page
from tests.helpers import Space, export, generate, node, table, toml

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="chromium is not installed")

JS = "document.documentElement.setAttribute('data-pwned',1)"


class Net:
    """A server that notes what is asked of it."""

    def __init__(self, port: int, asked: list[str]):
        self.url, self.asked = f"http://127.0.0.1:{port}", asked

    def payloads(self) -> list[str]:
        url = self.url
        return [
            f"<script>{JS}</script>",
            f'"><img src={url}/img onerror={JS}>',
            f"'><svg onload={JS}><image href={url}/image /></svg>",
            f"</title></style></script><script src={url}/script></script>",
            f"</style><style>@import '{url}/css';</style>",
            f"<link rel=stylesheet href={url}/link><link rel=preload as=image href={url}/preload>",
            f"<iframe src={url}/frame></iframe><iframe srcdoc='<script>parent.{JS}</script>'></iframe>",
            f"<object data={url}/object></object><embed src={url}/embed>",
            f"<audio autoplay src={url}/audio></audio><video poster={url}/poster></video>",
            f"<input autofocus onfocus={JS}><details open ontoggle={JS}>",
            f"<base href={url}/base/><img src=relative>",
            f"<p style='background:url({url}/style)'>",
            f"]]></text></svg>--><script>{JS}</script>",
            f"&lt;script&gt;{JS}&lt;/script&gt; &#60;script&#62;{JS}&#60;/script&#62;",
            f"</a><a xlink:href='javascript:{JS}' href='javascript:{JS}'>x",
            f"\\u003cscript\\u003e{JS} ${{{JS}}} {{{{{JS}}}}} `{JS}`",
        ]


@pytest.fixture
def net() -> Iterator[Net]:
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Net(server.server_address[1], asked)
        server.shutdown()


def opened(path: Path, folder: Path) -> str:
    """What a browser makes of a file, once its scripts have run and what it loads has come."""
    assert BROWSER is not None
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--no-default-browser-check",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-extensions",
        "--disable-sync",
        f"--user-data-dir={folder / 'profile'}",
        "--virtual-time-budget=2000",
        "--dump-dom",
    ]
    done = subprocess.run(
        [BROWSER, *flags, path.as_uri()],
        env={**os.environ, "HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 0
    return done.stdout.decode("utf-8", "replace")


def is_marked(dom: str) -> bool:
    return re.search(r"<(html|svg)\b[^>]*\sdata-pwned=", dom) is not None


def assert_harmless(path: Path, folder: Path, net: Net) -> str:
    dom = opened(path, folder)
    assert not is_marked(dom)
    assert net.asked == []
    return dom


def test_the_browser_would_run_and_load_what_is_not_kept_from_it(tmp_path: Path, net: Net) -> None:
    """Else the other tests would show nothing."""
    path = tmp_path / "page.html"
    path.write_text(f"<!DOCTYPE html><html><body>{''.join(net.payloads())}</body></html>")
    assert is_marked(opened(path, tmp_path))
    assert {"/img", "/image", "/script", "/css", "/link", "/frame", "/object", "/audio"} <= set(net.asked)
    net.asked.clear()
    path = tmp_path / "drawing.svg"
    path.write_text(f"<svg xmlns='http://www.w3.org/2000/svg'><script>{JS}</script><image href='{net.url}/x'/></svg>")
    assert is_marked(opened(path, tmp_path))
    assert net.asked == ["/x"]


def test_a_pages_policy_holds_even_if_something_was_not_escaped(tmp_path: Path, net: Net) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(page.document("x", net.payloads(), "document.body.id = 'ran'"))
    dom = assert_harmless(path, tmp_path, net)
    assert "data-pwned" in dom
    path.write_bytes(page.document("x", ["<p>x</p>"], "document.body.id = 'ran'"))
    assert 'id="ran"' in opened(path, tmp_path)


@pytest.fixture
def hostile(space: Space, net: Net) -> Space:
    """A built project in which all that may hold others' words holds hostile ones: prompts, tags, cues, file names."""
    parts = []
    for number, words in enumerate(net.payloads()):
        cues = [{"at": 0.01, "label": words[:60]}]
        parts += [
            generate(f"n{number}", words, duration=0.1),
            export(f"n{number}", f"n{number}", tags={"title": words, "artist": words, "comment": words}, cues=cues),
            f"[[checks]]\nexport = 'n{number}'\nmax_duration = 0.01\n" if number == 0 else "",
        ]
    parts += [node("missing", "generate", model="music", prompt=net.payloads()[0]), export("missing", "missing")]
    parts += [table("manifests.m", engine="json")]
    space.scene("\n".join(parts))
    name = "x onload=alert(1) '&lt; <img src=x onerror=" + JS.replace("/", "")
    space.scene(generate("n", f"= {toml(1)} <b>", duration=0.1) + export("n", "n", path="deep/x'&amp;x"), name)
    assert space.run("check").code == 0
    space.run("build", "--draft", "-k")
    return space


def test_a_report_and_the_page_of_a_sound_run_and_load_nothing(hostile: Space, tmp_path: Path, net: Net) -> None:
    assert hostile.run("report", "--draft", "-o", str(tmp_path / "report.html")).code == 0
    dom = assert_harmless(tmp_path / "report.html", tmp_path, net)
    assert re.search(r'<div class="tools"[^>]*>', dom)[0].count("hidden") == 0  # type: ignore[index]
    assert dom.count("<article") >= len(net.payloads())
    assert "data-pwned" in dom  # as words
    for number in (1, 2, 12):
        assert hostile.run("show", "--draft", f"a:n{number}", "-o", str(tmp_path / "n.html")).code == 0
        assert_harmless(tmp_path / "n.html", tmp_path, net)


def test_a_drawing_runs_and_loads_nothing(hostile: Space, tmp_path: Path, net: Net) -> None:
    drawn = hostile.run("graph", "--draft", "--format", "svg")
    assert drawn.code == 0
    path = tmp_path / "graph.svg"
    path.write_text(drawn.out)
    dom = assert_harmless(path, tmp_path, net)
    assert "<text" in dom


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_what_graphviz_makes_of_a_plan_runs_and_loads_nothing(hostile: Space, tmp_path: Path, net: Net) -> None:
    drawn = hostile.run("graph", "--draft", "--format", "dot")
    made = subprocess.run(["dot", "-Tsvg"], input=drawn.out.encode(), capture_output=True)
    assert made.returncode == 0, made.stderr
    path = tmp_path / "dot.svg"
    path.write_bytes(made.stdout)
    dom = assert_harmless(path, tmp_path, net)
    assert "<text" in dom
    assert not re.search(r"<(a|image|script|foreignObject)\b", dom)
