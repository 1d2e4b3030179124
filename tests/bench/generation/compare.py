"""The parties' decode steps, a few at a time in turns with stock audiocraft's, each party in a process of its own.

At most two processes hold a model: the party that is measured, and stock audiocraft generating one take at a time,
which every figure is set against. Steps of the two alternate, so that what else the machine does falls on both.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Self

from tests.bench.generation import checkpoints
from tests.bench.generation.parties import STOCK, Order
from tests.bench.generation.sizes import FRAME_RATE

_REPOSITORY = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Plan:
    """How much to measure.

    batches: takes at a time. contexts_s: seconds of sound that the takes go on from.
    rounds: turns of each party. steps: of each turn. warm_up: steps before the first turn that are not counted.
    lone_width: the batch width of a lone float32 take in the generator's default; 0 to leave that out.
    grain: how many steps a party may do before it can be told to stop.
    """

    batches: tuple[int, ...]
    contexts_s: tuple[float, ...]
    rounds: int
    steps: int
    warm_up: int
    lone_width: int = 0
    grain: int = 1

    def orders(self, party: str) -> list[Order]:
        """What one party is to generate, small batches first: memory that a process took once it seldom gives back."""
        widths = [(rows, rows) for rows in self.batches]
        if party == "float32" and self.lone_width > 1:
            widths.append((1, self.lone_width))
        return [self.order(rows, width, context_s) for rows, width in widths for context_s in self.contexts_s]

    def order(self, rows: int, width: int, context_s: float) -> Order:
        context = round(context_s * FRAME_RATE)
        turns = [1, self.warm_up, *[self.steps] * self.rounds]
        # One more step than can be done, so that no generation ends by itself.
        return Order(rows, width, context, context + sum(_round_up(steps, self.grain) for steps in turns) + 1)


def _round_up(n: int, step: int) -> int:
    return -(-n // step) * step


@dataclass
class Point:
    """What one order cost: seconds are CPU time, on a GPU wall time; one figure for each turn.

    step_s: of one step of the whole batch. stock_s: of one step of stock audiocraft with one take, in the same turns.
    prefill_s: of taking the context in and making one step, text encoder included. peak_mib: the most memory meanwhile.
    """

    rows: int
    width: int
    context_s: float
    prefill_s: float = 0.0
    step_s: list[float] = field(default_factory=list)
    stock_s: list[float] = field(default_factory=list)
    peak_mib: float = 0.0

    @property
    def step_median_s(self) -> float:
        return median(self.step_s)

    @property
    def step_stock_median_s(self) -> float:
        return median(self.stock_s)

    @property
    def gain(self) -> float:
        """How many times less a take costs than with stock audiocraft one at a time: median of the turns."""
        pairs = zip(self.step_s, self.stock_s, strict=True)
        return median(stock * self.rows / own for own, stock in pairs)


class WorkerError(Exception):
    """A party's process ended before it should, or could not do what it was asked for. Its text is one line."""


