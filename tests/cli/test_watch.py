"""`soundgraph watch`: builds what an edit touches, once for a burst of them, and never for what it writes itself."""

from __future__ import annotations

import json
import os
import queue
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from soundgraph.cli import run_build
from soundgraph.execution import builder
from soundgraph.project import watching
from soundgraph.project.watching import Heard, Notified, Polled, Scope
from tests.helpers import CHAIN, Result, Space, changed, export, generate, node, noise
from tests.probes import Probe

Step = Callable[[], object]


class Script:
    """Events that a test tells of. steps: edits, each followed by what changed in the folders that are watched."""

    def __init__(self, *steps: Step):
        self.steps = list(steps)
        self.looks = Polled(lambda seconds: None)
        self.folders: frozenset[str] = frozenset()

    def watch(self, folders: frozenset[str]) -> None:
        self.folders = folders
        self.looks.watch(folders)

    def wait(self, concerns: Callable[[str], bool]) -> set[str]:
        while True:
            if found := self.looks.changes(concerns):
                return found
            if not self.steps:
                raise KeyboardInterrupt
            self.steps.pop(0)()


def watched(space: Space, *steps: Step, arguments: tuple[str, ...] = ()) -> Result:
    with changed(watching, "Notified", lambda: Script(*steps)):
        return space.run("watch", "--json", "-j", "1", *arguments)


def builds(result: Result) -> list[Result]:
    """What each build of a watch said."""
    found, events = [], []
    for event in result.events:
        events.append(event)
        if event["event"] == "watching":
            found.append(Result(event["exit_code"], "", "", events))
            events = []
    return found


# What is built


def test_an_edit_builds_what_it_touches_and_the_end_is_that_of_ctrl_c(space: Space) -> None:
    space.scene(CHAIN)
    space.scene(CHAIN.replace("exports.theme", "exports.other"), "b")
    result = watched(space, lambda: space.replace("soft rain", "heavy rain"))
    first, second = builds(result)
    assert result.code == 130
    assert first.exports == {"build/theme.wav": "written", "build/other.wav": "written"}
    assert second.of("change")[0]["paths"] == ["graphs/a.toml"]
    assert second.ran == ["a:cut", "a:dark", "a:rain"]
    assert {path for path, status in second.exports.items() if status == "written"} == {"build/theme.wav"}


def test_nothing_that_a_build_writes_starts_another(space: Space) -> None:
    space.scene(CHAIN)
    assert len(builds(watched(space))) == 1
    assert len(builds(watched(space, lambda: space.replace("soft", "hard")))) == 2


def test_a_mistake_is_shown_and_mending_it_builds(space: Space) -> None:
    space.scene(CHAIN)
    result = watched(space, lambda: space.replace("duration", "durration"), lambda: space.replace("durra", "dura"))
    codes = [build.code for build in builds(result)]
    assert codes == [0, 2, 0]
    assert "durration" in result.err
    assert builds(result)[1].of("error")[0]["line"] > 0


def test_a_scene_that_is_wrong_from_the_start_is_waited_for(space: Space) -> None:
    space.scene("nodes = 3")
    found = builds(watched(space, lambda: space.scene(CHAIN)))
    assert [build.code for build in found] == [2, 0]
    assert found[1].ran


def test_a_project_without_scenes_waits_for_one(space: Space) -> None:
    found = builds(watched(space, lambda: space.scene(CHAIN, "deep/er/a")))
    assert [build.code for build in found] == [2, 0]


def test_a_target_that_names_nothing_ends_it_at_once(space: Space) -> None:
    space.scene(CHAIN)
    result = space.run("watch", "b")
    assert result.code == 2
    assert 'no scene is called "b"' in result.err


def test_what_no_edit_can_mend_ends_it_at_once(space: Space) -> None:
    space.scene(CHAIN)
    result = space.run("watch", "--draft", "--release")
    assert (result.code, result.out) == (2, "")
    assert "exclude each other" in result.err


@pytest.mark.parametrize("what", ["recording", "include"])
def test_a_file_that_a_scene_names_and_that_is_not_there_is_waited_for(space: Space, what: str) -> None:
    door = node("door", "file", path="../far/sounds/door.wav") + export("door", "door")
    bed = 'include = ["../far/shared/bed.toml"]\n' + export("bed", "bed.bed")
    space.scene(door if what == "recording" else bed)

    def write() -> None:
        space.recording("far/sounds/door.wav")
        space.write("far/shared/bed.toml", generate("bed"))

    found = builds(watched(space, write))
    assert [build.code for build in found] == [2, 0]


