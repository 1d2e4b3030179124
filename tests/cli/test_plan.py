"""What `plan` prints of models: the order of loads, what stays, memory, and whether it could be fewer."""

from __future__ import annotations

import pytest

from soundgraph import backends
from soundgraph.cli.verbs import plan
from soundgraph.planning.schedule import Schedule
from tests.helpers import Space

THERE_AND_BACK = """
[nodes.x]
kind = "generate"
model = "music"
prompt = "a theme"

[nodes.quiet]
kind = "gain"
input = "x"
gain_db = -6.0

[nodes.y]
kind = "generate"
model = "facebook/musicgen-medium"
prompt = "strings"
continue_from = "quiet"

[nodes.z]
kind = "generate"
model = "music"
prompt = "an end"
continue_from = "y"
"""


@pytest.fixture(autouse=True)
def _models_that_could_be_fetched(space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is installed on this machine, and wherever it keeps its weights."""
    monkeypatch.setenv("HF_HOME", str(space.root / "no hub here"))
    monkeypatch.setattr(backends.get("audiocraft"), "missing", lambda model: "")


def lines(space: Space, *arguments: str) -> list[str]:
    """What `plan` prints after the nodes."""
    found = space.run("plan", "a", *arguments)
    assert found.code == 0, found.err
    return [line for line in found.out.splitlines() if not line.startswith("a:")]


def test_a_model_that_comes_back_is_a_load_of_its_own(space: Space) -> None:
    space.scene(THERE_AND_BACK)
    assert lines(space) == [
        "load 1: facebook/musicgen-small for 1 node, about 2.4 GB",
        "load 2: facebook/musicgen-medium for 1 node, about 8.0 GB",
        "load 3: facebook/musicgen-small for 1 node, about 2.4 GB",
        "models take about 8.0 GB at most",
        "a build first downloads facebook/musicgen-small, facebook/musicgen-medium",
        "4 nodes: 1 to run, 3 maybe, 0 from cache, at most 3 model loads (the fewest possible if all runs)",
        "no forecast: nothing like it was built here",
    ]


@pytest.mark.parametrize("how", ["option", "project"])
def test_under_a_budget_it_says_what_stays(space: Space, how: str) -> None:
    space.scene(THERE_AND_BACK)
    if how == "project":
        space.write("soundgraph.toml", '[build]\nmemory_budget = "12 GB"\n')
    assert lines(space, *(["--memory-budget", "12 GB"] if how == "option" else [])) == [
        "load 1: facebook/musicgen-small for 1 node, about 2.4 GB",
        "load 2: facebook/musicgen-medium for 1 node, about 8.0 GB, beside facebook/musicgen-small",
        "  still there: facebook/musicgen-small for 1 node",
        "models take about 10.4 GB of 12.0 GB at most",
        "a build first downloads facebook/musicgen-small, facebook/musicgen-medium",
        "4 nodes: 1 to run, 3 maybe, 0 from cache, at most 2 model loads (the fewest possible if all runs)",
        "no forecast: nothing like it was built here",
    ]


def test_a_device_has_its_own_precision_and_so_its_own_sizes(space: Space) -> None:
    space.scene(THERE_AND_BACK.replace('prompt = "strings"', 'prompt = "strings"\nprecision = "float32"'))
    on_a_gpu = lines(space, "--device", "cuda")
    assert on_a_gpu[:2] == [
        "load 1: facebook/musicgen-small for 1 node, about 1.5 GB",
        "load 2: facebook/musicgen-medium (float32) for 1 node, about 8.0 GB",
    ]
    assert lines(space, "--device", "cpu")[1] == "load 2: facebook/musicgen-medium for 1 node, about 8.0 GB"


def test_it_says_which_models_make_one_take_after_another(space: Space) -> None:
    space.scene("[nodes.x]\nkind = 'generate'\nmodel = 'facebook/magnet-small-10secs'\nprompt = 'x'\nduration = 10.0")
    assert lines(space)[0] == (
        "load 1: facebook/magnet-small-10secs for 1 node, about 2.4 GB, "
        "one take after another by the library's own code"
    )


def test_a_model_that_does_not_fit_is_refused_before_anything_runs(space: Space) -> None:
    space.scene(THERE_AND_BACK)
    found = space.run("plan", "a", "--memory-budget", "3 GB")
    assert (found.code, found.out) == (2, "")
    assert found.err == (
        'the memory budget is 3.0 GB, but model "facebook/musicgen-medium" takes about 8.0 GB\n'
        "  a larger --memory-budget, a smaller model, or another precision\n"
    )


def test_two_models_of_which_none_waits_are_two_loads_without_if(space: Space) -> None:
    space.scene(THERE_AND_BACK.replace('continue_from = "quiet"', "").replace('continue_from = "y"', ""))
    assert lines(space, "--draft")[0] == "load 1: draft/music@32000x1 (draft) for 3 nodes"
    assert (
        lines(space)[-2]
        == "4 nodes: 3 to run, 1 maybe, 0 from cache, at most 2 model loads (the fewest possible if all runs)"
    )


@pytest.mark.parametrize(
    ("loads", "least", "unsure", "told"),
    [
        (1, 1, True, "at most 1 model load"),
        (12, 12, False, "12 model loads (the fewest possible)"),
        (12, 10, False, "12 model loads (at least 10 are needed)"),
        (12, 10, True, "at most 12 model loads (at least 10 are needed if all runs)"),
    ],
)
def test_it_says_how_sure_it_is(loads: int, least: int, unsure: bool, told: str) -> None:
    assert plan.loads_words(Schedule((), loads, least, loads == least, 0), unsure) == told


def test_json_says_the_same(space: Space) -> None:
    space.scene(THERE_AND_BACK)
    found = space.run("plan", "a", "--json", "--memory-budget", "12 GB")
    small, medium = "facebook/musicgen-small", "facebook/musicgen-medium"
    told = ("model", "nodes", "still_there", "unloads", "beside", "precision", "batches")
    assert [tuple(event[field] for field in told) for event in found.of("load")] == [
        (small, ["a:x"], False, [], [], None, True),
        (medium, ["a:y"], False, [], [small], None, True),
        (small, ["a:z"], True, [], [medium], None, True),
    ]
    sizes = [event["memory_bytes"] for event in found.of("load")]
    assert [event["model"] for event in found.of("download")] == [small, medium]
    assert found.summary["peak_bytes"] == sizes[0] + sizes[1]
    assert (found.summary["loads"], found.summary["loads_at_least"]) == (2, 2)
