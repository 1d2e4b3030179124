"""What a build prints: plain lines, a live display that leaves only lines behind, and the choice between them."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from rich.console import Console

from soundgraph.cli.terminal import choice
from soundgraph.cli.terminal.live import Live
from soundgraph.cli.terminal.plain_lines import Plain
from soundgraph.core.events import (
    Event,
    ExportDone,
    Listener,
    ModelLoading,
    NodeDone,
    NodeStarted,
    NodeWaiting,
    Queued,
    Remark,
    Summary,
    TakeProgress,
)

FACTS = {"duration_s": 15.0, "loudness_lufs": -23.0, "true_peak_dbtp": -4.12, "draft": True, "sidecar": "written"}


def a_build(tell: Listener) -> None:
    """Two nodes from the cache, one that fails, one cut off early, one skipped, and two files."""
    tell(Queued(7, 5))
    tell(NodeDone("rainy_forest:piano", "hit"))
    tell(NodeDone("rainy_forest:file", "hit"))
    tell(ModelLoading("facebook/audiogen-medium"))
    tell(NodeStarted("rainy_forest:rain"))
    tell(NodeStarted("rainy_forest:thunder"))
    tell(TakeProgress("rainy_forest:rain", 7.5, 15.0))
    tell(NodeDone("rainy_forest:rain", "ran", 0.123))
    tell(Remark("rainy_forest:rain", "it was made in two pieces"))
    tell(NodeDone("rainy_forest:thunder", "failed", 0.0, "breaks off after 3 s\nrecord it again"))
    tell(NodeDone("rainy_forest:dark_rain", "cutoff"))
    tell(NodeDone("rainy_forest:master", "ran", 61.2, "the same samples as before"))
    tell(ExportDone("build/draft/rainy_forest.wav", "written", FACTS))
    tell(ExportDone("build/draft/rainy_forest.ogg", "restored", FACTS))
    tell(ExportDone("build/draft/rain.wav", "current", {**FACTS, "sidecar": "current"}))
    tell(ExportDone("build/thunder.wav", "failed", {"detail": "no space left on device"}))
    tell(NodeDone("rainy_forest:late", "skipped"))
    tell(Summary(ran=2, hits=2, cutoffs=1, failed=2, skipped=1, loads=1, exports=3, seconds=61.84))


A_BUILD = """\
loading facebook/audiogen-medium
rainy_forest:rain  ran  0.12 s
rainy_forest:rain  note  it was made in two pieces
rainy_forest:thunder  failed  breaks off after 3 s
  record it again
rainy_forest:dark_rain  cutoff
rainy_forest:master  ran  1 min 01 s  the same samples as before
build/draft/rainy_forest.wav  15.00 s  -23.0 LUFS  -4.1 dBTP  written  (draft)
build/draft/rainy_forest.ogg  15.00 s  -23.0 LUFS  -4.1 dBTP  restored  (draft)
build/thunder.wav  failed  no space left on device
rainy_forest: 2 ran, 3 from cache, 2 failed, 1 skipped, 1 model load, 2 files  61.8 s
"""


def plain(events: Any) -> str:
    lines: list[str] = []
    with Plain(lines.append) as progress:
        events(progress)
    return "".join(f"{line}\n" for line in lines)


def console(width: int = 80, height: int = 24, **more: Any) -> Console:
    more = {"color_system": "truecolor", **more}
    return Console(file=io.StringIO(), force_terminal=True, width=width, height=height, _environ={}, **more)


def written(live: Console) -> str:
    assert isinstance(live.file, io.StringIO)
    return live.file.getvalue()


def screen(output: str) -> list[str]:
    """What a terminal of endless height and width shows after `output`; fails on any code it does not know."""
    lines, row, column = [""], 0, 0
    for token in re.findall(r"\x1b\[\??[\d;]*[A-Za-z]|[^\x1b]|\x1b", output):
        if token == "\n":
            row, column = row + 1, 0
            lines.extend([""] * (row + 1 - len(lines)))
        elif token == "\r":
            column = 0
        elif token == "\x1b[2K":
            lines[row] = ""
        elif match := re.fullmatch(r"\x1b\[(\d+)A", token):
            row -= int(match[1])
            assert row >= 0
        elif token.startswith("\x1b"):
            assert re.fullmatch(r"\x1b\[(\?25[lh]|[\d;]*m)", token), token
        else:
            lines[row] = lines[row][:column].ljust(column) + token + lines[row][column + 1 :]
            column += 1
    while len(lines) > row + 1 and not lines[-1]:  # below the cursor, where what comes next is written
        lines.pop()
    return lines


def frame(live: Live, shown: Console) -> str:
    """The screen now, without what a build's lines left above."""
    live.draw()
    return "\n".join(line.rstrip() for line in screen(written(shown)))