def test_an_edit_of_anything_that_was_read_builds(space: Space) -> None:
    space.write("shared/base.toml", generate("bed", "wind"))
    space.recording("sounds/door.wav")
    space.scene(
        'include = ["../shared/base.toml"]\n'
        + node("door", "file", path="../sounds/door.wav")
        + node("all", "mix", inputs=[{"node": "door"}, {"node": "base.bed"}])
        + export("theme", "all")
    )
    found = builds(
        watched(
            space,
            lambda: space.write("shared/base.toml", generate("bed", "rain")),
            lambda: space.recording("sounds/door.wav", noise(seed=1)),
            lambda: space.write("soundgraph.toml", '[build]\noutput = "out"\n'),
            lambda: space.write("soundgraph.lock", "# nothing\n"),
            lambda: space.write("sounds/other.wav", b""),  # nobody reads it
            lambda: space.write("graphs/a.toml~", "a backup"),
        )
    )
    assert found[0].ran == ["a:all", "a:base.bed", "a:door"]
    assert found[1].ran == ["a:all", "a:base.bed"]
    assert found[2].ran == ["a:all", "a:door"]
    assert found[3].exports == {"out/theme.wav": "written"}
    assert len(found) == 5


def test_scenes_that_come_and_go_are_built_and_removed(space: Space) -> None:
    space.scene(CHAIN)
    other = CHAIN.replace("exports.theme", "exports.other")
    found = builds(watched(space, lambda: space.scene(other, "new/b"), (space.root / "graphs/new/b.toml").unlink))
    assert found[1].exports["build/other.wav"] == "written"
    assert any("build/other.wav" in remark for remark in found[2].remarks)


def test_what_only_seems_to_have_changed_costs_a_look_at_stats(space: Space) -> None:
    space.scene(CHAIN)
    space.settle()
    seeming = [{str(space.root / "graphs/a.toml")}]

    def wait(self: Script, concerns: Callable[[str], bool]) -> set[str]:
        if not seeming:
            raise KeyboardInterrupt
        return seeming.pop()

    def never(*_: object, **__: object) -> int:
        raise AssertionError("scenes were read")

    with changed(Script, "wait", wait), changed(run_build, "run", never):
        found = builds(watched(space))
    assert [build.code for build in found] == [0, 0]
    assert found[1].of("summary") == []


def test_after_a_mistake_that_was_taken_back_it_says_that_all_is_well(space: Space) -> None:
    space.scene(CHAIN)
    space.settle()
    other = space.root / "graphs/b.toml"
    found = builds(watched(space, lambda: other.write_text("nodes = 3"), other.unlink))
    assert [build.code for build in found] == [0, 2, 0]
    assert found[2].exports == {"build/theme.wav": "current"}


def test_an_edit_during_a_build_is_built_next(space: Space) -> None:
    space.recording("sounds/door.wav")
    space.scene(node("door", "file", path="../sounds/door.wav") + export("door", "door"))
    real, count = builder.build, 0

    def build(*arguments: object) -> object:
        nonlocal count
        count += 1
        found = real(*arguments)  # type: ignore[arg-type]
        if count == 1:
            space.recording("sounds/door.wav", noise(seed=1))
        return found

    with changed(builder, "build", build):
        found = builds(watched(space))
    assert [one.ran for one in found] == [["a:door"], ["a:door"]]


def test_a_file_that_changed_between_being_read_and_being_watched_is_built_again(space: Space) -> None:
    """It lies in a folder that was not watched before it was known to be read."""
    space.write("shared/base.toml", generate("bed", "wind"))
    space.scene('include = ["../shared/base.toml"]\n' + export("theme", "base.bed"))
    space.age()
    real, count = Script.watch, 0

    def watch(self: Script, folders: frozenset[str]) -> None:
        nonlocal count
        count += 1
        if count == 2:
            space.write("shared/base.toml", generate("bed", "rain"))
        real(self, folders)

    with changed(Script, "watch", watch):
        found = builds(watched(space))
    assert [one.ran for one in found] == [["a:base.bed"], ["a:base.bed"]]


# Models


def test_a_model_stays_loaded_between_builds_and_is_unloaded_at_the_end(space: Space, probe: Probe) -> None:
    space.scene(CHAIN)
    during: list[int] = []
    found = builds(
        watched(
            space,
            lambda: space.replace("soft rain", "heavy rain"),
            lambda: space.replace("heavy rain", "no rain"),
            lambda: during.append(len(probe.unloads)),
        )
    )
    assert [len(build.ran) for build in found] == [3, 3, 3]
    assert len(probe.loads) == 1
    assert during == [0]
    assert probe.unloads == probe.loads


def test_another_lock_file_loads_the_model_again(space: Space, probe: Probe) -> None:
    space.scene(CHAIN)

    def edit() -> None:
        space.write("soundgraph.lock", f"model x/y rev {'0' * 64}\n")
        space.replace("soft rain", "heavy rain")

    watched(space, edit)
    assert len(probe.loads) == len(probe.unloads) == 2


