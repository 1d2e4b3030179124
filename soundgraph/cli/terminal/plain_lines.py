"""What a build prints for a person to read, line by line."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Protocol, Self

from soundgraph.core.events import (
    Event,
    ExportDone,
    ModelLoaded,
    ModelLoading,
    NodeDone,
    NodeWaiting,
    Remark,
    Summary,
)
from soundgraph.core.text import counted, one_line

Piece = tuple[str, str]
"""Words, and what sort of words they are: a key of `STYLES`."""

STYLES = {
    "": "",
    "strong": "bold",
    "weak": "dim",
    "ran": "bold",
    "cutoff": "cyan",
    "failed": "bold red",
    "note": "yellow",
    "written": "bold",
    "restored": "bold",
}
"""How `Live` shows them. Nothing is told by colour alone."""


class Reader(Protocol):
    """Reads the events of a build, and puts its output back in order when the build is over, however it ends."""

    def __call__(self, event: Event) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Transcript(ABC):
    """The lines of a build: what ran, went wrong or was delivered, and one that sums up. Hits are only counted."""

    def __init__(self) -> None:
        self._scenes: dict[str, None] = {}
        self._settled = 0
        self._delivered = 0
        self._told: set[tuple[str, str]] = set()
        self._waited = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:  # noqa: B027 - lines need no more
        """Leaves the output in order."""

    def __call__(self, event: Event) -> None:
        """Puts out what an event is worth in words: how far something has come is seen in the live form only."""
        match event:
            case ModelLoading(model):
                self._say([("loading ", "weak"), (model, "")])
            case ModelLoaded(model, about) if about:
                self._say([("loaded ", "weak"), (model, ""), (f": {about}", "weak")])
            case NodeWaiting(node):
                self._tell_waiting(node)
            case NodeDone(node, status, seconds, detail):
                self._tell_node(node, status, seconds, detail)
            case ExportDone(path, status, facts):
                self._tell_export(path, status, facts)
            case Remark(place, text):
                self._tell_remark(place, text)
            case Summary():
                self._tell_summary(event)

    def _tell_waiting(self, node: str) -> None:
        if not self._waited:  # once: of a scene that two build, all nodes may wait
            self._waited = True
            self._say([(node, ""), ("  waiting", "weak")], "another build is making it")

    def _tell_node(self, node: str, status: str, seconds: float, detail: str) -> None:
        self._settled += 1
        self._scenes[node.partition(":")[0]] = None
        if status in ("hit", "skipped"):
            return
        pieces = [(node, ""), (f"  {status}", status)]
        if status == "ran":
            pieces.append((f"  {_lasted(seconds)}", "weak"))
        self._say(pieces, detail)

    def _tell_export(self, path: str, status: str, facts: Mapping[str, Any]) -> None:
        detail = str(facts.get("detail") or "")
        if status != "current":
            measured = "".join(f"  {fact}" for fact in _measured(facts))
            draft = [("  (draft)", "weak")] if facts.get("draft") else []
            self._say([(path, "strong"), (measured, ""), (f"  {status}", status), *draft], detail)
        elif facts.get("sidecar") in ("written", "restored"):
            self._say([(f"{path}.json", "strong"), (f"  {facts['sidecar']}", facts["sidecar"])])
        if "written" in (status, facts.get("sidecar")) or "restored" in (status, facts.get("sidecar")):
            self._delivered += 1
        # The formats of one export mostly have the same to say: once is enough.
        for text in facts.get("remarks") or ():
            note = (path.rpartition(".")[0], str(text))
            if status != "current" and note not in self._told:
                self._told.add(note)
                self._tell_remark(path, text)

    def _tell_remark(self, place: str, text: str) -> None:
        self._say([(place, ""), ("  note", "note")], text)

    def _tell_summary(self, summary: Summary) -> None:
        scenes = max(summary.scenes, len(self._scenes))
        name = counted(scenes, "scene") if scenes > 1 else next(iter(self._scenes), "")
        told, rest = self._summary(summary)
        self._say([(f"{name}: " if name else "", "strong"), (told, ""), (rest, "weak")])
        self.close()

    def _summary(self, summary: Summary) -> tuple[str, str]:
        parts = []
        if summary.ran:
            parts.append(f"{summary.ran:,} ran")
        if from_cache := summary.hits + summary.cutoffs:
            parts.append(f"{from_cache:,} from cache")
        if summary.failed:
            parts.append(f"{summary.failed:,} failed")
        if summary.skipped:
            parts.append(f"{summary.skipped:,} skipped")
        if summary.loads:
            parts.append(counted(summary.loads, "model load"))
        if self._delivered:
            parts.append(counted(self._delivered, "file"))
        elif summary.ran and summary.exports:
            parts.append("no file changed")
        if summary.ran or summary.failed or summary.skipped or self._delivered:
            return ", ".join(parts), f"  {summary.seconds:.1f} s"
        if not from_cache:
            return "nothing to do", ""
        return "nothing to do", f" ({counted(from_cache, 'node')}, {counted(summary.exports, 'file')} current)"

    def _say(self, pieces: Sequence[Piece], detail: str = "") -> None:
        """A line, with `detail` at its end; further lines of that are set in."""
        first, *more = detail.splitlines() or [""]
        line = [(_clean(words), style) for words, style in pieces if words]
        self._line([*line, (f"  {one_line(first)}", "")] if first.strip() else line)
        for words in more:
            self._line([(f"  {one_line(words)}", "")])

    @abstractmethod
    def _line(self, pieces: Sequence[Piece]) -> None:
        """Puts out a line, made of words and their styles."""


class Plain(Transcript):
    """Lines of text, for pipes and the logs of CI. write: is given each line without its end."""

    def __init__(self, write: Callable[[str], object]):
        super().__init__()
        self._write = write

    def _line(self, pieces: Sequence[Piece]) -> None:
        self._write("".join(words for words, _ in pieces))


def _measured(facts: Mapping[str, Any]) -> list[str]:
    """Length, loudness and peak, of those that are known."""
    figures = []
    if (duration := facts.get("duration_s")) is not None:
        figures.append(f"{duration:.2f} s")
    if "loudness_lufs" in facts and "true_peak_dbtp" in facts and facts["true_peak_dbtp"] is None:
        return [*figures, "silent"]
    for name, unit in (("loudness_lufs", "LUFS"), ("true_peak_dbtp", "dBTP")):
        if (level := facts.get(name)) is not None:
            figures.append(f"{round(level, 1) + 0.0:.1f} {unit}")  # + 0.0: there is no -0.0
    return figures


def _lasted(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s"


def _clean(words: str) -> str:
    """Harmless to a terminal, with the spaces at both ends kept: they part a piece from its neighbours."""
    if words.isascii() and words.isprintable():
        return words
    inner = one_line(words)
    start = len(words) - len(words.lstrip(" "))
    end = len(words) - len(words.rstrip(" "))
    return " " * start + inner + " " * end
