"""The benchmark's tables in Markdown, and the verdicts on the targets, from the figures that were kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.bench.generation.compare import Point
from tests.bench.generation.parties import OURS, STOCK, TRANSFORMERS
from tests.bench.generation.sizes import FRAME_RATE

BEGIN, END = "<!-- generating -->", "<!-- /generating -->"

Run = Mapping[str, Any]
"""One run of the benchmark with the weights of one size on one device, as `__main__` keeps it."""

_LABELS = {STOCK: "audiocraft", TRANSFORMERS: "transformers", **{name: f"soundgraph, {name}" for name in OURS}}


@dataclass(frozen=True)
class Target:
    """What was promised, what was measured, and whether it holds; `met` is None where it was not measured."""

    promise: str
    measured: str
    met: bool | None

    def __str__(self) -> str:
        return f"{self.verdict}: {self.promise}: {self.measured}"

    @property
    def verdict(self) -> str:
        return "not measured" if self.met is None else "met" if self.met else "MISSED"


def points(run: Run, party: str) -> list[Point]:
    found = run["parties"].get(party, {"points": []})["points"]
    return [Point(**point) for point in found]


def targets(run: Run) -> list[Target]:
    """The project's promises about generating, held against one run. Each has to hold after every context."""
    return _on_gpu(run) if run["device"] == "cuda" else _on_cpu(run)


def _on_cpu(run: Run) -> list[Target]:
    against = "than audiocraft one at a time"
    promised = (
        ("float32", 1, 1.5, f"a lone float32 take in a batch of 1: at least 1.5 × cheaper {against}"),
        ("float32", 8, 5.0, f"a float32 take in full batches of 8: at least 5 × cheaper {against}"),
        ("int8", 1, 4.0, f"a lone int8 take: at least 4 × cheaper {against}"),
        ("int8", 8, 15.0, f"an int8 take in full batches of 8: at least 15 × cheaper {against}"),
    )
    found = [
        _each(
            promise, _full(points(run, party), rows), lambda point: point.gain, "×", lambda value, m=least: value >= m
        )
        for party, rows, least, promise in promised
    ]
    return [*found, _memory(run), *_whole(run)]


def _on_gpu(run: Run) -> list[Target]:
    own, floor = points(run, "float16"), run["floor"]
    floor_s = floor["step_bytes"] / floor["bytes_s"] if floor else None
    return [
        _each(
            "batch of 1: at least 5 × audiocraft's steps a second",
            _full(own, 1),
            lambda point: point.gain,
            "×",
            lambda value: value >= 5,
        ),
        _each(
            "batch of 1: at most 2 × the time that reading the weights takes",
            _full(own, 1) if floor_s else [],
            lambda point: point.step_median_s / (floor_s or 1),
            "×",
            lambda value: value <= 2,
        ),
        _each(
            "batch of 32: at least 100 s of sound a second",
            _full(own, 32),
            lambda point: point.rows / FRAME_RATE / point.step_median_s,
            "×",
            lambda value: value >= 100,
        ),
    ]


def _full(found: Iterable[Point], rows: int) -> list[Point]:
    return [point for point in found if point.rows == point.width == rows]


def _each(
    promise: str, found: Sequence[Point], value: Callable[[Point], float], unit: str, holds: Callable[[float], bool]
) -> Target:
    if not found:
        return Target(promise, "–", None)
    texts = [f"{value(point):.2f} {unit} after {point.context_s:g} s" for point in found]
    return Target(promise, ", ".join(texts), all(holds(value(point)) for point in found))


def _memory(run: Run) -> Target:
    """Every precision against stock in the same batch after the same context; the process's whole life counts."""
    promise = "peak memory no higher than audiocraft's in the same batch"
    stock = {(point.rows, point.context_s): _life_mib(run, STOCK, point) for point in points(run, STOCK)}
    shares = [
        (_life_mib(run, party, point) / stock[point.rows, point.context_s], party, point)
        for party in OURS
        for point in points(run, party)
        if point.rows == point.width and (point.rows, point.context_s) in stock
    ]
    if not shares:
        return Target(promise, "–", None)
    worst, party, point = max(shares, key=lambda share: share[0])
    where = f"{party}, batch of {point.rows}, after {point.context_s:g} s"
    return Target(promise, f"at most {worst:.2f} × ({where})", worst <= 1)


def _life_mib(run: Run, party: str, point: Point) -> float:
    return max(point.peak_mib, run["parties"][party]["peak_mib"])


def _whole(run: Run) -> list[Target]:
    costs = (run.get("scene") or {"costs": {}})["costs"]
    stock, own = costs.get(STOCK, {}), costs.get("float32", {})
    promise = "twelve sounds in float32: peak memory no higher than audiocraft's"
    if "peak_mib" not in stock or "peak_mib" not in own:
        return [Target(promise, "–", None)]
    share = own["peak_mib"] / stock["peak_mib"]
    return [Target(promise, f"{share:.2f} ×", share <= 1)]