# Which changes matter


def test_a_scope_watches_no_folder_below_those_with_something_in_it(space: Space) -> None:
    for folder in ("build/deep", "cache/blobs", ".git/objects", "graphs/deep/er", "graphs/.hidden", "sounds/x"):
        (space.root / folder).mkdir(parents=True)
    scope = Scope(str(space.root), [str(space.root / "sounds/door.wav")])
    inside = {os.path.relpath(folder, space.root) for folder in scope.folders}
    assert inside == {".", "graphs", "graphs/deep", "graphs/deep/er", "sounds"}


@pytest.mark.parametrize(
    ("path", "matters"),
    [
        ("graphs/a.toml", True),
        ("graphs/new/b.toml", True),
        ("graphs/.a.toml.swp", False),
        ("graphs/.hidden/b.toml", False),
        ("graphs/a.toml~", False),
        ("graphs", True),
        ("graphs/deep", True),
        ("sounds/door.wav", True),
        ("sounds/other.wav", False),
        ("sounds", True),
        ("soundgraph.toml", True),
        ("build/theme.wav", False),
        ("cache", False),
        (".soundgraph", False),
        ("notes.txt", False),
    ],
)
def test_what_matters_is_what_was_read_and_what_may_become_a_scene(space: Space, path: str, matters: bool) -> None:
    (space.root / "graphs/deep").mkdir(parents=True)
    scope = Scope(str(space.root), [str(space.root / "sounds/door.wav")])
    assert scope.concerns(str(space.root / path)) is matters


