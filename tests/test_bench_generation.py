"""The benchmark of generating gives every party the same work, and its verdicts follow from the figures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pytest

from tests.bench.generation import compare, report, scene
from tests.bench.generation.compare import Plan, Point
from tests.bench.generation.parties import STOCK, Order
from tests.bench.generation.sizes import PROMPTS, SIZES
from tests.bench.generation.worker import Meter, serve

REPOSITORY = Path(__file__).parent.parent


# A whole run, with a model of no size


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str]:
    """What a run keeps, and the page it writes."""
    folder = tmp_path_factory.mktemp("generation")
    page, raw = folder / "page.md", folder / "raw.json"
    page.write_text(f"before\n{report.BEGIN}\n{report.END}\nafter\n")
    options = {
        "size": "tiny",
        "only": "float32",
        "batches": "2",
        "contexts": "0.2",
        "lone-width": "0",
        "rounds": "2",
        "steps": "1",
        "warm-up": "1",
        "threads": "1",
        "out": str(page),
        "raw": str(raw),
        "scratch": str(folder),
    }
    argv = [sys.executable, "-W", "ignore", "-m", "tests.bench.generation"]
    argv += [word for name, value in options.items() for word in (f"--{name}", value)]
    done = subprocess.run(argv, cwd=REPOSITORY, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert raw.exists(), done.stderr
    return json.loads(raw.read_text())["cpu tiny"], page.read_text()


def test_soundgraph_and_audiocraft_generate_the_same_greedy_tokens(whole_run):
    run, _ = whole_run
    assert run["parties"]["float32"].get("trouble") is None
    assert run["parties"]["float32"]["same_tokens"] == 1


def test_a_run_has_one_figure_for_each_turn_of_each_order(whole_run):
    run, _ = whole_run
    [point] = report.points(run, "float32")
    assert (point.rows, point.width, point.context_s) == (2, 2, 0.2)
    assert len(point.step_s) == len(point.stock_s) == 2
    assert min(*point.step_s, *point.stock_s, point.prefill_s) > 0
    assert point.peak_mib > 50


def test_a_run_writes_between_the_markers_of_the_page_only(whole_run):
    run, page = whole_run
    assert page == f"before\n{report.BEGIN}\n{report.markdown(run)}\n{report.END}\nafter\n"


# Turns


class Counting:
    """A party that generates without a model: each step costs one tick of its clock for each take."""

    versions = "none"

    def __init__(self, grain: int = 1) -> None:
        self.ticks = 0.0
        self.grain = grain

    def prepare(self, order: Order) -> None:
        self.ticks += 1000

    def run(self, order: Order, on_step: Callable[[int], None]) -> None:
        for step in range(order.frames - order.context):
            self.ticks += order.rows * (100 if step == 0 else 1)
            if (step + 1) % self.grain == 0:
                on_step(self.grain)


class Clock(Meter):
    def __init__(self, party: Counting):
        super().__init__("cpu")
        self.party = party

    def now_s(self) -> float:
        return self.party.ticks


def answers(*orders: dict[str, Any], grain: int = 1) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    party = Counting(grain)
    serve(party, Clock(party), iter(orders), lambda answer: found.append(dict(answer)))
    return found


BEGIN = {"begin": {"rows": 2, "width": 2, "context": 5, "frames": 50}}


def test_only_the_steps_that_were_asked_for_are_counted_and_the_context_by_itself():
    said = answers(BEGIN, {"steps": 3}, {"steps": 4}, {"end": True})
    assert [answer.get("spent_s") for answer in said] == [200, 6, 8, None]
    assert "peak_mib" in said[-1]


def test_a_party_that_does_several_steps_at_once_says_how_many():
    said = answers(BEGIN, {"steps": 3}, {"steps": 6}, {"end": True}, grain=5)
    assert [(answer.get("spent_s"), answer.get("steps")) for answer in said[:3]] == [(208, 5), (10, 5), (20, 10)]


def test_a_generation_can_follow_one_that_was_ended():
    said = answers(BEGIN, {"steps": 3}, {"end": True}, BEGIN, {"steps": 1}, {"end": True})
    assert [answer.get("spent_s") for answer in said] == [200, 6, None, 200, 2, None]


def test_a_take_that_is_over_too_early_is_an_error():
    assert "error" in answers(BEGIN, {"steps": 45})[-1]


@pytest.mark.parametrize("grain", [1, 10])
def test_no_plan_asks_for_more_steps_than_a_take_has(grain):
    plan = Plan(batches=(1, 4), contexts_s=(0.0, 1.0), rounds=3, steps=5, warm_up=2, lone_width=8, grain=grain)
    for order in plan.orders("float32"):
        turns = [{"steps": plan.warm_up}, *[{"steps": plan.steps}] * plan.rounds]
        said = answers({"begin": vars(order)}, *turns, {"end": True}, grain=grain)
        assert "peak_mib" in said[-1]


def test_a_lone_take_in_a_wide_batch_is_asked_of_float32_only():
    plan = Plan(batches=(1, 4), contexts_s=(0.0,), rounds=1, steps=1, warm_up=1, lone_width=8)
    assert [(order.rows, order.width) for order in plan.orders("float32")] == [(1, 1), (4, 4), (1, 8)]
    assert [(order.rows, order.width) for order in plan.orders("int8")] == [(1, 1), (4, 4)]


class FakeWorker:
    """Costs that are known: a step of audiocraft 0.4 s, of any other party 0.1 s for each take."""

    loaded = {"load_cpu_s": 1.0, "peak_mib": 10.0, "versions": "", "machine": ""}  # noqa: RUF012

    def __init__(self, party: str, *_: object):
        self.party, self.rows, self.log = party, 0, []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.rows == 0, "left in the middle of a take"

    def codes(self, order: Order) -> list[Any]:
        changed = self.party == "int8"
        return [[list(range(order.context)) + [7] * 9 + [8 if changed else 7]] * 4]

    def begin(self, order: Order) -> tuple[float, int]:
        assert self.rows == 0
        self.rows = order.rows
        return 2.0, 3

    def step_s(self, steps: int) -> float:
        if self.party == "broken":
            raise compare.WorkerError("broken: its process ended with 1")
        return 0.4 if self.party == STOCK else 0.1 * self.rows

    def end(self) -> float:
        self.rows = 0
        return 20.0


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    monkeypatch.setattr(compare, "Worker", FakeWorker)
    plan = Plan(batches=(1, 2), contexts_s=(0.0,), rounds=2, steps=3, warm_up=1)
    return lambda *parties: compare.compare(parties, Path(), "tiny", "cpu", 1, plan)["parties"]


def test_a_gain_is_audiocraft_s_cost_of_a_take_by_the_party_s(fake):
    [alone, two] = [Point(**point) for point in fake("float32")["float32"]["points"]]
    assert alone.gain == pytest.approx(4)
    # Two takes in one step of 0.2 s, against two of audiocraft's steps of 0.4 s.
    assert two.gain == pytest.approx(4)
    assert (alone.step_median_s, two.step_median_s) == (0.1, 0.2)
    # What was done before the first turn is the context and three steps, one of which is always part of taking it in.
    assert (alone.prefill_s, two.prefill_s) == (pytest.approx(1.8), pytest.approx(1.6))


def test_tokens_are_compared_where_they_were_generated(fake):
    found = fake("float32", "int8")
    assert found["float32"]["same_tokens"] == 1
    assert found["int8"]["same_tokens"] == pytest.approx(0.9)


def test_a_party_that_breaks_is_named_and_the_others_go_on(monkeypatch, fake):
    monkeypatch.setattr(FakeWorker, "__exit__", lambda *_: None)
    found = fake("broken", "float32")
    assert found["broken"]["trouble"] == "broken: its process ended with 1"
    assert len(found["float32"]["points"]) == 2


# Verdicts


def run_of(parties: dict[str, list[Point]], device: str = "cpu", peak_mib: float = 0.0, **more: Any) -> dict[str, Any]:
    return {
        "size": "tiny",
        "device": device,
        "facts": {},
        "contexts_s": [0.0],
        "floor": None,
        "scene": None,
        "parties": {
            name: {
                "peak_mib": peak_mib,
                "load_cpu_s": 1.0,
                "same_tokens": 1.0,
                "points": [vars(point) for point in points],
            }
            for name, points in parties.items()
        },
        **more,
    }


def point(rows: int, step_s: float, peak_mib: float = 100.0, context_s: float = 0.0, width: int = 0) -> Point:
    return Point(rows, width or rows, context_s, 1.0, [step_s] * 3, [1.0] * 3, peak_mib)


def verdicts(run: dict[str, Any]) -> list[bool | None]:
    return [target.met for target in report.targets(run)]


def test_targets_are_met_up_to_their_bounds_and_missed_beyond():
    stock = [point(1, 1.0), point(8, 2.0)]
    just = run_of(
        {"stock": stock, "float32": [point(1, 1 / 1.5), point(8, 1.6)], "int8": [point(1, 0.25), point(8, 8 / 15)]}
    )
    assert verdicts(just) == [True, True, True, True, True, None]
    over = run_of(
        {"stock": stock, "float32": [point(1, 0.67), point(8, 1.61)], "int8": [point(1, 0.26), point(8, 0.54)]}
    )
    assert verdicts(over) == [False, False, False, False, True, None]


def test_a_target_has_to_hold_after_every_context():
    late = run_of({"float32": [point(1, 0.5), point(1, 0.7, context_s=15.0)]})
    assert verdicts(late)[0] is False


def test_a_lone_take_in_a_wide_batch_meets_no_target():
    assert verdicts(run_of({"float32": [point(1, 0.1, width=8)]}))[0] is None


def test_memory_is_held_against_audiocraft_in_the_same_batch():
    stock = [point(1, 1.0, peak_mib=100), point(8, 2.0, peak_mib=200)]
    assert verdicts(run_of({"stock": stock, "float32": [point(1, 1.0, 100), point(8, 1.0, 200)]}))[4] is True
    assert verdicts(run_of({"stock": stock, "float32": [point(1, 1.0, 101), point(8, 1.0, 150)]}))[4] is False


def test_memory_counts_from_the_start_of_the_process():
    run = run_of({"stock": [point(1, 1.0, 100)], "int8": [point(1, 1.0, 50)]})
    assert verdicts(run)[4] is True
    run["parties"]["int8"]["peak_mib"] = 101.0
    assert verdicts(run)[4] is False


def test_gpu_targets_are_steps_against_audiocraft_and_the_weights_and_sound_against_time():
    floor = {"step_bytes": 2e9, "bytes_s": 2e12}  # 1 ms
    just = {"float16": [Point(1, 1, 0.0, 0.1, [0.002], [0.010], 1.0), Point(32, 32, 0.0, 0.1, [0.0064], [0.01], 1.0)]}
    assert verdicts(run_of(just, "cuda", floor=floor)) == [True, True, True]
    over = {"float16": [Point(1, 1, 0.0, 0.1, [0.0021], [0.010], 1.0), Point(32, 32, 0.0, 0.1, [0.0065], [0.01], 1.0)]}
    assert verdicts(run_of(over, "cuda", floor=floor)) == [False, False, False]


def test_a_target_without_figures_is_not_judged():
    assert verdicts(run_of({})) == [None] * 6
    assert verdicts(run_of({}, "cuda")) == [None] * 3


def test_the_lone_take_pays_what_the_wide_batch_takes_longer():
    text = report.markdown(run_of({"float32": [point(1, 0.5), point(1, 0.75, width=8)]}))
    assert "in a batch of 8, against one in a batch of 1: 1.50 × after 0 s." in text


# What is compared


def test_a_context_begins_alike_however_many_takes_there_are():
    one, four = Order(1, 1, 6, 9).codes(256), Order(4, 4, 6, 9).codes(256)
    assert one.shape == (1, 4, 6)
    assert (four[:1] == one).all()


def test_the_prompts_are_unlike_and_about_as_long_as_one_another():
    assert len(set(PROMPTS)) == len(PROMPTS) == 12
    assert {len(prompt.split()) for prompt in PROMPTS} == {8, 9}


def test_both_ways_to_twelve_sounds_have_the_same_prompts(tmp_path):
    import tomllib

    files = scene.project(tmp_path, "musicgen-small", 2.0, "int8")
    table = tomllib.loads(files["graphs/twelve.toml"])
    assert [node["prompt"] for node in table["nodes"].values()] == list(PROMPTS)
    assert len(table["exports"]) == len(PROMPTS)
    assert table["scene"] == {"sample_rate": 32000, "duration": 2.0}


@pytest.mark.parametrize(("name", "file_mb"), [("musicgen-small", 841), ("musicgen-medium", 3679)])
def test_sizes_are_the_published_ones(name, file_mb):
    size = SIZES[name]
    layer = 16 * size.dim**2 + 6 * size.dim
    books = 4 * size.dim * (2 * size.card + 1)
    projection = (size.text_config["d_model"] + 1) * size.dim
    # Two bytes a weight, and beside them little more than names.
    assert 2e-6 * (size.layers * layer + books + projection + 2 * size.dim) == pytest.approx(file_mb, rel=0.001)


def test_the_page_has_the_figures_that_were_kept():
    raw = REPOSITORY / "tests" / "bench" / "generation" / "results" / "latest.json"
    runs = json.loads(raw.read_text()) if raw.exists() else {}
    text = (REPOSITORY / "docs" / "benchmarks.md").read_text()
    assert report.page(text, runs) == text, "run: python -m tests.bench.generation --page"
