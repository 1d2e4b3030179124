"""The live display of a build on a terminal: what runs now, below the lines of what is done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, Group
from rich.live import Live as Area
from rich.text import Text

from soundgraph.cli.terminal.plain_lines import STYLES, Piece, Transcript
from soundgraph.core.events import (
    Event,
    ModelLoading,
    NodeDone,
    NodeStarted,
    NodeWaiting,
    Queued,
    Summary,
    TakeProgress,
    WeightsFetched,
)
from soundgraph.core.text import one_line

_ROWS = 6  # of running nodes; the rest are counted
_BAR = 24  # columns, at most
_DONE, _TO_DO = "━", "┄"  # two shapes: without colours they still differ


@dataclass
class _Running:
    """A node that runs, or a download."""

    since: float
    """On the clock."""
    made: float = 0.0
    """Seconds of sound, or megabytes; so is `whole`."""
    whole: float = 0.0
    """0 while nothing is known of it."""
    unit: str = "s"
    elsewhere: bool = False
    """Whether another build runs it."""


class Live(Transcript):
    """Lines as `Plain` has them, coloured, and below them what runs now.

    Events only change what is to be shown; a thread shows it, `frames_per_s` times a second. Thousands of nodes a
    second cost as little drawing as one does.
    console: a terminal. frames_per_s: 0 to draw on `draw` only. clock: in seconds.
    """

    def __init__(self, console: Console, frames_per_s: float = 10, clock: Callable[[], float] = time.monotonic):
        super().__init__()
        self.console, self._clock = console, clock
        self._interval_s = 1 / frames_per_s if frames_per_s else 0.0
        self._lock = threading.Lock()
        self._lines: list[Sequence[Piece]] = []  # not yet printed
        self._running: dict[str, _Running] = {}
        self._nodes = self._to_run = self._found = 0
        self._model = ""
        self._since = clock()
        self._area: Area | None = None
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_alone = False  # without a thread that draws: it is drawn with each line

    def close(self) -> None:
        """Prints what is left to print, takes the display away, and gives the cursor back. Does no harm twice."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._print()
        if self._area is not None:
            self._area.stop()
            self._area = None

    def __call__(self, event: Event) -> None:
        with self._lock:
            self._take_in(event)
        if isinstance(event, WeightsFetched) or (isinstance(event, Queued) and event.to_run):
            self._open()
        super().__call__(event)

    def _take_in(self, event: Event) -> None:
        """Changes what is to be shown."""
        match event:
            case Queued(nodes, to_run):
                self._nodes, self._to_run, self._since = nodes, to_run, self._clock()
            case ModelLoading(model):
                self._model = one_line(model)
            case NodeStarted(node):
                self._running[node] = _Running(self._clock())
            case NodeWaiting(node):
                self._running[node] = _Running(self._clock(), elsewhere=True)
            case TakeProgress(node, made_s, whole_s) if node in self._running:
                self._running[node].made, self._running[node].whole = made_s, whole_s
            case WeightsFetched(model, done_bytes, whole_bytes):
                row = self._running.setdefault(f"fetching {model}", _Running(self._clock(), unit="MB"))
                row.made, row.whole = done_bytes / 1e6, whole_bytes / 1e6
                if done_bytes >= whole_bytes:
                    del self._running[f"fetching {model}"]
            case NodeDone(node, status):
                self._running.pop(node, None)
                self._found += status in ("hit", "cutoff")
            case Summary():
                self._running.clear()

    def _open(self) -> None:
        if self._area is not None:
            return
        self._area = Area(get_renderable=self._shown, console=self.console, auto_refresh=False, transient=True)
        self._area.start()
        if self._interval_s:
            thread = threading.Thread(target=self._keep_drawing, name="live display", daemon=True)
            try:
                thread.start()
                self._thread = thread
            except RuntimeError:  # the system gives no more threads
                self._is_alone = True

    def draw(self) -> None:
        """Prints the lines that have come up, and shows what runs now."""
        self._print()
        if self._area is not None:
            self._area.refresh()

    def _line(self, pieces: Sequence[Piece]) -> None:
        with self._lock:
            self._lines.append(pieces)
        if self._is_alone:
            self.draw()

    def _print(self) -> None:
        with self._lock:
            lines, self._lines = self._lines, []
        if lines:
            texts = [Text.assemble(*((words, STYLES.get(style, "")) for words, style in line)) for line in lines]
            # Long lines are the terminal's to break: rich would put line ends into a path that someone wants to copy.
            self.console.print(Text("\n").join(texts), soft_wrap=True)

    def _keep_drawing(self) -> None:
        while not self._over.wait(self._interval_s):
            try:
                self.draw()
            except OSError:  # the terminal is gone: the build is not
                return

    # What is shown. Called by rich, in the drawing thread.

    def _shown(self) -> Group:
        with self._lock:
            now = self._clock()
            # What makes sound now, before what was handed to the model and waits for its turn.
            # What others make comes last.
            order = {name: (entry.elsewhere, not entry.made) for name, entry in self._running.items()}
            rows = sorted(self._running.items(), key=lambda item: order[item[0]])[: self._room()]
            more = len(self._running) - len(rows)
            shown = [(one_line(name), _Running(**vars(entry))) for name, entry in rows]
            done = max(0, self._settled - (self._nodes - self._to_run))
            hits, model = self._found, self._model if any(entry.whole for _, entry in shown) else ""
        width = self.console.width
        lines = [_row(name, entry, now, width, max(cell_len(name) for name, _ in shown)) for name, entry in shown]
        if more:
            lines.append(Text(f"  and {more:,} more", "dim"))
        if not self._to_run:  # before a build begins
            return Group(*lines)
        bar = _bar(done, self._to_run, min(_BAR, width // 4))
        told = f"{done:,} of at most {self._to_run:,}  {hits:,} from cache"
        if width < 60:
            told = f"{done:,}/{self._to_run:,}  {hits:,} hits"
        told = f" {told}  {_elapsed(now - self._since)}"
        lines.append(_cut(Text.assemble(bar, told, (f"  {model}", "dim")), width))
        return Group(*lines)

    def _room(self) -> int:
        """How many rows there are for nodes, with a line to spare, one for the rest and one for the whole."""
        return max(1, min(_ROWS, self.console.height - 4))


def _row(name: str, entry: _Running, now: float, width: int, widest: int) -> Text:
    time_taken = f" {_elapsed(now - entry.since):>5}"
    made = f" {entry.made:5.1f}/{entry.whole:.1f} {entry.unit}" if entry.whole and width >= 60 else ""
    if entry.elsewhere:
        made = " in another build" if width >= 60 else " elsewhere"
    bar = min(_BAR, width // 4)
    column = min(widest, max(8, width - 3 - bar - len(made) - len(time_taken)))
    row = Text(f"  {_fit(name, column)} ")
    row.append_text(_bar(entry.made, entry.whole, bar) if entry.whole else Text(" " * bar))
    row.append(made)
    row.append(time_taken, "dim")
    return _cut(row, width)


def _bar(done: float, whole: float, width: int) -> Text:
    """whole: over 0."""
    filled = int(width * min(1.0, max(0.0, done / whole)))
    return Text.assemble((_DONE * filled, "cyan"), (_TO_DO * (width - filled), "dim"))


def _fit(name: str, width: int) -> str:
    """`name` in exactly `width` columns. Its end stays: that is where nodes of one scene differ."""
    if cell_len(name) > width:
        while cell_len(name) > width - 1:
            name = name[1:]
        name = f"…{name}"
    return name + " " * (width - cell_len(name))


def _cut(line: Text, width: int) -> Text:
    # One column is left free: some terminals begin a new line when the last one is written to.
    line.truncate(max(1, width - 1), overflow="ellipsis")
    line.no_wrap = True
    return line


def _elapsed(seconds: float) -> str:
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"
