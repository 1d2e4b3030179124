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

from soundgraph.audio.containers import decode
from soundgraph.scene.tables.check_settings import measure
from tests.helpers import CHAIN, Result, Space, export, generate, node, table
from tests.random import oracle, projects
from tests.random.oracle import Entry, Expected, Job, List, Oracle
from tests.random.projects import SCENES, ProjectText, base_of


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
        self.orphans: set[str] = set()  # those of them that no scene delivers any more
        # By scene: the exports whose state was kept when it was last built ("" if all was), and what was touched since.
        self.stamps: dict[str, set[str]] = {}
        self.touched: dict[str, set[str]] = {name: set() for name in SCENES}
        self.failing = False

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @initialize(project=projects.projects())
    def start(self, project: ProjectText) -> None:
        oracle.forget()
        self.project = project
        self.check()

    # What may happen

    @rule(data=st.data(), count=st.integers(1, 2))
    def edit(self, data: Any, count: int) -> None:
        self.past.append(self.project.copy())
        for _ in range(count):
            projects.edit(data.draw, self.project)
        for _ in range(data.draw(st.sampled_from([0, 1, 1, 2]))):
            self.build_in_part(data)
        self.check()

    @precondition(lambda self: self.failing)
    @rule()
    def mend(self) -> None:
        """What fails is demanded no more: nothing runs that was made when it failed."""
        self.past.append(self.project.copy())
        for scene in self.project.scenes.values():
            scene.checks = [{key: check[key] for key in ("node", "export") if key in check} for check in scene.checks]
            for check in scene.checks:
                check["max_duration"] = 3600
        known, lost = dict(self.oracle.known), set(self.oracle.lost)
        self.check()
        assert not self.failing
        results = oracle.results_of(self.project)
        assert all(known.get(results[name].identity) in {None, *lost} for name in self.ran)

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
            projects.put_right(self.project)
        elif len(self.project.scenes) > 1:
            del self.project.scenes[name]
            self.stamps.pop(name, None)
        self.check()

    @precondition(lambda self: self.space.delivered())
    @rule(data=st.data(), how=st.sampled_from(["delete", "alter"]))
    def touch_a_delivered_file(self, data: Any, how: str) -> None:
        path = data.draw(st.sampled_from(sorted(self.space.delivered())))
        self.touch({path})
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

    def touch(self, paths: set[str]) -> None:
        for touched in self.touched.values():
            touched.update(paths)

    def build_in_part(self, data: Any) -> None:
        """Builds something that is only a part of the project."""
        self.write_project()
        jobs = oracle.jobs_of(self.project)
        exports = [f"{job.scene}:{job.export}" for job in jobs]
        of_takes = [f"{job.scene}:{job.export}#{job.take or 1}" for job in jobs]
        groups = [list(self.project.scenes), list(oracle.results_of(self.project)), exports, of_takes]
        target = data.draw(st.sampled_from(data.draw(st.sampled_from(groups))))
        self.settle(target)
        if target in of_takes:
            self.settle(base_of(target))

    def write_project(self) -> None:
        """Writes what is there now. What somebody altered, and no scene delivered for a while, is theirs: a scene that
        delivers it again is refused until it is moved away."""
        self.touch(self.project.write(self.space))
        if not self.orphans:
            return
        sounds = {path for job in oracle.jobs_of(self.project) for path, _ in job.files}
        wanted = {*sounds, *(f"{path}.json" for path in sounds), *self.clean_build()[0]}
        for path in sorted(self.orphans & wanted):
            refused = self.space.build("-k")
            assert (refused.code, f'"{path}" is there, and soundgraph did not deliver it' in refused.err) == (2, True)
            (self.space.root / path).unlink()
            del self.altered[path]
        self.orphans -= wanted

    def check(self) -> None:
        self.write_project()
        clean = self.settle()
        if self.failing:
            return
        orphans = {path: found for path, found in self.altered.items() if path not in clean and self.space.exists(path)}
        assert self.space.delivered() == {**clean, **orphans}
        self.altered = orphans
        self.orphans = set(orphans)
        assert self.space.is_noop()

    def settle(self, *targets: str) -> dict[str, bytes]:
        """Builds until the state that is kept holds. Returns what a clean build of all delivers."""
        looked = {name for name in self.project.scenes if self.is_looked_at(name, targets)}
        clean, expected = self.build(targets, looked)
        self.space.age()
        self.space.build("-k", *targets)  # keeps stamps of what was too young
        before = self.space.delivered()
        again = self.space.build("-k", *targets)
        assert (again.code, again.ran) == (expected.code, [])
        assert self.space.delivered() == before
        self.stamp(looked, targets, expected)
        if not targets:
            self.failing = expected.code != 0
        return clean

    def build(self, targets: tuple[str, ...], looked: set[str]) -> tuple[dict[str, bytes], Expected]:
        """Builds the targets: what runs, what fails, and each file has to be what the oracle says.

        looked: the scenes that are not as they were left. Returns what a clean build of all delivers, too.
        """
        clean, _ = self.clean_build()
        results = oracle.results_of(self.project)
        nodes = [name for target in targets for name in _takes(target, results)]
        asked = [job for job in oracle.jobs_of(self.project) if _is_asked(job, targets)]
        nodes = [name for name in nodes if _scene(name) in looked]
        if not nodes and not any(":" in target for target in targets):  # then checks are a reason to look at a node
            nodes = [
                name for name in oracle.limits_of(self.project) if _scene(name) in looked and _whole(name, targets)
            ]
        limits = {name: found for name, found in oracle.limits_of(self.project).items() if _scene(name) in looked}
        before = self.space.delivered()
        times = self.times()
        known, lost = dict(self.oracle.known), set(self.oracle.lost)
        jobs = [job for job in asked if job.scene in looked]
        expected = self.oracle.build(results, nodes, jobs, limits, before)
        built = self.space.build("-k", *targets)
        assert built.code == expected.code, built.err
        self.ran = sorted({event["node"] for event in built.of("node") if event["status"] == "ran"})
        ran = [results[name].identity for name in self.ran]
        # An edit may make one node give the samples that were lost of another: then the builder has them from either.
        made = {results[name].content for name in self.ran}
        spared = {one for one in expected.runs if known.get(one) in lost & made and one not in ran}
        assert sorted(ran) == sorted(expected.runs - spared), (self.ran, sorted(expected.runs))
        assert set(built.failed) == expected.failed
        assert built.summary["ran"] == len(set(self.ran) - expected.failed)
        self.compare(self.space, built)
        # Files
        statuses = dict(expected.statuses)
        for job in asked:
            if job.scene not in looked:
                statuses.update((path, "current") for path, _ in job.files)
        lists = [one for one in oracle.lists_of(self.project) if set(one.about) <= set(asked)]
        for one in lists:
            if one.scene not in looked or set(one.about) <= set(expected.jobs):
                assert set(one.files) <= clean.keys()
                statuses.update((path, self.status(path, before, clean)) for path in one.files)
        assert built.exports == statuses, (built.exports, statuses)
        left = dict(before)
        for entry in self.delivered(expected.jobs, lists, clean):
            left[entry[0]] = entry[1].data
            self.oracle.ledger[entry[0]] = entry[1]
        if expected.code == 0 and (looked or (not targets and self.has_gone())):
            for path in self.stale(looked, targets):
                entry = self.oracle.ledger.pop(path)
                if left.get(path) == entry.data:  # type: ignore[attr-defined]
                    del left[path]
        after = self.space.delivered()
        assert after.keys() == left.keys()
        assert after == left
        now = self.times()
        same = [path for path, status in statuses.items() if status == "current" and path in times]
        assert {path: now[path] for path in same} == {path: times[path] for path in same}
        self.altered = {path: found for path, found in self.altered.items() if after.get(path) == found}
        return clean, expected

    def delivered(self, jobs: list[Job], lists: list[List], clean: dict[str, bytes]) -> list[tuple[str, Entry]]:
        """What the ledger knows of these exports, and of the manifests that are about nothing else."""
        results = oracle.results_of(self.project)
        found = []
        for job in jobs:
            for path, form in job.files:
                assert clean[path] == oracle.file_of(results[job.node], job, form)
                found.append((path, Entry(job.scene, (results[job.node].content, form, job.settings), clean[path])))
                found.append((f"{path}.json", Entry(job.scene, "sidecar", clean[f"{path}.json"])))
        for one in lists:
            if set(one.about) <= set(jobs):
                found += [(path, Entry(one.scene, "manifest", clean[path])) for path in one.files]
        return found

    def status(self, path: str, before: dict[str, bytes], clean: dict[str, bytes]) -> str:
        """Of a file of a manifest."""
        if before.get(path) == clean[path]:
            return "current"
        known = self.oracle.ledger.get(path)
        return "restored" if known is not None and known.data == clean[path] else "written"

    def stale(self, looked: set[str], targets: tuple[str, ...]) -> list[str]:
        """What was delivered and is no more, of the scenes built as a whole and of those that are gone."""
        whole = {name for name in looked if not targets or name in targets}
        current = {
            path for job in oracle.jobs_of(self.project) for audio, _ in job.files for path in (audio, f"{audio}.json")
        }
        current.update(path for one in oracle.lists_of(self.project) for path in one.files)
        return [
            path
            for path, entry in self.oracle.ledger.items()
            if path not in current and (entry.scene in whole or entry.scene not in self.project.scenes)
        ]

    def has_gone(self) -> bool:
        """Whether a scene that delivered something is there no more."""
        return any(entry.scene not in self.project.scenes for entry in self.oracle.ledger.values())

    def is_looked_at(self, name: str, targets: tuple[str, ...]) -> bool:
        """Whether a scene is not as it was left, whatever happened to the cache, so that a build of it looks at it."""
        items = {target.partition(":")[2] for target in targets if _scene(target) == name}
        if targets and not items:
            return False
        exports = items - {""} or {"", *self.project.scenes[name].exports}
        if not exports <= self.stamps.get(name, set()):
            return True
        jobs = [job for job in oracle.jobs_of(self.project) if job.scene == name]
        files = {path for job in jobs if job.export in exports for path, _ in job.files}
        asked = {job for job in jobs if job.export in exports}
        lists = [one for one in oracle.lists_of(self.project) if set(one.about) <= asked]
        parts = files | {f"{path}.json" for path in files} | {path for one in lists for path in one.files}
        return bool(self.touched[name] & (parts | self.project.reads(name)))

    def stamp(self, looked: set[str], targets: tuple[str, ...], expected: Expected) -> None:
        """What the build knows of each scene from now on."""
        stale = self.stale(looked, targets) if expected.code else []
        for name in looked:
            jobs = [job for job in oracle.jobs_of(self.project) if job.scene == name]
            asked = [job for job in jobs if _is_asked(job, targets)]
            if not asked:
                continue
            done = set(asked) <= set(expected.jobs) and all(_scene(node) != name for node in expected.failed)
            self.stamps.pop(name, None)
            if done and not any(self.oracle.ledger[path].scene == name for path in stale):
                self.stamps[name] = {job.export for job in asked} - {job.export for job in jobs if job not in asked}
                self.stamps[name] |= {""} if _whole(name, targets) else set()
                self.touched[name] = set()

    def times(self) -> dict[str, int]:
        return {path: (self.space.root / path).stat().st_mtime_ns for path in self.space.delivered()}

    def clean_build(self) -> tuple[dict[str, bytes], Result]:
        self.clean_builds += 1
        clean = Space(self.folder / f"clean-{self.clean_builds}")
        self.project.write(clean)
        built = clean.build("-k")
        self.compare(clean, built)
        delivered = clean.delivered()
        shutil.rmtree(clean.root)
        for one in oracle.lists_of(self.project):
            data = {path: delivered[path] for path in one.files if path in delivered}
            if data:
                assert oracle.named_in(one, data) == sorted(one.lists)
                takes = [path for job in one.about if job.take for path, form in job.files if form == "wav"]
                if one.engine == "godot":
                    assert oracle.named_in_randomizers(data) == sorted(takes)
        return delivered, built

    def compare(self, space: Space, built: Result) -> None:
        """What was delivered names the artifacts that the oracle made, node by node."""
        results = oracle.results_of(self.project)
        for job in oracle.jobs_of(self.project):
            for path, _ in job.files:
                if built.exports.get(path, "failed") != "failed":
                    facts = json.loads(space.read(f"{path}.json"))
                    assert facts.get("take") == job.take
                    assert facts["nodes"].keys() == {
                        name.partition(":")[2] for name in oracle.needed(results, [job.node])
                    }
                    for node, found in facts["nodes"].items():
                        assert found["digest"] == results[f"{job.scene}:{node}"].content