def test_a_link_is_followed_to_the_file_that_is_edited(space: Space, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere" / "door.wav"
    real.parent.mkdir()
    real.write_bytes(b"")
    (space.root / "door.wav").symlink_to(real)
    scope = Scope(str(space.root), [str(space.root / "door.wav")])
    assert str(real.parent) in scope.folders
    assert scope.concerns(str(real))


def test_of_a_folder_outside_that_is_not_there_the_next_one_above_is_watched(space: Space, tmp_path: Path) -> None:
    scope = Scope(str(space.root), [str(tmp_path / "weights/of/mine/state_dict.bin")])
    assert str(tmp_path) in scope.folders
    assert scope.concerns(str(tmp_path / "weights"))


# How changes are heard of


def test_looking_at_files_finds_a_second_edit_within_the_same_second_and_of_the_same_size(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"1")
    edits: list[Step] = [lambda: path.write_bytes(b"2"), lambda: None]
    polled = Polled(lambda seconds: edits.pop(0)() and None)
    polled.watch(frozenset([str(tmp_path)]))
    assert polled.wait(lambda path: True) == {str(path)}
    edits += [path.unlink, lambda: (tmp_path / "b").write_bytes(b""), lambda: None]
    assert polled.wait(lambda path: True) == {str(path), str(tmp_path / "b")}


def test_a_burst_that_does_not_end_is_built_all_the_same(tmp_path: Path) -> None:
    path, count = tmp_path / "a", iter(range(100))
    polled = Polled(lambda seconds: path.write_text("x" * next(count)) and None)
    polled.watch(frozenset([str(tmp_path)]))
    assert polled.wait(lambda path: True) == {str(path)}


def test_a_file_that_is_saved_again_and_again_is_one_burst() -> None:
    """watchfiles calls a burst over once no other file changes."""
    events = Notified()
    said = iter([set(), {(1, "a")}, {(1, "a")}, {(1, "a"), (1, "of nobody")}, {(1, "of nobody")}, {(1, "next")}, set()])
    with changed(events, "_source", said):
        assert events.wait(lambda path: path != "of nobody") == {"a"}
        assert events.wait(lambda path: True) == {"next"}


def heard(events: Notified, concerns: Callable[[str], bool]) -> set[str]:
    """What it hears of, with a deadline: a failing test must not hang."""
    found: queue.SimpleQueue[set[str]] = queue.SimpleQueue()
    threading.Thread(target=lambda: found.put(events.wait(concerns)), daemon=True).start()
    return found.get(timeout=20)


def test_the_system_tells_of_changes_in_folders_old_and_new_and_of_none_twice(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    new.mkdir()
    events = Notified()
    events.watch(frozenset([str(old)]))
    (old / "a").write_bytes(b"")
    events.watch(frozenset([str(old), str(new)]))  # what was heard till now is kept
    assert heard(events, lambda path: True) == {str(old / "a")}
    (new / "b").write_bytes(b"")
    assert heard(events, lambda path: True) == {str(new / "b")}


def test_a_folder_that_takes_the_place_of_another_is_watched(tmp_path: Path) -> None:
    folder = tmp_path / "sounds"
    folder.mkdir()
    folders = frozenset([str(tmp_path), str(folder)])
    events = Notified()
    events.watch(folders)
    folder.rename(tmp_path / "before")
    folder.mkdir()
    assert str(folder) in heard(events, lambda path: path == str(folder))
    events.watch(folders)
    (folder / "a").write_bytes(b"")
    assert heard(events, lambda path: path == str(folder / "a"))


# Where the system cannot watch


class Refusing(Notified):
    """A system that lets somebody watch so many times, and no more. said: by it."""

    def __init__(self, times: int, error: BaseException) -> None:
        super().__init__()
        self.times, self.error, self.said = times, error, iter([set[tuple[int, str]]()] * 2)

    def _begin(self, folders: frozenset[str]) -> Any:
        def source(*given: object, **more: object) -> Any:
            raise self.error
            yield

        if self.times:
            self.times -= 1
            return (changes for changes in self.said)
        import watchfiles

        with changed(watchfiles, "watch", source):
            return super()._begin(folders)


class Panic(BaseException):
    """What is raised for a panic in Rust is no Exception."""


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("error creating recommended watcher: Too many open files (os error 24)"),
        OSError("No space left on device"),
        Panic("failed to spawn thread"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_where_the_system_cannot_watch_the_files_are_looked_at_instead(tmp_path: Path, error: BaseException) -> None:
    told: list[str] = []
    events = Heard(told.append, Refusing(0, error), Polled(lambda seconds: (tmp_path / "a").write_bytes(b"") and None))
    events.watch(frozenset([str(tmp_path)]))
    assert told == [
        f"the system cannot watch 1 folder ({error}): the files are looked at once a second instead, as with --poll"
    ]
    assert events.wait(lambda path: True) == {str(tmp_path / "a")}
    events.watch(frozenset([str(tmp_path)]))  # and stay so, without another word
    assert len(told) == 1


def test_what_was_heard_before_the_system_gave_up_is_not_lost(tmp_path: Path) -> None:
    refusing = Refusing(1, OSError("No space left on device"))
    refusing.said = iter([{(1, "kept"), (1, "of nobody")}, set()])
    events = Heard(lambda line: None, refusing, Polled(lambda seconds: None))
    events.watch(frozenset([str(tmp_path)]))
    events.watch(frozenset([str(tmp_path), str(tmp_path.parent)]))
    assert events.wait(lambda path: path == "kept") == {"kept"}


def test_ctrl_c_is_none_of_what_the_system_cannot(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        Heard(lambda line: None, Refusing(0, KeyboardInterrupt())).watch(frozenset([str(tmp_path)]))


def test_without_a_thread_nothing_is_asked_of_the_system(tmp_path: Path) -> None:
    """What is written in Rust would end the process."""
    told: list[str] = []

    def start(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with changed(threading.Thread, "start", start):
        Heard(told.append).watch(frozenset([str(tmp_path)]))
    assert told == [
        "the system cannot watch folders (can't start new thread): "
        "the files are looked at once a second instead, as with --poll"
    ]


# A real process


@pytest.mark.parametrize(
    ("how", "number", "ignoring"),
    [
        ((), signal.SIGINT, ()),
        (("--poll",), signal.SIGINT, ()),
        ((), signal.SIGTERM, (signal.SIGINT,)),
        (("--poll",), signal.SIGTERM, ()),
        ((), getattr(signal, "SIGHUP", signal.SIGTERM), ()),
    ],
)
def test_a_watch_builds_after_a_save_by_renaming_and_ends_at_once_with_a_signal(
    space: Space, how: tuple[str, ...], number: int, ignoring: tuple[int, ...]
) -> None:
    space.scene(CHAIN)
    process = space.start("watch", "--draft", "--json", *how, ignoring=ignoring)
    assert process.stdout is not None
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    source = process.stdout
    reader = threading.Thread(target=lambda: [lines.put(line) for line in source], daemon=True)
    reader.start()

    def until_watching() -> list[str]:
        events = []
        while not events or events[-1]["event"] != "watching":
            events.append(json.loads(lines.get(timeout=60)))
        assert events[-1]["exit_code"] == 0
        return sorted(event["node"] for event in events if event["event"] == "node" and event["status"] == "ran")

    try:
        assert until_watching() == ["a:cut", "a:dark", "a:rain"]
        temporary = space.write("graphs/.a.toml.tmp", CHAIN.replace("soft rain", "heavy rain"))
        temporary.replace(space.root / "graphs/a.toml")
        assert until_watching() == ["a:cut", "a:dark", "a:rain"]
        process.send_signal(number)
        assert process.wait(timeout=20) == 130
    finally:
        process.kill()
        process.wait()
        reader.join(timeout=20)
        source.close()
        if process.stderr is not None:
            err = process.stderr.read()
            process.stderr.close()
    assert err == ""