def page(text: str, runs: Mapping[str, Run]) -> str:
    """The page with what stands between its markers made anew. Raises ValueError for a page without them."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no lines {BEGIN} and {END} to write between")
    parts = "\n\n".join(markdown(runs[key]) for key in runs) if runs else "Nothing was measured yet."
    return f"{before}{BEGIN}\n{parts}\n{END}{after}"


def markdown(run: Run) -> str:
    """One run's part of the page."""
    where = "a GPU" if run["device"] == "cuda" else "a processor"
    parts = [f"### {run['size']} on {where}", "\n".join(f"- {name}: {value}" for name, value in run["facts"].items())]
    troubles = [
        f"- {_LABELS[party]}: {found['trouble']}" for party, found in run["parties"].items() if "trouble" in found
    ]
    if troubles:
        parts.append("\n".join(troubles))
    verdicts = [
        [target.promise, target.measured, target.verdict.replace("MISSED", "**missed**")] for target in targets(run)
    ]
    parts.append(_table(["Target", "Measured", ""], verdicts))
    for context_s in run["contexts_s"]:
        rows = [
            row for party in run["parties"] for row in _step_rows(party, points(run, party), context_s, run["device"])
        ]
        if rows:
            parts += [f"Decode steps after {context_s:g} s of sound:", _table(_STEP_HEADER[run["device"]], rows)]
    parts += _lone(run)
    if run["floor"]:
        bytes_s, step_bytes = run["floor"]["bytes_s"], run["floor"]["step_bytes"]
        parts.append(
            f"The device copies {bytes_s / 1e9:,.0f} GB/s, read and written bytes together. Reading the "
            f"{step_bytes / 1e9:.2f} GB of a step's weights takes {1000 * step_bytes / bytes_s:.2f} ms at least."
        )
    loads = [_load_row(party, found) for party, found in run["parties"].items() if "same_tokens" in found]
    if loads:
        parts += ["Loading, and whether greedy tokens are those of audiocraft:", _table(_LOAD_HEADER, loads)]
    parts += _scene(run)
    return "\n\n".join(parts)


_STEP_HEADER = {
    "cpu": ["", "Batch", "CPU ms a step", "a step and take", "× audiocraft alone", "context taken in, s", "Peak MiB"],
    "cuda": ["", "Batch", "ms a step", "steps a second", "× audiocraft alone", "s of sound a second", "Peak MiB"],
}
_LOAD_HEADER = ["", "CPU s", "Peak MiB", "Same greedy tokens"]


def _step_rows(party: str, found: Sequence[Point], context_s: float, device: str) -> list[list[str]]:
    rows = []
    for point in found:
        if point.context_s != context_s:
            continue
        step_s = point.step_median_s
        if device == "cuda":
            middle, late = f"{1 / step_s:.1f}", f"{point.rows / FRAME_RATE / step_s:.1f}"
        else:
            middle, late = _ms(step_s / point.rows), f"{point.prefill_s:.1f}"
        batch = str(point.rows) if point.rows == point.width else f"{point.rows} in {point.width}"
        rows.append([_LABELS[party], batch, _ms(step_s), middle, f"{point.gain:.2f}", late, f"{point.peak_mib:,.0f}"])
    return rows


def _lone(run: Run) -> list[str]:
    """What a lone take pays for a batch width that full batches need."""
    own = points(run, "float32")
    paid = []
    for wide in (point for point in own if point.rows == 1 < point.width):
        for narrow in (point for point in _full(own, 1) if point.context_s == wide.context_s):
            share = (wide.step_median_s / wide.step_stock_median_s) / (
                narrow.step_median_s / narrow.step_stock_median_s
            )
            paid.append(f"{share:.2f} × after {wide.context_s:g} s")
    if not paid:
        return []
    width = max(point.width for point in own if point.rows == 1)
    return [f"A lone float32 take in a batch of {width}, against one in a batch of 1: {', '.join(paid)}."]


def _load_row(party: str, found: Mapping[str, Any]) -> list[str]:
    return [
        _LABELS[party],
        f"{found['load_cpu_s']:.1f}",
        f"{found['peak_mib']:,.0f}",
        f"{100 * found['same_tokens']:.0f} %",
    ]


def _scene(run: Run) -> list[str]:
    scene = run.get("scene")
    if not scene:
        return []
    time = "wall_s" if run["device"] == "cuda" else "cpu_s"
    stock_s = scene["costs"].get(STOCK, {}).get(time)
    rows = []
    for party, cost in scene["costs"].items():
        if "trouble" in cost:
            rows.append([_LABELS[party], cost["trouble"], "", "", ""])
            continue
        gain = f"{stock_s / cost[time]:.2f}" if stock_s else "–"
        rows.append(
            [_LABELS[party], f"{cost['cpu_s']:,.0f}", f"{cost['wall_s']:,.0f}", gain, f"{cost['peak_mib']:,.0f}"]
        )
    title = f"{scene['sounds']} sounds of {scene['seconds']:g} s, whole processes from start to files:"
    return [title, _table(["", "CPU s", "Wall s", "× audiocraft", "Peak MiB"], rows)]


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f}" if seconds < 0.1 else f"{1000 * seconds:,.0f}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