def test_plain_lines_say_what_ran_what_failed_and_what_was_delivered():
    assert plain(a_build) == A_BUILD


def test_a_build_with_nothing_to_do_is_one_line():
    def events(tell: Listener) -> None:
        tell(Queued(2, 0))
        tell(NodeDone("forest/rain:a", "hit"))
        tell(NodeDone("forest/rain:b", "hit"))
        tell(ExportDone("build/rain.wav", "current", {**FACTS, "sidecar": "current"}))
        tell(Summary(hits=2, exports=1, seconds=0.1))

    assert plain(events) == "forest/rain: nothing to do (2 nodes, 1 file current)\n"


def test_a_build_of_nothing_is_one_line():
    assert plain(lambda tell: tell(Summary())) == "nothing to do\n"


def test_several_scenes_are_summed_up_together():
    def events(tell: Listener) -> None:
        for number in range(1200):
            tell(NodeDone(f"scene{number}:a", "hit"))
        tell(NodeDone("scene0:b", "ran", 0.5))
        tell(Summary(ran=1, hits=1200, exports=1, seconds=0.51))

    assert plain(events).splitlines()[1:] == ["1,200 scenes: 1 ran, 1,200 from cache, no file changed  0.5 s"]


def test_a_sidecar_that_alone_was_written_is_named():
    def events(tell: Listener) -> None:
        tell(ExportDone("build/a.wav", "current", FACTS))
        tell(Summary(exports=1, seconds=0.1))

    assert plain(events) == "build/a.wav.json  written\n1 file  0.1 s\n"


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"duration_s": 2.0, "loudness_lufs": None, "true_peak_dbtp": None}, "2.00 s  silent"),
        ({"duration_s": 0.1, "loudness_lufs": None, "true_peak_dbtp": -70.0}, "0.10 s  -70.0 dBTP"),
        ({"duration_s": 2.0, "loudness_lufs": -0.04, "true_peak_dbtp": 0.0}, "2.00 s  0.0 LUFS  0.0 dBTP"),
        ({"duration_s": 0.0}, "0.00 s"),
    ],
)
def test_an_export_is_described_by_what_is_known_of_it(facts, told):
    assert plain(lambda tell: tell(ExportDone("a.wav", "written", facts))) == f"a.wav  {told}  written\n"


def test_what_both_formats_of_an_export_remark_is_printed_once():
    def events(tell: Listener) -> None:
        for ending in ("wav", "ogg"):
            tell(ExportDone(f"build/a.{ending}", "written", {"remarks": ["1.2 LU below what was asked for"]}))

    assert plain(events).count("1.2 LU below") == 1


def test_names_and_reasons_cannot_steer_a_terminal():
    def events(tell: Listener) -> None:
        tell(NodeDone("a\x1b[2J:b\r", "failed", 0.0, "\x1b]0;title\x07oops\u202e\n\x9b31m"))

    assert plain(events) == "a [2J:b  failed  ]0;title oops\n  31m\n"


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_live_display_leaves_the_plain_lines_and_nothing_else(width):
    shown = console(width)
    with Live(shown, frames_per_s=0) as live:

        def drawn(event: Event) -> None:
            """Draws after each event, as the thread might."""
            live(event)
            live.draw()

        a_build(drawn)
    assert "\n".join(line.rstrip() for line in screen(written(shown))) == A_BUILD
    assert written(shown).count("\x1b[?25l") == written(shown).count("\x1b[?25h") == 1


