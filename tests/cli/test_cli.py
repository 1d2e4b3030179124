"""The command line: arguments in, text and an exit code out, and never a traceback for a user's mistake."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from soundgraph import cli
from soundgraph.nodes import kind_names
from tests.helpers import CHAIN, Space, changed


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",), ("help",)])
def test_help_lists_every_verb(space: Space, arguments: tuple[str, ...]) -> None:
    found = space.run(*arguments)
    assert found.code == 0
    assert all(f"  {verb} " in found.out for verb in cli.VERBS)


@pytest.mark.parametrize("verb", sorted(cli.VERBS))
def test_every_verb_has_help_and_refuses_what_it_does_not_know(space: Space, verb: str) -> None:
    assert f"usage: soundgraph {verb}" in space.run(verb, "--help").out
    found = space.run(verb, "--no-such-thing")
    assert found.code == 2
    assert "Traceback" not in found.err


def test_every_verb_is_a_file_and_every_file_that_is_one_is_listed() -> None:
    from importlib import import_module
    from pathlib import Path

    folder = Path(cli.__file__).parent / "verbs"
    verbs = {
        path.stem
        for path in folder.glob("[!_]*.py")
        if hasattr(import_module(f"soundgraph.cli.verbs.{path.stem}"), "add_arguments")
    }
    assert verbs == set(cli.VERBS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("biuld",), 'there is no verb "biuld"; did you mean "build"?\n  soundgraph --help lists them\n'),
        (("build", "b"), 'no scene is called "b"\n  scenes are the .toml files under graphs/\n'),
        (("build", "--draft", "--release"), "--draft and --release exclude each other"),
        (("build", "-j", "0"), '"0" is not a number from 1 to 256'),
        (("build", "-j", "many"), '"many" is not a number from 1 to 256'),
        (("-C", "nowhere", "build"), 'cannot work in "nowhere": No such file or directory\n'),
        (("kinds", "eqq"), 'unknown kind "eqq"; did you mean "eq"?'),
        (("new", "a"), "graphs/a.toml is there already"),
        (("new", "../x"), "cannot be the name of a scene"),
        (("cache", "clear"), "soundgraph cache clear --yes does"),
        (("graph", "-o", "no/such/folder/x.svg"), "cannot write no/such/folder/x.svg"),
    ],
)
def test_a_wrong_call_is_answered_in_words_with_code_2(space: Space, arguments: tuple[str, ...], message: str) -> None:
    space.scene(CHAIN)
    before = space.tree()
    found = space.run(*arguments)
    assert found.code == 2
    assert message in found.err
    assert "Traceback" not in found.err
    assert space.tree() == before


def test_mistakes_are_also_told_in_json(space: Space) -> None:
    space.scene(CHAIN.replace('"cut"', '"cup"'))
    found = space.run("build", "--json")
    assert found.code == 2
    assert found.events == [
        {
            "event": "error",
            "file": "graphs/a.toml",
            "line": 14,
            "where": "nodes.dark",
            "what": 'input "cup" is not a node; did you mean "cut"?',
            "hint": "",
            "keys": ["nodes", "dark", "input"],
        }
    ]
    assert space.run("build", "b", "--json").of("error")[0]["what"].startswith('no scene is called "b"')


def test_a_bug_keeps_its_traceback_and_says_that_it_is_one(space: Space) -> None:
    from soundgraph.session import opening

    def broken(*arguments: object, **more: object) -> None:
        raise ZeroDivisionError

    space.scene(CHAIN)
    with changed(opening, "open_session", broken), pytest.raises(ZeroDivisionError):
        space.build()
    found = space.fresh(
        "build", code="from soundgraph.session import opening\nopening.open_session = lambda *a, **b: 1 / 0"
    )
    assert found.code == 1
    assert "this is a bug in soundgraph" in found.err
    assert "ZeroDivisionError" in found.err


def test_it_works_in_another_folder(space: Space) -> None:
    space.scene(CHAIN)
    outside = Space(space.root.parent / "outside")
    assert outside.run("-C", str(space.root), "build").code == 0
    assert space.exists("build/theme.wav")


def test_the_package_can_be_run_as_a_module() -> None:
    command = [sys.executable, "-m", "soundgraph", "version", "--json"]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(found.stdout)["key schema"] == "1"


def test_a_new_scene_builds_as_it_stands(space: Space) -> None:
    made = space.run("new", "forest/night")
    assert (made.code, made.out.splitlines()[0]) == (0, "graphs/forest/night.toml")
    assert space.run("check", "--strict").code == 0
    space.write("graphs/forest/night.toml", space.read("graphs/forest/night.toml").replace(b"8.0", b"6.0"))
    found = space.build("--draft")
    assert found.code == 0
    assert list(found.exports.values()) == ["written"]
    assert all(path.startswith("build/draft/") for path in found.exports)


def test_check_warns_and_with_strict_refuses(space: Space) -> None:
    space.scene(CHAIN + CHAIN.partition("[nodes.cut]")[0].replace("nodes.rain", "nodes.rain2"))
    found = space.run("check")
    assert found.code == 0
    assert "warning: graphs/a.toml" in found.out
    assert space.run("check", "--strict").code == 2
    assert [event["event"] for event in space.run("check", "--json").events][-1] == "summary"


def test_every_line_of_a_json_build_is_an_object_with_an_event(space: Space) -> None:
    space.scene(CHAIN)
    for _ in range(3):
        found = space.run("build", "--json")
        assert len(found.events) == len(found.out.splitlines())
        assert found.events[-1]["event"] == "summary"
        for name in ("ran", "hits", "cutoffs", "failed", "loads", "exports", "seconds"):
            assert name in found.summary
        assert sorted(found.statuses) == ["a:cut", "a:dark", "a:rain"]
        space.age()


def test_cache_stats_count_what_is_there(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    found = json.loads(space.run("cache", "stats", "--json").out)
    assert (found["artifacts"], found["records"], found["takes"], found["drafts"]) == (3, 3, 0, 1)


def test_kinds_tell_every_field(space: Space) -> None:
    assert "bands[].freq_hz" in space.run("kinds", "eq").out
    rows = json.loads(space.run("kinds", "--json").out)
    assert [row["kind"] for row in rows] == list(kind_names())


def test_of_a_field_that_not_every_model_takes_it_is_told_which_do(space: Space) -> None:
    rows = {row["name"]: row for row in json.loads(space.run("kinds", "generate", "--json").out)}
    assert "backends" not in rows["seed"]
    assert (rows["temperature"]["backends"], rows["top_k"]["backends"]) == (["audiocraft", "draft"], ["audiocraft"])
    assert "0 for all of them; models of audiocraft\n" in space.run("kinds", "generate").out


@pytest.mark.parametrize("form", ["text", "mermaid", "dot", "svg"])
def test_a_graph_can_be_drawn_before_and_after_a_build(space: Space, form: str) -> None:
    space.scene(CHAIN)
    before = space.run("graph", "-f", form)
    space.build()
    after = space.run("graph", "-f", form)
    assert (before.code, after.code) == (0, 0)
    assert before.out != after.out
    assert "rain" in after.out