def _scene(name: str) -> str:
    """The scene of a node, an export or a target."""
    return name.partition(":")[0]


def _whole(name: str, targets: tuple[str, ...]) -> bool:
    """Whether a scene, or that of a node, is asked for as a whole."""
    return not targets or _scene(name) in targets


def _takes(target: str, names: Any) -> list[str]:
    """The nodes that a target stands for: "a:step" for all takes of it, "a:step#1" for the first."""
    if target.endswith("#1"):
        return [name for name in names if name == base_of(target)]
    return [name for name in names if name == target or base_of(name) == target]


def _is_asked(job: Job, targets: tuple[str, ...]) -> bool:
    name = f"{job.scene}:{job.export}"
    return not targets or any(target in (job.scene, name, f"{name}#{job.take or 1}") for target in targets)


TestRebuilding = Rebuilding.TestCase
# A step takes five builds: one in four of the examples that the profile asks for are enough for an everyday run.
TestRebuilding.settings = settings(max_examples=settings().max_examples // 4, stateful_step_count=10)


# What it has found, each as small as it goes. An everyday run would come upon some of these once in a week.

STEPS = "\n".join([generate("step", variations=3), export("steps", "step", path="steps_{take}")])
FAILS = table("[checks]", node="step", min_duration=5)


def test_what_became_stale_while_another_scene_failed_is_removed_later(space):
    other = STEPS.replace("steps", "others")
    space.scene(STEPS, "a")
    space.scene(other, "b")
    space.settle()
    space.scene(STEPS.replace("steps_", "moved_"), "a")
    space.scene(other + FAILS, "b")
    space.age()
    assert [space.build("-k").code for _ in range(2)] == [1, 1]
    assert space.exists("build/steps_1.wav")
    space.scene(other, "b")
    assert space.build().code == 0
    assert not space.exists("build/steps_1.wav")


def test_one_take_built_is_not_all_takes_built(space):
    space.scene(STEPS)
    space.age()
    space.build("a:steps#2")
    space.build("a:steps#2")
    assert not space.is_noop("a:steps")
    assert len(space.build("a:steps").exports) == 3


def test_a_lost_manifest_is_noticed_by_a_build_of_all_that_it_is_about(space):
    space.scene(STEPS + export("other", "step#1") + table("manifests.list", engine="json", exports=["steps"]))
    space.settle("a:steps")
    (space.root / "build/list.json").unlink()
    assert space.build("a:steps").exports["build/list.json"] == "restored"
    space.settle("a:other")
    (space.root / "build/list.json").unlink()
    assert space.is_noop("a:other")


def test_of_an_export_that_fails_in_one_format_none_is_written(space):
    both = generate("step") + export("step", "step", format=["wav", "ogg"])
    space.scene(both)
    space.build()
    peaks = {
        form: measure(decode.from_bytes(space.read(f"build/step.{form}")))["true_peak_dbtp"] for form in ("wav", "ogg")
    }
    assert peaks["wav"] != peaks["ogg"]
    (space.root / "build/step.wav").unlink()
    space.scene(both + table("[checks]", export="step", max_true_peak_dbtp=sum(peaks.values()) / 2))
    assert space.build("-k").exports == {"build/step.wav": "failed", "build/step.ogg": "failed"}
    assert not space.exists("build/step.wav")


def test_what_ran_before_something_was_found_to_be_lost_counts_as_ran(space):
    space.scene(CHAIN)
    space.settle()
    rain = json.loads(space.read("build/theme.wav.json"))["nodes"]["rain"]["digest"]
    (space.cache / "blobs" / rain[:2] / f"{rain}.wav").unlink()
    # The first round makes `soft`, and finds that `rain` is gone; the second finds `soft` as it was made.
    space.scene(
        CHAIN + node("soft", "gain", input="dark", gain_db=-6.0) + export("soft", "soft") + export("rain", "rain")
    )
    found = space.build()
    assert found.ran == ["a:rain", "a:soft"]
    assert found.summary["ran"] == 2