def test_a_live_display_that_draws_by_itself_leaves_the_plain_lines():
    shown = console()
    with Live(shown, frames_per_s=1000) as live:
        a_build(live)
    assert "\n".join(line.rstrip() for line in screen(written(shown))) == A_BUILD


def test_a_live_display_shows_how_far_each_running_node_and_the_whole_have_come():
    shown, now = console(90), 100.0
    with Live(shown, frames_per_s=0, clock=lambda: now) as live:
        live(Queued(13, 4))
        for number in range(9):
            live(NodeDone(f"s:{number}", "hit"))
        live(ModelLoading("facebook/musicgen-small"))
        live(NodeDone("s:a", "ran", 1.0))
        live(NodeStarted("s:waits"))
        live(NodeStarted("s:piano"))
        now = 175.0
        live(TakeProgress("s:piano", 7.5, 15.0))
        assert frame(live, shown).splitlines() == [
            "loading facebook/musicgen-small",
            "s:a  ran  1.00 s",
            "  s:piano ━━━━━━━━━━━┄┄┄┄┄┄┄┄┄┄┄   7.5/15.0 s  1:15",
            "  s:waits                         1:15",
            "━━━━━┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄ 1 of at most 4  9 from cache  1:15  facebook/musicgen-small",
        ]


@pytest.mark.parametrize("width", [20, 40, 79])
def test_a_live_display_never_wraps(width):
    shown = console(width)
    with Live(shown, frames_per_s=0) as live:
        live(Queued(3000, 3000))
        live(NodeStarted("forest/a_scene_with_a_long_name:a_node_with_a_longer_name_yet"))
        live(NodeStarted("s:日本語の名前はとても長いことがあります日本語の名前"))
        live(TakeProgress("s:日本語の名前はとても長いことがあります日本語の名前", 0.1, 3000.0))
        live.draw()
    from rich.cells import cell_len

    output = re.sub(r"\x1b\[\??[\d;]*[A-Za-z]", "", written(shown))
    assert max(cell_len(line) for line in re.split(r"[\r\n]+", output)) < width


def test_a_narrow_live_display_still_tells_counts_and_time():
    shown, now = console(40), 0.0
    with Live(shown, frames_per_s=0, clock=lambda: now) as live:
        live(Queued(3000, 2000))
        live(NodeStarted("forest:rain"))
        now = 3725.0
        live(TakeProgress("forest:rain", 1.0, 4.0))
        assert frame(live, shown).splitlines() == [
            "  forest:rain ━━┄┄┄┄┄┄┄┄ 1:02:05",
            "┄┄┄┄┄┄┄┄┄┄ 0/2,000  0 hits  1:02:05",
        ]


def test_a_live_display_keeps_the_end_of_a_long_name():
    shown = console(40)
    with Live(shown, frames_per_s=0, clock=lambda: 0.0) as live:
        live(Queued(1, 1))
        live(NodeStarted("forest/a_scene_with_a_long_name:thunder_tail"))
        assert "me:thunder_tail" in frame(live, shown)


def test_of_thousands_of_running_nodes_a_few_are_shown_and_the_rest_counted():
    shown = console()
    with Live(shown, frames_per_s=0) as live:
        live(Queued(5000, 5000))
        for number in range(5000):
            live(NodeStarted(f"s:{number}"))
        live(TakeProgress("s:4321", 1.0, 2.0))
        lines = frame(live, shown).splitlines()
    assert len(lines) == 8
    assert lines[0].startswith("  s:4321 ━")
    assert lines[6] == "  and 4,994 more"


def test_events_alone_draw_nothing():
    shown = console()
    with Live(shown, frames_per_s=0) as live:
        live(Queued(5000, 5000))
        before = written(shown)
        for number in range(5000):
            live(NodeStarted(f"s:{number}"))
            live(NodeDone(f"s:{number}", "ran"))
        assert written(shown) == before


def test_a_sound_of_no_length_has_a_bar():
    shown = console()
    with Live(shown, frames_per_s=0) as live:
        live(Queued(0, 1))
        live(NodeStarted("s:a"))
        live(TakeProgress("s:a", 0.0, 0.0))
        assert "s:a" in frame(live, shown)


