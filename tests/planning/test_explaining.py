"""Explanations: the exact field, with its old and new value; and plans, which say the same of every node."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import pytest

from soundgraph.cache.disk.store import DiskStore
from tests.helpers import CHAIN, Space, export, generate, node, noise


def why(space: Space, target: str = "a:rain", *more: str) -> str:
    """The line that `explain` prints of one node."""
    found = space.run("explain", target, *more)
    assert found.code == 0, found.err
    return found.out.removesuffix("\n")


def lose_record(space: Space, name: str) -> None:
    """The record of a node's last result is gone from the index, and its file."""
    key = next(event["key"] for event in space.run("plan", "--json").of("node") if event["node"] == name)
    (space.cache / "records" / key[:2] / f"{key}.json").unlink()
    with closing(sqlite3.connect(space.cache / "index" / "cache.db")) as index, index:
        assert index.execute("DELETE FROM Cache WHERE key = ?", (f"action:{key}",)).rowcount == 1


def test_what_was_never_built_says_so(space: Space) -> None:
    space.scene(CHAIN)
    assert why(space) == "a:rain  miss  never built"
    assert why(space, "a:cut") == "a:cut  maybe  after rain; never built"
    assert not space.cache.exists()


def test_what_is_up_to_date_says_so(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    assert why(space) == "a:rain  hit  current"


@pytest.mark.parametrize(
    ("target", "old", "new", "line"),
    [
        ("rain", "soft rain", "heavy rain", 'miss  prompt: "soft rain" -> "heavy rain"'),
        ("rain", "duration = 0.05", "duration = 0.06", "miss  duration: 0.05 -> 0.06"),
        ("rain", "duration = 0.05", "duration = 0.05\nseed = 4", "miss  seed: 0 (default) -> 4"),
        ("rain", "draft/audio", "draft/music", 'miss  model.identity: "draft/audio@16000x1" -> "draft/music@32000x1"'),
        ("cut", "duration = 0.04", "start = 0.01", "miss  duration: 0.04 removed; start: 0.0 (default) -> 0.01"),
        ("dark", "-3.0", "-4.5", "miss  bands[0].gain_db: -3.0 -> -4.5"),
        ("dark", "peaking", "low_shelf", 'miss  bands[0].type: "peaking" -> "low_shelf"'),
        ("dark", "-3.0 }", "-3.0, q = 2 }", "miss  bands[0].q: 2.0 added"),
        ("dark", "-3.0 }", '-3.0 }, { type = "notch", freq_hz = 50 }', None),
        ("dark", 'input = "cut"', 'input = "rain"', 'miss  input: "cut" -> "rain"'),
        ("cut", 'kind = "trim"', 'kind = "fade" #', None),
        ("cut", "soft rain", "heavy rain", "maybe  after rain"),
    ],
)
def test_the_field_that_changed_is_named_with_its_old_and_new_value(
    space: Space, target: str, old: str, new: str, line: str | None
) -> None:
    space.scene(CHAIN)
    space.build()
    if new.startswith('kind = "fade"'):
        space.replace("duration = 0.04\n", "")
    space.replace(old, new)
    found = why(space, f"a:{target}")
    if new.startswith("-3.0 }, {"):
        assert found == 'a:dark  miss  bands[1].type: "notch" added; bands[1].freq_hz: 50.0 added'
    elif new.startswith('kind = "fade"'):
        assert found == 'a:cut  miss  kind: "trim" -> "fade"; duration: 0.04 removed'
    else:
        assert found == f"a:{target}  {line}"


def test_a_value_that_goes_back_to_its_default_is_spelled_out(space: Space) -> None:
    space.scene(CHAIN.replace("duration = 0.05", "duration = 0.05\ntemperature = 0.7"))
    space.build()
    space.replace("temperature = 0.7\n", "")
    assert why(space) == "a:rain  miss  temperature: 0.7 -> 1.0 (default)"


def test_an_input_that_sounds_different_is_named(space: Space) -> None:
    """It has run already, in another build; the node has not."""
    space.scene(CHAIN)
    space.build()
    space.replace("soft rain", "heavy rain")
    space.build("a:rain")
    assert why(space, "a:cut") == 'a:cut  miss  input: "rain" -> "rain" with other samples'


def test_a_recording_that_changed_is_named_by_its_field(space: Space) -> None:
    space.recording("sounds/door.wav")
    space.scene(node("door", "file", path="../sounds/door.wav") + export("door", "door"))
    space.build()
    space.recording("sounds/door.wav", noise(seed=1))
    found = space.run("explain", "a:door", "--json").events[0]
    assert [change["field"] for change in found["changes"]] == ["files.path"]


def test_swapped_inputs_of_a_mix_are_told(space: Space) -> None:
    space.scene(
        generate("rain")
        + generate("wind", "wind")
        + node("all", "mix", inputs=[{"node": "rain"}, {"node": "wind"}])
        + export("x", "all")
    )
    space.build()
    space.replace('{ node = "rain" }, { node = "wind" }', '{ node = "wind" }, { node = "rain" }')
    assert why(space, "a:all") == 'a:all  miss  inputs[0].node: "rain" -> "wind"; inputs[1].node: "wind" -> "rain"'


def test_after_a_rename_it_says_whose_key_it_is(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    space.replace('"rain"', '"drizzle"')
    space.replace("nodes.rain", "nodes.drizzle")
    assert why(space, "a:drizzle") == "a:drizzle  hit  current; new name; same key as a:rain"
    assert why(space, "a:cut") == "a:cut  hit  current"


def test_in_another_clone_over_the_same_cache_it_says_that_it_was_made_elsewhere(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    clone = Space(space.root.parent / "clone")
    clone.write("soundgraph.toml", f'[cache]\ndir = "{space.cache}"\n')
    clone.scene(CHAIN)
    assert why(clone) == "a:rain  hit  current; made elsewhere"
    clone.build()
    assert why(clone) == "a:rain  hit  current"
    clone.replace("soft rain", "heavy rain")
    clone.build()
    assert why(space) == "a:rain  hit  current", "what was last built there is nothing to this one"


def test_what_is_changed_back_says_that_it_was_made_earlier(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    space.replace("soft rain", "heavy rain")
    space.build()
    space.replace("heavy rain", "soft rain")
    assert why(space) == 'a:rain  hit  prompt: "heavy rain" -> "soft rain"; current; made earlier'


def test_drafts_and_real_takes_are_remembered_apart(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    assert why(space, "a:rain", "--draft") == "a:rain  hit  current; made elsewhere"


def test_a_record_that_is_gone_is_told_from_a_node_that_never_ran(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    lose_record(space, "a:rain")
    assert why(space) == "a:rain  miss  lost; its result is gone from the cache"
    assert why(space, "a:cut") == "a:cut  maybe  after rain"


def test_a_sample_that_is_lost_in_the_middle_of_a_build_is_told_as_lost(space: Space) -> None:
    space.scene(CHAIN)
    space.build()

    from soundgraph.project import targets
    from soundgraph.session.opening import open_session

    opened = open_session(space.root, targets.select(str(space.root), []))
    digest = opened.plan().decisions["a:rain"].record
    assert digest is not None
    reasons = opened.reasons(opened.plan(lost=[digest.digest]), ["a:rain", "a:cut", "a:dark"])
    opened.store.close()
    assert [str(reason) for reason in reasons] == ["lost; its result is gone from the cache", "after rain", "after cut"]


def test_twins_are_told(space: Space) -> None:
    space.scene(generate("rain") + generate("rain2") + export("x", "rain") + export("y", "rain2"))
    assert why(space, "a").splitlines()[1] == "a:rain2  hit  shared; the same as a:rain, which runs"


def test_an_export_is_explained_with_all_it_needs(space: Space) -> None:
    space.scene(CHAIN + generate("wind", "wind"))
    assert [line.split()[0] for line in why(space, "a:theme").splitlines()] == ["a:rain", "a:cut", "a:dark"]


def test_json_gives_the_change_in_parts(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    space.replace("soft rain", "heavy rain")
    assert space.run("explain", "a:rain", "a:cut", "--json").events == [
        {
            "event": "explain",
            "node": "a:rain",
            "status": "miss",
            "reason": "changed",
            "changes": [{"field": "prompt", "old": '"soft rain"', "new": '"heavy rain"'}],
            "waits_for": [],
            "note": "",
        },
        {
            "event": "explain",
            "node": "a:cut",
            "status": "maybe",
            "reason": "input",
            "changes": [],
            "waits_for": ["rain"],
            "note": "",
        },
    ]


# plan


def test_a_plan_tells_what_would_run_and_why(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    space.replace("soft rain", "heavy rain")
    *told, forecast = space.run("plan").out.splitlines(keepends=True)
    assert forecast.startswith("at most about ")
    assert "".join(told) == (
        'a:rain  miss   prompt: "soft rain" -> "heavy rain"\n'
        "a:cut   maybe  after rain\n"
        "a:dark  maybe  after cut\n"
        "load 1: draft/audio (draft) for 1 node\n"
        "3 nodes: 1 to run, 2 maybe, 0 from cache, at most 1 model load\n"
    )


def test_a_plan_does_nothing(space: Space) -> None:
    space.scene(CHAIN)
    before = space.tree()
    assert space.run("plan").code == 0
    assert space.run("graph").code == 0
    assert space.run("check").code == 0
    assert space.run("explain", "a").code == 0
    assert space.tree() == before


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_plan_check_exits_with_3_if_there_is_work_to_do(space: Space, more: tuple[str, ...]) -> None:
    space.scene(CHAIN)
    assert space.run("plan", "--check", *more).code == 3
    assert space.run("plan", *more).code == 0
    space.build()
    assert space.run("plan", "--check", *more).code == 0
    assert space.run("plan", "--check", "--force", *more).code == 3
    space.replace("soft", "hard")
    assert space.run("plan", "--check", *more).code == 3


def test_a_plan_in_json_has_every_node_with_its_key(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    space.replace("-3.0", "-4.0")
    found = space.run("plan", "--json")
    assert [(event["node"], event["status"], event["reason"]) for event in found.of("node")] == [
        ("a:rain", "hit", "current"),
        ("a:cut", "hit", "current"),
        ("a:dark", "miss", "changed"),
    ]
    assert all(len(event["key"]) == 64 for event in found.of("node"))
    counts = {"nodes": 3, "hits": 2, "misses": 1, "maybes": 0} | {
        "loads": 0,
        "exports": 0,
        "current": False,
    }
    assert found.summary == {**found.summary, **counts}


def test_a_plan_names_models_that_cannot_be_had(space: Space) -> None:
    space.scene(CHAIN.replace("draft/audio", "audio"))
    found = space.run("plan")
    assert found.code == 0
    assert "build --draft renders stand-ins" in found.out
    assert space.build().code == 2
    assert space.build("--draft").code == 0


def test_with_force_a_plan_shows_everything(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    assert "a:rain  miss   forced" in space.run("plan", "--force").out


def test_a_store_that_knows_nothing_explains_nothing(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    shutil.rmtree(space.cache)
    assert why(space) == "a:rain  miss  never built"
    assert DiskStore(space.cache).notes.get(["last"]) == {}
