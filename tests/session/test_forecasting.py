"""Forecasts: the formula, by records and histories with scripted times."""

from __future__ import annotations

import pytest

from soundgraph.session import forecasting, history
from soundgraph.session.forecasting import Rate, Rates
from soundgraph.session.history import EXPORT, Build, TimeSpent, WorkDone
from tests.helpers import CHAIN, Result, Space, export, generate, node
from tests.session.test_history import BUILD


def past(space: Space, made: list[WorkDone], loads: list[TimeSpent] | None = None, **fields: object) -> None:
    """A build in the history, which took that long."""
    history.add(space.root, Build(**{**BUILD.__dict__, "made": made, "spent": loads or [], **fields}))


def planned(space: Space, *arguments: str) -> Result:
    found = space.run("plan", "--json", "-j", "2", *arguments)
    assert found.code == 0, found.err
    return found


def ahead(space: Space, *arguments: str) -> dict[str, object]:
    return planned(space, *arguments).of("forecast")[0]


def seconds(space: Space, *arguments: str) -> dict[str, object]:
    """Those of each node that runs or may."""
    return {event["node"]: event["seconds"] for event in planned(space, *arguments).of("node")}


def last_line(space: Space, *arguments: str) -> str:
    return space.run("plan", "-j", "2", *arguments).out.splitlines()[-1]


SOUNDS = generate("rain", duration=2.0) + generate("wind", "wind", duration=4.0)
TAKES = SOUNDS + export("r", "rain") + export("w", "wind")


# The formula


def test_it_adds_loads_takes_and_what_is_processed_by_all_jobs(space: Space) -> None:
    space.scene(SOUNDS + node("both", "mix", inputs=[{"node": "rain"}, {"node": "wind"}]) + export("x", "both"))
    made = [WorkDone("draft/audio", 4, 60.0, 20.0), WorkDone("mix", 2, 80.0, 10.0), WorkDone(EXPORT, 2, 24.0, 12.0)]
    past(space, made, [TimeSpent("load", "draft/audio", 2, 10.0)])
    assert seconds(space) == {"a:rain": 6.0, "a:wind": 12.0, "a:both": 32.0}
    found = ahead(space)
    assert (found["generating"], found["processing"]) == (5.0 + 18.0, 32.0 + 8.0)
    # The longest way: wind, both, and the file. With two jobs the rest takes less than that.
    assert found["seconds"] == max(23.0 + 40.0 / 2, 12.0 + 32.0 + 8.0) == 52.0
    assert (found["takes"], found["others"], found["loads"], found["results"]) == (2, 1, 1, 4 + 2 + 2 + 2)
    assert ahead(space, "-j", "1")["seconds"] == 23.0 + 40.0
    assert last_line(space) == "at most about 52 s (2 takes, 1 other node, 1 load; from 10 earlier results)"