def test_markup_in_names_and_reasons_is_printed_as_it_is():
    shown = console(width=200)
    with Live(shown, frames_per_s=0) as live:
        live(Queued(2, 2))
        live(NodeStarted("s[red]:[/bold]"))
        live(ModelLoading("[link=x]m[/link] :smile:"))
        assert "s[red]:[/bold]" in frame(live, shown)
        live(NodeDone("s[red]:[/bold]", "failed", 0.0, "[blink]no[/blink]"))
    assert screen(written(shown))[:2] == [
        "loading [link=x]m[/link] :smile:",
        "s[red]:[/bold]  failed  [blink]no[/blink]",
    ]


def test_without_colours_the_live_display_uses_none():
    shown = console(no_color=True)
    with Live(shown, frames_per_s=0) as live:
        a_build(live)
    assert not re.search(r"\x1b\[[\d;]*(3|4|9)\d[;m]", written(shown))
    assert A_BUILD.strip() in "\n".join(screen(written(shown)))


def test_a_build_that_ends_in_an_error_gives_the_terminal_back():
    shown = console()

    def broken() -> None:
        with Live(shown, frames_per_s=1000) as live:
            live(Queued(2, 2))
            live(NodeStarted("s:a"))
            live(NodeDone("s:b", "ran", 0.1))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    assert written(shown).count("\x1b[?25l") == written(shown).count("\x1b[?25h") == 1
    assert [line for line in screen(written(shown)) if line.strip()] == ["s:b  ran  0.10 s"]


class Stream(io.TextIOWrapper):
    def __init__(self, tty: bool, encoding: str = "utf-8"):
        super().__init__(io.BytesIO(), encoding=encoding)
        self.tty = tty

    def isatty(self) -> bool:
        return self.tty

    def text(self) -> str:
        self.flush()
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode(self.encoding)


@pytest.mark.parametrize(
    ("as_json", "tty", "environ", "chosen"),
    [
        (False, True, {"TERM": "xterm"}, "Live"),
        (False, True, {}, "Live"),
        (False, True, {"TERM": "xterm", "NO_COLOR": "1"}, "Live"),
        (False, True, {"TERM": "xterm", "CI": "false"}, "Live"),
        (False, True, {"TERM": "xterm", "CI": "true"}, "Plain"),
        (False, True, {"TERM": "dumb"}, "Plain"),
        (False, False, {"TERM": "xterm"}, "Plain"),
        (True, True, {"TERM": "xterm"}, "JsonLines"),
        (True, False, {}, "JsonLines"),
    ],
)
def test_the_form_suits_the_output(as_json, tty, environ, chosen):
    with choice.choose(as_json, Stream(tty), environ) as progress:
        assert type(progress).__name__ == chosen


def test_no_color_reaches_the_live_display():
    progress = choice.choose(False, Stream(True), {"NO_COLOR": "1"})
    assert isinstance(progress, Live)
    assert progress.console.no_color


def test_a_terminal_without_the_letters_for_bars_gets_lines():
    stream = Stream(True, "latin-1")
    with choice.choose(False, stream, {"TERM": "xterm"}) as reader:
        reader(NodeDone("wald:regen_für_日本", "ran", 1.0))
    assert stream.text() == "wald:regen_für_\\u65e5\\u672c  ran  1.00 s\n"


def test_each_json_line_is_one_object():
    stream = Stream(False)
    with choice.choose(True, stream, {}) as progress:
        a_build(progress)
    events = [json.loads(line) for line in stream.text().splitlines()]
    assert events[-1]["event"] == "summary"
    assert sum(event["event"] == "node" for event in events) == 7


def test_waiting_for_another_build_is_said_once_and_shown_for_each_node() -> None:
    def events(tell: Listener) -> None:
        tell(Queued(2, 2))
        tell(NodeWaiting("a:rain"))
        tell(NodeWaiting("a:wind"))

    assert plain(events) == "a:rain  waiting  another build is making it\n"
    shown = console()
    with Live(shown, frames_per_s=0) as live:
        events(live)
        assert frame(live, shown).count("in another build") == 2
