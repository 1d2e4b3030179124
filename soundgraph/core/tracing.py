"""What a build spends its time on, as spans: the `Trace` protocol, their sums, and all of them as a Chrome trace."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from time import perf_counter_ns, process_time_ns
from typing import Any, NamedTuple, Protocol

from soundgraph.core.files import write_atomically


class Trace(Protocol):
    """Called in whatever thread does the work."""

    def span(self, category: str, name: str, **facts: Any) -> AbstractContextManager[Any]:
        """Something that takes time, from now until the block ends.

        category: "scenes" (they are read), "fetch" (weights), "plan", "node" (a kind's own work), "load" and "batch"
        (a model's), "read" (a sound out of the cache), "publish" (into it), "check", "export", "handover" (manifests
        for game engines), "state" (what is kept of a build).
        """

    def lap(self, category: str, name: str, **facts: Any) -> None:
        """Something is done that began where the last lap or span of this thread ended, or the span did in which it is.

        category: "take" (one of a batch), "stamps" (whether anything changed at all), "imports".
        """

    def count(self, quantity: str, amount: int) -> None:
        """So much more of something, such as "bytes read"."""


class Off:
    """Keeps nothing."""

    _NOTHING = nullcontext()

    def span(self, category: str, name: str, **facts: Any) -> AbstractContextManager[Any]:
        return self._NOTHING

    def lap(self, category: str, name: str, **facts: Any) -> None: ...

    def count(self, quantity: str, amount: int) -> None: ...


class Spent(NamedTuple):
    """What the spans of one sort come to."""

    times: int
    """How many spans there were."""
    ns: int
    """How long they took, side by side or not; without the spans that lie within them."""


class Span(NamedTuple):
    """Something that took time."""

    category: str
    name: str
    began_ns: int
    """Of `perf_counter_ns`."""
    ended_ns: int
    """Of `perf_counter_ns`."""
    thread: str
    """Its name, which pools give again to those that follow."""
    facts: dict[str, Any]


class Tally:
    """Sums only: what it takes does not grow with the build. Safe to use from several threads.

    began_ns, began_cpu_ns: when it was made, by the clock and in time of processors.
    """

    def __init__(self) -> None:
        self.began_ns, self.began_cpu_ns = perf_counter_ns(), process_time_ns()
        self.counted: dict[str, int] = {}
        self._sums: dict[tuple[str, str], list[int]] = {}
        self._lock = threading.Lock()
        self._since: dict[int, int] = {}  # by thread: when a span of it began or ended last, or a lap ended
        self._within: dict[int, int] = {}  # by thread: how long all took that ended in its innermost span that goes on

    def span(self, category: str, name: str, **facts: Any) -> AbstractContextManager[Any]:
        return _Open(self, category, name, facts)

    def lap(self, category: str, name: str, **facts: Any) -> None:
        thread, ended = threading.get_ident(), perf_counter_ns()
        began = self._since.get(thread, self.began_ns)
        self.add(category, name, began, ended, facts)
        self._since[thread] = ended
        self._within[thread] = self._within.get(thread, 0) + ended - began

    def count(self, quantity: str, amount: int) -> None:
        with self._lock:
            self.counted[quantity] = self.counted.get(quantity, 0) + amount

    def begin(self) -> tuple[int, int]:
        """A span of this thread begins. Returns when, and what `end` wants to know of the span that it is in."""
        thread = threading.get_ident()
        around, self._within[thread] = self._within.get(thread, 0), 0
        began = self._since[thread] = perf_counter_ns()
        return began, around

    def end(self, category: str, name: str, began_ns: int, around: int, facts: dict[str, Any]) -> None:
        """The span of this thread that began last is over."""
        thread, ended = threading.get_ident(), perf_counter_ns()
        within, self._within[thread] = self._within[thread], around + ended - began_ns
        self._since[thread] = ended
        self.add(category, name, began_ns, ended, facts, within)

    def add(
        self, category: str, name: str, began_ns: int, ended_ns: int, facts: dict[str, Any], within_ns: int = 0
    ) -> None:
        """A span of this thread is over. within_ns: how much of it those take that lie in it."""
        key = (category, _what(category, name, facts))
        with self._lock:
            sums = self._sums.setdefault(key, [0, 0])
            sums[0] += 1
            sums[1] += ended_ns - began_ns - within_ns

    def spent(self) -> dict[tuple[str, str], Spent]:
        """By category, and within it by kind or model."""
        return {key: Spent(*sums) for key, sums in self._sums.items()}


class _Open:
    """A span that goes on."""

    __slots__ = ("_around", "_began", "_category", "_facts", "_name", "_tally")

    def __init__(self, tally: Tally, category: str, name: str, facts: dict[str, Any]):
        self._tally, self._category, self._name, self._facts = tally, category, name, facts

    def __enter__(self) -> None:
        self._began, self._around = self._tally.begin()

    def __exit__(self, *_: object) -> None:
        self._tally.end(self._category, self._name, self._began, self._around, self._facts)


def _what(category: str, name: str, facts: dict[str, Any]) -> str:
    """What the spans of a category are summed by: the kind of a node, the model of a load, take or batch."""
    if category == "node":
        return str(facts.get("kind", ""))
    if category == "take":
        name = str(facts.get("model", ""))
    elif category not in ("load", "batch"):
        return ""
    return model_label(name, facts.get("precision"))


def model_label(model: str, precision: object) -> str:
    """ "facebook/musicgen-small (int8)": what a model's loads and takes are summed by."""
    return f"{model} ({precision})" if precision else model


_HEAD = '{"displayTimeUnit": "ms", "traceEvents": ['


def may_begin(line: bytes) -> bool:
    """Whether a file whose first line this is was written here, or is empty."""
    return not line or line == f"{_HEAD}\n".encode()


class Recorder(Tally):
    """Keeps every span, to be written as a Chrome trace.

    edges: (node, its user), to be drawn as arrows.
    """

    def __init__(self) -> None:
        super().__init__()
        self.edges: Iterable[tuple[str, str]] = ()
        self._spans: list[tuple[str, str, int, int, str, dict[str, Any]]] = []
        self._amounts: list[tuple[int, str, int]] = []  # when, of what, how much by then

    def add(
        self, category: str, name: str, began_ns: int, ended_ns: int, facts: dict[str, Any], within_ns: int = 0
    ) -> None:
        super().add(category, name, began_ns, ended_ns, facts, within_ns)
        # A list may be appended to from several threads.
        self._spans.append((category, name, began_ns, ended_ns, threading.current_thread().name, facts))

    def count(self, quantity: str, amount: int) -> None:
        with self._lock:
            self.counted[quantity] = self.counted.get(quantity, 0) + amount
            self._amounts.append((perf_counter_ns(), quantity, self.counted[quantity]))

    @property
    def spans(self) -> list[Span]:
        """Those that have ended."""
        return [Span(*span) for span in self._spans]

    def write(self, path: str) -> None:
        """Writes the trace so far; a file that is there is replaced, as a whole. Raises OSError."""
        events = ",\n".join(json.dumps(event, ensure_ascii=False) for event in self.events())
        # JSON knows no lone surrogates, which the name of a file may hold.
        text = f"{_HEAD}\n{events}\n]}}\n"
        write_atomically(path, text.encode("utf-8", "backslashreplace"))

    def events(self) -> Iterator[dict[str, Any]]:
        """The trace event format that chrome://tracing and Perfetto read; times in microseconds since the beginning.

        https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
        """
        pid, spans = os.getpid(), self.spans
        threads = {"MainThread": 1}
        for span in spans:
            threads.setdefault(span.thread, len(threads) + 1)
        yield {"ph": "M", "pid": pid, "tid": 1, "name": "process_name", "args": {"name": "soundgraph build"}}
        for thread, tid in threads.items():
            told = "build" if thread == "MainThread" else thread.replace("_", " ")
            yield {"ph": "M", "pid": pid, "tid": tid, "name": "thread_name", "args": {"name": told}}
            yield {"ph": "M", "pid": pid, "tid": tid, "name": "thread_sort_index", "args": {"sort_index": tid}}
        for span in spans:
            event: dict[str, Any] = {"ph": "X", "pid": pid, "tid": threads[span.thread], "cat": span.category}
            event |= {"name": _title(span), "ts": self._us(span.began_ns)}
            # The difference of what is written, so that a span ends no later than the one that it is in.
            event["dur"] = round(self._us(span.ended_ns) - event["ts"], 3)
            yield event | ({"args": span.facts} if span.facts else {})
        for moment, busy in _busy(spans):
            yield {"ph": "C", "pid": pid, "name": "busy threads", "ts": self._us(moment), "args": {"threads": busy}}
        for moment, quantity, amount in self._amounts:
            yield {"ph": "C", "pid": pid, "name": quantity, "ts": self._us(moment), "args": {quantity: amount}}
        yield from self._arrows(pid, threads)

    def _arrows(self, pid: int, threads: dict[str, int]) -> Iterator[dict[str, Any]]:
        made = {span.name: span for span in self.spans if span.category in ("node", "take")}
        number = 0
        for name, user in self.edges:
            if name in made and user in made and made[name].ended_ns <= made[user].began_ns:
                number += 1
                start, end = made[name], made[user]
                about = {"cat": "input", "name": "input", "id": number, "pid": pid}
                # An arrow belongs to the span around its moment: one that begins where a span ends belongs to none.
                ts = self._us((start.began_ns + start.ended_ns) // 2)
                yield {"ph": "s", **about, "tid": threads[start.thread], "ts": ts}
                yield {"ph": "f", "bp": "e", **about, "tid": threads[end.thread], "ts": self._us(end.began_ns)}

    def _us(self, ns: int) -> float:
        return (ns - self.began_ns) / 1000


def _title(span: Span) -> str:
    return span.name if span.category in ("node", "take", "export") else f"{span.category} {span.name}"


_WAITING = ("build", "batch")
"""Spans that others are in: what is in them tells more of what is done."""


def _busy(spans: Iterable[Span]) -> Iterator[tuple[int, int]]:
    """How many threads are at work, from when on."""
    changes: dict[int, int] = {}
    depth: dict[str, int] = {}
    moments = []
    for span in spans:
        if span.category not in _WAITING:
            moments += [(span.began_ns, 1, span.thread), (span.ended_ns, -1, span.thread)]
    busy = 0
    for moment, change, thread in sorted(moments):
        before, after = depth.get(thread, 0), depth.get(thread, 0) + change
        depth[thread] = after
        busy += (after > 0) - (before > 0)
        changes[moment] = busy
    yield from changes.items()