class Worker:
    """The process of one party; see `worker.py` for what it can be told. A context manager."""

    def __init__(self, party: str, root: Path, name: str, device: str, threads: int):
        self.party = party
        environment = {**os.environ, **checkpoints.environment(root), "OMP_NUM_THREADS": str(threads)}
        module = "tests.bench.generation.worker"
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", module, party, str(root), name, device, str(threads)],
            cwd=_REPOSITORY,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            self.loaded = self._answer()
        except BaseException:
            self.close()
            raise

    def ask(self, order: Mapping[str, Any]) -> dict[str, Any]:
        stdin = self._process.stdin
        assert stdin is not None
        try:
            print(json.dumps(order), file=stdin, flush=True)
        except BrokenPipeError:
            raise WorkerError(f"{self.party}: its process ended") from None
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        stdout = self._process.stdout
        assert stdout is not None
        line = stdout.readline()
        if not line:
            raise WorkerError(f"{self.party}: its process ended with {self._process.wait()}; see above")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise WorkerError(f"{self.party}: {answer['error']}")
        return answer

    def begin(self, order: Order) -> tuple[float, int]:
        """Begin to generate: (what taking the context in and the first steps cost in seconds, how many those are)."""
        answer = self.ask({"begin": asdict(order)})
        return float(answer["spent_s"]), int(answer["steps"])

    def step_s(self, steps: int) -> float:
        """Go on for that many steps or a few more; what one of them cost."""
        answer = self.ask({"steps": steps})
        return float(answer["spent_s"]) / int(answer["steps"])

    def end(self) -> float:
        """End it; the most memory that was taken, in MiB."""
        return float(self.ask({"end": True})["peak_mib"])

    def codes(self, order: Order) -> list[Any]:
        return list(self.ask({"codes": asdict(order)})["codes"])

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def compare(
    parties: Sequence[str], root: Path, name: str, device: str, threads: int, plan: Plan, later_s: float = 0.0
) -> dict[str, Any]:
    """Measure the parties with the weights of one size. Returns what `report` reads, made of what JSON can hold.

    later_s: seconds of sound that audiocraft is going to make one at a time after this, for the estimate it prints.
    """
    results: dict[str, Any] = {}
    with Worker(STOCK, root, name, device, threads) as stock:
        right = stock.codes(_CHECK)
        floor = stock.ask({"floor": True}) if device == "cuda" else None
        _say(f"this may take about {_estimate_s(stock, parties, plan, later_s) / 60:.0f} minutes")
        for party in parties:
            _say(f"{party}: loading")
            results[party] = result = {"points": []}
            try:
                with Worker(party, root, name, device, threads) as worker:
                    result |= {**worker.loaded, "same_tokens": _share_of_equal(worker.codes(_CHECK), right)}
                    for order in plan.orders(party):
                        _say(f"{party}: {order.rows} in a batch of {order.width}, after {order.context} frames")
                        result["points"].append(asdict(_point(worker, stock, order, plan)))
            except WorkerError as error:
                result["trouble"] = str(error)
        return {
            "parties": results,
            "floor": floor,
            "stock": stock.loaded["versions"],
            "machine": stock.loaded["machine"],
        }


def _estimate_s(stock: Worker, parties: Sequence[str], plan: Plan, later_s: float) -> float:
    """Seconds that everything may take, from what stock audiocraft's first steps take.

    A batch of 8 costs some two steps of a single take, taking in a context of 40 frames about one.
    """
    stock.begin(plan.order(1, 1, 0.0))
    began_s = time.monotonic()
    stock.step_s(3)
    one_s = (time.monotonic() - began_s) / 3
    stock.end()
    steps = plan.warm_up + plan.rounds * plan.steps
    here_s = sum(
        3 + one_s * (steps * (2 + order.width / 8) + (1 + order.rows) * order.context / 40)
        for party in parties
        for order in plan.orders(party)
    )
    return here_s + 1.5 * FRAME_RATE * later_s * one_s


def _point(worker: Worker, stock: Worker, order: Order, plan: Plan) -> Point:
    alone = plan.order(1, 1, order.context / FRAME_RATE)
    stock.begin(alone)
    try:
        began_s, first_steps = worker.begin(order)
        point = Point(order.rows, order.width, order.context / FRAME_RATE)
        for each in (worker, stock):
            each.step_s(plan.warm_up)
        for _ in range(plan.rounds):
            point.step_s.append(worker.step_s(plan.steps))
            point.stock_s.append(stock.step_s(plan.steps))
        point.prefill_s = max(0.0, began_s - (first_steps - 1) * point.step_median_s)
        point.peak_mib = worker.end()
    finally:
        stock.end()
    return point


# Ten frames after ten others, in as many steps as are enough to go wrong.
_CHECK = Order(rows=1, width=1, context=10, frames=20, greedy=True)


def _share_of_equal(codes: Any, right: Any) -> float:
    """Of 0 to 1: how many of the generated tokens are the same."""
    pairs = [
        (one, other)
        for book, right_book in zip(codes[0], right[0], strict=True)
        for one, other in list(zip(book, right_book, strict=True))[_CHECK.context :]
    ]
    return sum(one == other for one, other in pairs) / len(pairs)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