def test_a_node_that_is_no_take_is_reckoned_by_its_own_last_run(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    (build,) = history.read(space.root)
    took = dict(build.slowest)
    past(space, [WorkDone("trim", 1, 1000.0, 0.04)])
    space.replace("duration = 0.04", "duration = 0.03")
    found = seconds(space)
    assert found["a:cut"] == took["a:cut"] < 100
    assert found["a:dark"] == took["a:dark"]
    assert found["a:rain"] is None  # from the cache


def test_a_take_is_reckoned_by_this_tree_before_its_own_record(space: Space) -> None:
    """The record may have been made by a machine of another sort."""
    space.scene(TAKES)
    space.build()
    past(space, [WorkDone("draft/audio", 50, 500.0, 100.0)])
    space.replace('prompt = "wind"', 'prompt = "storm"')
    assert seconds(space)["a:wind"] == pytest.approx(20.0)


def test_a_take_is_reckoned_by_its_own_record_where_the_tree_knows_nothing(space: Space) -> None:
    space.scene(TAKES)
    space.build()
    took = dict(history.read(space.root)[0].slowest)
    (space.root / ".soundgraph/history").unlink()
    space.replace("duration = 4.0", "duration = 8.0")
    assert seconds(space)["a:wind"] == pytest.approx(2 * took["a:wind"], abs=0.0002)


def test_a_new_node_is_reckoned_by_the_hits_of_the_plan_where_the_tree_knows_nothing(space: Space) -> None:
    space.scene(TAKES)
    space.build()
    took = dict(history.read(space.root)[0].slowest)
    (space.root / ".soundgraph/history").unlink()
    space.scene(TAKES + generate("new", "a door", duration=3.0) + export("n", "new"))
    assert ahead(space)["results"] == 2
    rate = (took["a:rain"] + took["a:wind"]) / 6.0
    assert seconds(space)["a:new"] == pytest.approx(3 * rate, abs=0.0002)


def test_another_model_says_nothing_of_a_take(space: Space) -> None:
    space.scene(TAKES)
    past(space, [WorkDone("draft/music", 4, 60.0, 20.0)], [TimeSpent("load", "draft/music", 1, 9.0)])
    assert (ahead(space)["seconds"], ahead(space)["unknown_loads"]) == (None, 1)
    assert last_line(space) == "no forecast: nothing like it was built here"


def test_another_device_says_nothing_of_a_take(space: Space) -> None:
    space.scene(TAKES)
    past(space, [WorkDone("draft/audio", 4, 60.0, 20.0)], device="cuda")
    assert ahead(space)["seconds"] is None
    assert ahead(space, "--device", "cuda")["seconds"] == 18.0


def test_what_is_not_known_is_left_out_and_told(space: Space) -> None:
    space.scene(CHAIN)
    past(space, [WorkDone("trim", 10, 12.0, 0.4)])
    found = ahead(space)
    assert (found["unknown_nodes"], found["unknown_loads"], found["seconds"]) == (2, 1, pytest.approx(1.2))
    assert last_line(space) == (
        "at most about 1.2 s (1 take, 2 other nodes, 1 load; from 10 earlier results; "
        "2 nodes and 1 load left out, of which nothing is known)"
    )


def test_a_build_with_nothing_to_run_has_no_forecast_in_words(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    assert last_line(space) == "3 nodes: nothing to run, 3 from cache"
    assert ahead(space)["seconds"] == 0


def test_files_that_force_makes_again_are_not_reckoned_with(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    past(space, [WorkDone(EXPORT, 1, 900.0, 0.04)])
    found = ahead(space, "--force")
    assert found["others"] == 2
    assert float(str(found["seconds"])) < 100


def test_a_draft_of_a_model_is_no_take_of_it(space: Space) -> None:
    space.scene(generate("rain", model="facebook/audiogen-medium", duration=2.0) + export("x", "rain"))
    past(space, [WorkDone("facebook/audiogen-medium", 4, 60.0, 20.0)])
    assert ahead(space, "--draft")["seconds"] is None


# Rates


def test_a_rate_rests_on_the_newest_results() -> None:
    old = Build(**{**BUILD.__dict__, "made": [WorkDone("eq", 100, 1000.0, 100.0)]})
    new = Build(**{**BUILD.__dict__, "made": [WorkDone("eq", 30, 30.0, 30.0)]})
    assert forecasting.rates_of([old, new, new], "auto").made["eq"] == Rate(60, 60.0, 60.0)
    assert forecasting.rates_of([new, old], "auto").made["eq"] == Rate(100, 1000.0, 100.0)


def test_no_builds_give_no_rates() -> None:
    assert forecasting.rates_of([], "auto") == Rates()


def test_a_rate_without_a_length_is_a_mean() -> None:
    assert Rate(4, 8.0, 2.0).seconds_for(None) == 2.0
    assert Rate(4, 8.0, 0.0).seconds_for(3.0) == 2.0
    assert Rate(4, 8.0, 2.0).seconds_for(3.0) == 12.0


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0.1 s"), (9.94, "9.9 s"), (9.96, "10 s"), (89.4, "89 s"), (90, "2 min"), (5399, "90 min"), (5400, "1.5 h")],
)
def test_a_time_is_told_roughly(seconds: float, told: str) -> None:
    assert forecasting.lasting(seconds) == told
