"""Whatever is edited or lost, a build gives what a clean build gives, runs what an oracle says, and then nothing."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.helpers import Result, Space
from tests.random import oracle, projects
from tests.random.oracle import Oracle
from tests.random.projects import SCENES, ProjectText


class Rebuilding(RuleBasedStateMachine):
    """A project that is edited, damaged and built again and again."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="soundgraph-random-"))
        self.space = Space(self.folder / "project")
        self.clean_builds = 0
        self.oracle = Oracle()
        self.past: list[ProjectText] = []
        self.altered: dict[str, bytes] = {}  # by hand, by path
        self.touched: set[str] = set()  # since all was built

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @initialize(project=projects.projects())
    def start(self, project: ProjectText) -> None:
        self.project = project
        self.check()

    # What may happen

    @rule(data=st.data(), count=st.integers(1, 2))
    def edit(self, data: Any, count: int) -> None:
        self.past.append(self.project.copy())
        for _ in range(count):
            projects.edit(data.draw, self.project)
        self.build_in_part(data)
        self.check()

    @precondition(lambda self: self.past)
    @rule(data=st.data())
    def change_back(self, data: Any) -> None:
        earlier = data.draw(st.sampled_from(range(len(self.past))))
        self.past.append(self.project)
        self.project = self.past[earlier].copy()
        self.check()

    @rule(data=st.data())
    def add_or_remove_a_scene(self, data: Any) -> None:
        self.past.append(self.project.copy())
        name = data.draw(st.sampled_from(SCENES))
        if name not in self.project.scenes:
            self.project.scenes[name] = data.draw(projects.scenes(name, self.project.shared))
        elif len(self.project.scenes) > 1:
            del self.project.scenes[name]
        self.check()

    @precondition(lambda self: self.space.delivered())
    @rule(data=st.data(), how=st.sampled_from(["delete", "alter"]))
    def touch_a_delivered_file(self, data: Any, how: str) -> None:
        path = data.draw(st.sampled_from(sorted(self.space.delivered())))
        self.touched.add(path)
        if how == "delete":
            (self.space.root / path).unlink()
            self.altered.pop(path, None)
        else:
            self.altered[path] = self.space.read(path) + b" by hand"
            self.space.write(path, self.altered[path])
        if data.draw(st.booleans()):
            self.project_changes(data)
        self.check()

    @rule(data=st.data(), how=st.sampled_from(["delete", "truncate", "flip"]))
    def lose_a_blob(self, data: Any, how: str) -> None:
        # Where several nodes give the same samples, which of them makes these again is the builder's to choose.
        blobs = [path for path in sorted(self.space.cache.glob("blobs/??/*.wav")) if self.oracle.owner(path.stem)]
        if not blobs:
            return
        path = data.draw(st.sampled_from(blobs))
        content = path.read_bytes()
        if how == "delete":
            path.unlink()
        elif how == "truncate":
            path.write_bytes(content[: len(content) // 2])
        else:
            place = data.draw(st.integers(0, len(content) - 1))
            path.write_bytes(content[:place] + bytes([content[place] ^ 0x40]) + content[place + 1 :])
        self.oracle.lost.add(path.stem)
        self.project_changes(data)
        self.check()

    @rule(data=st.data())
    def lose_a_record(self, data: Any) -> None:
        files = sorted(self.space.cache.glob("records/??/*.json"))
        owners = {path: self.oracle.owner(json.loads(path.read_text())["digest"]) for path in files}
        files = [path for path in files if owners[path] is not None]
        if not files:
            return
        path = data.draw(st.sampled_from(files))
        path.unlink()
        with sqlite3.connect(self.space.cache / "index" / "cache.db") as index:
            index.execute("DELETE FROM Cache WHERE key = ?", (f"action:{path.stem}",))
        index.close()
        del self.oracle.known[owners[path]]
        self.project_changes(data)
        self.check()

    # Steps

    def project_changes(self, data: Any) -> None:
        self.past.append(self.project.copy())
        projects.edit(data.draw, self.project)

    def build_in_part(self, data: Any) -> None:
        """Builds something that is only a part of the project, or nothing."""
        self.touched |= self.project.write(self.space)
        results = oracle.results_of(self.project)
        choices = ["", *self.project.scenes, *results]
        choices += [f"{name}:{export}" for name, scene in self.project.scenes.items() for export in scene.exports]
        target = data.draw(st.sampled_from(choices))
        if target:
            self.build(target)

    def check(self) -> None:
        self.touched |= self.project.write(self.space)
        clean = self.build()
        orphans = {path: found for path, found in self.altered.items() if path not in clean and self.space.exists(path)}
        assert self.space.delivered() == {**clean, **orphans}
        self.altered = orphans
        self.space.age()
        self.space.build()  # keeps stamps of what was too young
        again = self.space.build()
        assert (again.code, again.ran) == (0, [])
        assert self.space.is_noop()
        self.touched = set()

    def build(self, *targets: str) -> dict[str, bytes]:
        """Builds the targets; what ran has to be what the oracle says. Returns what a clean build of all delivers."""
        clean = self.clean_build()
        results = oracle.results_of(self.project)
        wanted, files = self.wanted(targets)
        current = {path for path in files if self.space.exists(path) and self.space.read(path) == clean[path]}
        known, lost = dict(self.oracle.known), set(self.oracle.lost)
        expected = self.oracle.build(results, wanted, files, current)
        built = self.space.build(*targets)
        assert built.code == 0, built.err
        ran = [results[name].identity for name in built.ran]
        # An edit may make one node give the samples that were lost of another: then the builder has them from either.
        made = {results[name].content for name in built.ran}
        spared = {one for one in expected if known.get(one) in lost & made and one not in ran}
        assert sorted(ran) == sorted(expected - spared), (built.ran, sorted(expected))
        self.compare(self.space, built)
        return clean

    def wanted(self, targets: tuple[str, ...]) -> tuple[list[str], dict[str, tuple[str, str]]]:
        """(ids of the nodes to look at, (settings, id) of each audio file to look at, by path).

        A scene that is as it was left when all was built is not looked at, whatever happened to the cache.
        """
        results = oracle.results_of(self.project)
        nodes = [target for target in targets if target in results]
        files = {}
        for name, scene in self.project.scenes.items():
            delivered = {
                f"build/{fields.get('path', export)}.{form}": (fields, form)
                for export, fields in scene.exports.items()
                for form in _formats(fields)
                if not targets or name in targets or f"{name}:{export}" in targets
            }
            parts = self.project.reads(name) | delivered.keys() | {f"{path}.json" for path in delivered}
            if not self.touched & parts:
                continue
            for path, (fields, form) in delivered.items():
                nodes.append(f"{name}:{fields['node']}")
                kept = {"bit_depth": 24, **fields}  # a default that is written out changes nothing
                kept = {key: value for key, value in kept.items() if key in ("loudness_lufs", "bit_depth")}
                settings = json.dumps([form, kept, scene.settings.get("sample_rate", 48000)])
                files[path] = (settings, nodes[-1])
        return nodes, files

    def clean_build(self) -> dict[str, bytes]:
        self.clean_builds += 1
        clean = Space(self.folder / f"clean-{self.clean_builds}")
        self.project.write(clean)
        built = clean.build()
        assert built.code == 0, built.err
        self.compare(clean, built)
        return clean.delivered()

    def compare(self, space: Space, built: Result) -> None:
        """What was delivered names the artifacts that the oracle made, node by node."""
        results = oracle.results_of(self.project)
        for path in built.exports:
            facts = json.loads(space.read(f"{path}.json"))
            for node, found in facts["nodes"].items():
                assert found["digest"] == results[f"{facts['scene']}:{node}"].content


def _formats(fields: dict[str, Any]) -> list[str]:
    formats = fields.get("format", "wav")
    return formats if isinstance(formats, list) else [formats]


TestRebuilding = Rebuilding.TestCase
# A step takes three builds: one in four of the examples that the profile asks for are enough for an everyday run.
TestRebuilding.settings = settings(max_examples=settings().max_examples // 4, stateful_step_count=8)
