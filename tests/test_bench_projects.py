"""The benchmark compares like with like: one graph for every tool, and verdicts that follow from the figures."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from soundgraph.audio.artifact import n_samples
from soundgraph.nodes import get_kind
from tests.bench import buildfiles, projects, report
from tests.bench.meter import Cost, FailedError, StoppedError, measure
from tests.bench.speed import CHANGED, IMPORTS, NOOP, PLAN_BUILT, PLAN_NEW, Series

SPECS = projects.scenes(3)
EDITED = (SPECS[0], SPECS[1].swapped(), SPECS[2])

# What a tool was told: (what is made, from what, in order).
Edges = set[tuple[str, tuple[str, ...]]]


def _edges_of_ninja(files: dict[str, str]) -> Edges:
    rules = re.findall(r"^build (\S+): \w+ (.*)$", files["build.ninja"], re.MULTILINE)
    return {(output, tuple(inputs.split())) for output, inputs in rules}


def _edges_of_make(files: dict[str, str]) -> Edges:
    rules = re.findall(r"^(out/\S+): (.*)$", files["Makefile"], re.MULTILINE)
    return {(output, tuple(inputs.split())) for output, inputs in rules}


def _edges_of_doit(files: dict[str, str]) -> Edges:
    tools = ModuleType("doit.tools")
    tools.config_changed = lambda value: value  # type: ignore[attr-defined]
    names: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "doit", ModuleType("doit"))
        patch.setitem(sys.modules, "doit.tools", tools)
        exec(files["dodo.py"], names)
        tasks = list(names["task_step"]())
    assert all(task["uptodate"] == [" ".join(task["file_dep"])] for task in tasks)
    return {(task["targets"][0], tuple(task["file_dep"])) for task in tasks}


def _edges_of_scons(files: dict[str, str]) -> Edges:
    found: Edges = set()

    def environment(**_: object) -> SimpleNamespace:
        return SimpleNamespace(Command=lambda target, sources, action: found.add((target, tuple(sources))))

    exec(files["SConstruct"], {"Environment": environment, "Decider": str, "SetOption": lambda name, value: None})
    return found


def _edges_of_snakemake(files: dict[str, str]) -> Edges:
    text = files["Snakefile"]
    orders = eval(re.search(r"SCENES = (\{.*?\n\})", text, re.DOTALL)[1])  # type: ignore[index]
    rules = [
        (re.compile(output.replace("{s}", r"(?P<s>s\d+)").replace("{k}", r"(?P<k>\d)") + "$"), inputs)
        for inputs, output in re.findall(r'    input: (.*)\n    output: "(.*)"', text)
    ]
    found: Edges = set()

    def demand(output: str) -> None:
        [(match, inputs)] = [(match, inputs) for pattern, inputs in rules if (match := pattern.match(output))]
        value = eval(inputs, {"SCENES": orders})
        needs = value(SimpleNamespace(**match.groupdict())) if callable(value) else [value.format(**match.groupdict())]
        found.add((output, tuple(needs)))
        for need in needs:
            if need.startswith("out/"):
                demand(need)

    for name in orders:
        demand(f"out/{name}_mix.txt")
    return found


def _edges_of_dvc(files: dict[str, str]) -> Edges:
    stages = re.findall(r"    deps:\n((?:    - .*\n)+)    outs:\n    - (\S+)", files["dvc.yaml"])
    return {(output, tuple(re.findall(r"- (\S+)", deps))) for deps, output in stages}


READERS = {
    "ninja": _edges_of_ninja,
    "make": _edges_of_make,
    "doit": _edges_of_doit,
    "scons": _edges_of_scons,
    "snakemake": _edges_of_snakemake,
    "dvc": _edges_of_dvc,
}


@pytest.mark.parametrize("careful", [False, True])
@pytest.mark.parametrize("tool", sorted(buildfiles.WRITERS))
def test_every_peer_is_told_the_same_graph_with_inputs_in_the_same_order(tool: str, careful: bool) -> None:
    files = buildfiles.WRITERS[tool](EDITED, careful, None)
    assert READERS[tool](files) == {(step.output, step.inputs) for scene in EDITED for step in projects.steps(scene)}


@pytest.mark.parametrize("tool", sorted(buildfiles.WRITERS))
def test_every_peer_gets_the_same_sources(tool: str) -> None:
    files = buildfiles.WRITERS[tool](SPECS, False, None)
    sources = {path: text for path, text in files.items() if path.startswith("src/")}
    assert sources == projects.source_files(SPECS)
    assert len(sources) == len(SPECS) * projects.LAYERS


def test_a_scene_has_nineteen_nodes_and_eighteen_edges_between_them() -> None:
    steps = list(projects.steps(SPECS[0]))
    outputs = {step.output for step in steps}
    assert len(outputs) == len(steps) == projects.NODES_PER_SCENE == 19
    assert sum(len(outputs.intersection(step.inputs)) for step in steps) == projects.EDGES_PER_SCENE == 18


def _tables(specs: tuple[projects.SceneSpec, ...]) -> Iterator[tuple[projects.SceneSpec, dict[str, Any]]]:
    files = projects.soundgraph_files(specs)
    for scene in specs:
        yield scene, tomllib.loads(files[f"graphs/{scene.name}.toml"])


def test_soundgraph_is_told_the_graph_that_the_peers_are_told() -> None:
    for scene, table in _tables(EDITED):
        edges = set()
        for name, node in table["nodes"].items():
            inputs = [item["node"] for item in node.get("inputs", ())] + [node[key] for key in node if key == "input"]
            edges.add((node["kind"], name, tuple(inputs)))
        assert edges == {
            (step.kind, _short(step.output), tuple(_short(name) for name in step.inputs if name.startswith("out/")))
            for step in projects.steps(scene)
        }
        assert table["exports"] == {scene.name: {"node": "mix", "format": "wav"}}


def _short(path: str) -> str:
    return path.removesuffix(".txt").rsplit("_", 1)[1]


def test_every_node_is_one_that_its_kind_accepts() -> None:
    for _, table in _tables(SPECS):
        for node in table["nodes"].values():
            kind = get_kind(node.pop("kind"))
            kind.params.model_validate(node)


def test_no_two_generate_nodes_could_share_a_take() -> None:
    nodes = [node for _, table in _tables(SPECS) for node in table["nodes"].values() if node["kind"] == "generate"]
    assert len({node["seed"] for node in nodes}) == len({node["prompt"] for node in nodes}) == len(nodes)


def test_a_nudged_scene_differs_in_its_text_and_not_in_a_sample() -> None:
    nudged = projects.SceneSpec(SPECS[0].name, SPECS[0].prompts, nudged=True)
    [(_, before)], [(_, after)] = list(_tables(SPECS[:1])), list(_tables((nudged,)))
    old, new = before["nodes"]["trim0"], after["nodes"]["trim0"]
    assert old["duration"] != new["duration"]
    assert n_samples(old["duration"], 16000) == n_samples(new["duration"], 16000)
    assert nudged.text_result() == SPECS[0].text_result()
    assert projects.source_files((nudged,)) != projects.source_files(SPECS[:1])


@pytest.mark.parametrize("turn", [1, 2, 3, 4, 5])
def test_another_word_changes_one_file_and_no_size(turn: int) -> None:
    edited = (SPECS[0].with_other_word(3, turn), *SPECS[1:])
    for before, after in (
        (projects.source_files(SPECS), projects.source_files(edited)),
        (projects.soundgraph_files(SPECS), projects.soundgraph_files(edited)),
    ):
        [changed] = [path for path in before if before[path] != after[path]]
        assert len(before[changed]) == len(after[changed])
    assert edited[0].text_result() != SPECS[0].text_result()


def test_swapping_inputs_changes_the_expected_result() -> None:
    assert SPECS[0].swapped().text_result() != SPECS[0].text_result()
    assert SPECS[0].swapped().swapped() == SPECS[0]


def test_writing_a_project_again_touches_only_what_was_edited(tmp_path: Path) -> None:
    projects.put(tmp_path, {"a": "1", "b/c": "2"})
    before = (tmp_path / "a").stat()
    projects.put(tmp_path, {"a": "1", "b/c": "3"})
    after = (tmp_path / "a").stat()
    assert (before.st_mtime_ns, before.st_ctime_ns) == (after.st_mtime_ns, after.st_ctime_ns)
    assert (tmp_path / "b/c").read_text() == "3"


_BURN = "import time\nwhile time.process_time() < 0.1: pass"


def test_the_cost_of_a_command_includes_that_of_its_children(tmp_path: Path) -> None:
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {_BURN!r}], check=True)"
    assert measure([sys.executable, "-c", nested], tmp_path, {}, limit_s=60).cpu_s >= 0.1


def test_a_command_that_fails_is_reported_with_what_it_said_last(tmp_path: Path) -> None:
    with pytest.raises(FailedError, match="exited with 3: no such thing"):
        measure(["/bin/sh", "-c", "echo no such thing >&2; exit 3"], tmp_path, {}, limit_s=60)


def test_a_command_that_cannot_be_started_is_reported(tmp_path: Path) -> None:
    with pytest.raises(FailedError, match="could not be started"):
        measure(["/no/such/program"], tmp_path, {}, limit_s=60)


def test_a_command_past_its_limit_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(StoppedError, match="stopped"):
        measure([sys.executable, "-c", "while True: pass"], tmp_path, {}, limit_s=0.2)


def _series(*cpu_ms: float) -> Series:
    return Series([Cost(value / 1000, 10.0, value / 1000) for value in cpu_ms])


def _verdicts(noop: float, changed: float, plan: float, help_ms: float) -> list[bool | None]:
    speeds = {
        1000: {
            "ninja": {NOOP: _series(100, 110)},
            "soundgraph": {
                NOOP: _series(noop),
                CHANGED: _series(changed),
                PLAN_BUILT: _series(plan),
                PLAN_NEW: _series(plan / 2),
            },
        }
    }
    starts = {
        "python -c pass": _series(12),
        f"python -c '{IMPORTS}'": _series(300),
        "soundgraph --help": _series(help_ms),
    }
    return [target.met for target in report.targets(speeds, starts)]


def test_targets_are_met_up_to_their_bounds_and_missed_beyond() -> None:
    assert _verdicts(noop=50, changed=500, plan=4999, help_ms=35.9) == [True, True, True, True]
    assert _verdicts(noop=51, changed=501, plan=5001, help_ms=36.1) == [False, False, False, False]


def test_a_target_without_figures_is_not_judged() -> None:
    starts = {"python -c pass": _series(12), f"python -c '{IMPORTS}'": _series(300), "soundgraph --help": Series()}
    assert [target.met for target in report.targets({}, starts)] == [None] * 4
