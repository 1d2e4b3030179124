"""The same questions to every tool, answered by doing it: what ran, and what the delivered file holds."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench.peers import Tool
from tests.bench.projects import SceneSpec, scenes

_LIMIT_S = 60.0


@dataclass(frozen=True)
class Answer:
    """good: whether the tool did what one would want. detail: what was seen, in a few words."""

    good: bool
    detail: str


class Bench:
    """A fresh, built project of one scene, in one tool, that can be edited and built again."""

    def __init__(self, tool: Tool, scratch: Path):
        self.tool = tool
        self.scratch = scratch / "questions" / tool.name
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.root = self.scratch / "project"
        self.cache_dir = self.scratch / "cache"
        self.scene = scenes(1)[0]
        self.edit(self.scene)
        self.first = self.build()
        # Once more: some tools finish what they remember on the second build.
        self.build()

    def edit(self, scene: SceneSpec) -> None:
        self.scene = scene
        self.tool.write((scene,), self.root, careful=True, cache_dir=self.cache_dir)

    def build(self) -> list[str]:
        """Build, and say which nodes ran. Raises BrokenError if the build does not succeed."""
        ran = self.tool.build(self.root, self.scratch, _LIMIT_S, self.cache_dir)
        if ran is None:
            raise BrokenError
        return ran

    def file(self) -> Path:
        return self.tool.delivered(self.scene, self.root)

    def is_right(self) -> bool:
        """Whether the delivered file is what the scene, as it is written now, should give."""
        return self.file().exists() and self.file().read_bytes() == self.tool.right_result(self.scene, self.scratch)

    def sources(self) -> list[Path]:
        return [
            path
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and (path.parent.name in ("src", "graphs") or path.name == "build.ninja")
        ]


class BrokenError(Exception):
    """A build failed or took too long."""


def _ran(names: list[str]) -> str:
    return "nothing ran" if not names else f"{len(names)} ran"


def early_cutoff(bench: Bench) -> Answer:
    """A step runs again and gives the same: nothing below it runs, and the next build runs nothing."""
    bench.edit(SceneSpec(bench.scene.name, bench.scene.prompts, nudged=True))
    ran = bench.build()
    again = bench.build()
    detail = _ran(ran) + (f", and {len(again)} more on each later build" if again else "")
    return Answer(len(ran) <= 1 and not again and bench.is_right(), detail)


def restores_deleted_output(bench: Bench) -> Answer:
    """The delivered file is deleted: it comes back and nothing runs."""
    bench.file().unlink()
    ran = bench.build()
    return Answer(not ran and bench.is_right(), _ran(ran) if bench.file().exists() else "not restored")


def remembers_what_was(bench: Bench) -> Answer:
    """A prompt is changed and changed back: the second build runs nothing and leaves the right file."""
    before = bench.scene
    bench.edit(before.with_other_word(2))
    bench.build()
    bench.edit(before)
    ran = bench.build()
    return Answer(not ran and bench.is_right(), _ran(ran) + ("" if bench.is_right() else ", wrong file"))


def second_clone(bench: Bench) -> Answer:
    """A second clone, with the same shared cache where the tool has one: nothing runs, the right file is there."""
    first, bench.root = bench.root, bench.scratch / "clone"
    bench.edit(bench.scene)
    for name in bench.tool.committed:
        shutil.copyfile(first / name, bench.root / name)
    ran = bench.build()
    return Answer(not ran and bench.is_right(), _ran(ran) + ("" if bench.is_right() else ", wrong file"))


def inputs_swapped(bench: Bench) -> Answer:
    """Two inputs of the mix change places: the new result is delivered."""
    bench.edit(bench.scene.swapped())
    ran = bench.build()
    return Answer(bench.is_right(), _ran(ran) + ("" if bench.is_right() else ", old result"))


def edit_right_after(bench: Bench) -> Answer:
    """An edit that keeps the file's size, made as soon as the build before has ended: noticed."""
    # At the start of a second, so that a build has the whole of it.
    time.sleep(1 - time.time() % 1)
    bench.edit(bench.scene.with_other_word(1))
    written = max(path.stat().st_mtime for path in bench.sources())
    bench.build()
    bench.edit(bench.scene.with_other_word(1))
    same_second = int(max(path.stat().st_mtime for path in bench.sources())) == int(written)
    ran = bench.build()
    seen = f"{_ran(ran)}{'' if same_second else '; its build outlasts the second'}"
    return Answer(bench.is_right(), seen)


def edit_within_a_tick(bench: Bench) -> Answer:
    """An edit that keeps the file's size and its modification time, as within one tick of a coarse clock: noticed.

    The time is put back by hand, so the inode's change time does move on; within a true tick it would not.
    """
    before = {path: path.stat() for path in bench.sources()}
    bench.edit(bench.scene.with_other_word(1))
    for path, stat in before.items():
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    ran = bench.build()
    return Answer(bench.is_right(), _ran(ran) + ("" if bench.is_right() else ", old result"))


QUESTIONS: dict[str, Callable[[Bench], Answer]] = {
    "early cutoff": early_cutoff,
    "deleted output restored": restores_deleted_output,
    "A → B → A": remembers_what_was,
    "second clone": second_clone,
    "two inputs swapped": inputs_swapped,
    "equal-size edit right after a build": edit_right_after,
    "equal-size edit, same mtime": edit_within_a_tick,
}


def ask(tool: Tool, scratch: Path) -> dict[str, Answer]:
    """Each question to one tool, each on a fresh project."""
    answers: dict[str, Answer] = {}
    for name, question in QUESTIONS.items():
        try:
            answers[name] = question(Bench(tool, scratch))
        except BrokenError:
            answers[name] = Answer(False, "the build failed")
    return answers
