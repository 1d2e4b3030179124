"""The builds in docs/pipelines.md: first build, nothing to do, an edit, a mistake."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import Space, export, generate, node, noise

PAGE = Path(__file__).parent.parent / "docs" / "pipelines.md"
FILES = {"make": "Makefile", "ninja": "build.ninja", "cmake": "CMakeLists.txt"}
COMMANDS = {"make": ["make", "game.pak"], "ninja": ["ninja"], "cmake": ["cmake", "--build", "out"]}
IDLE = {
    # make runs it once more where it is one of several files that was made again.
    "make": ("'game.pak' is up to date.", "nothing to do (2 nodes, 2 files current)\n"),
    "ninja": ("no work to do",),
    "cmake": ("no work to do",),
}
PACKED = {"make": "game.pak", "ninja": "game.pak", "cmake": "out/game.pak"}


class Pipeline:
    def __init__(self, tool: str, space: Space):
        self.tool, self.space = tool, space
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environment = {**os.environ, "PATH": path, "PYTHONPATH": str(PAGE.parent.parent)}

    def call(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.space.root, env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )

    def build(self) -> subprocess.CompletedProcess[str]:
        return self.call(*COMMANDS[self.tool])

    def is_idle(self) -> bool:
        done = self.build()
        assert done.returncode == 0, done.stdout + done.stderr
        return any(words in done.stdout for words in IDLE[self.tool]) and "tar" not in done.stdout

    def packed(self) -> bytes:
        return self.space.read(PACKED[self.tool])


@pytest.fixture(params=["make", "ninja", "cmake"])
def pipeline(request: pytest.FixtureRequest, space: Space) -> Pipeline:
    tool = str(request.param)
    for program in {tool, "ninja"} if tool == "cmake" else {tool}:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not on this machine")
    text = re.search(rf"^```{tool}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert text is not None
    space.write(FILES[tool], text[1])
    space.scene(generate("click") + export("click", "click"), "ui")
    space.recording("sounds/door.wav")
    space.scene(node("door", "file", path="../sounds/door.wav") + export("door", "door"), "door")
    space.age()
    found = Pipeline(tool, space)
    if tool == "cmake":
        done = found.call("cmake", "-S", ".", "-B", "out", "-G", "Ninja")
        assert done.returncode == 0, done.stdout + done.stderr
    return found


def test_a_build_with_soundgraph_as_a_step_runs_it_when_it_has_to_and_only_then(pipeline: Pipeline) -> None:
    first = pipeline.build()
    assert first.returncode == 0, first.stdout + first.stderr
    assert "2 ran" in first.stdout
    assert pipeline.is_idle()
    before = pipeline.packed()

    pipeline.space.recording("sounds/door.wav", noise(seed=1))
    again = pipeline.build()
    assert again.returncode == 0, again.stdout + again.stderr
    assert "door:door  ran" in again.stdout
    assert "ui:click" not in again.stdout
    assert pipeline.packed() != before
    assert pipeline.is_idle()

    pipeline.space.replace("duration", "durration", "ui")
    wrong = pipeline.build()
    assert wrong.returncode != 0
    assert 'unknown field "durration"' in wrong.stdout + wrong.stderr
    pipeline.space.replace("durration", "duration", "ui")
    mended = pipeline.build()
    assert mended.returncode == 0, mended.stdout + mended.stderr


def test_a_delivered_file_that_was_deleted_comes_back(pipeline: Pipeline) -> None:
    assert pipeline.build().returncode == 0
    before = pipeline.space.read("build/draft/door.wav")
    (pipeline.space.root / "build/draft/door.wav").unlink()
    assert pipeline.build().returncode == 0
    assert pipeline.space.read("build/draft/door.wav") == before


def test_an_edit_that_nobody_can_hear_packs_nothing_again(pipeline: Pipeline) -> None:
    assert pipeline.build().returncode == 0
    packed = pipeline.space.root / PACKED[pipeline.tool]
    before = packed.stat().st_mtime_ns
    path = pipeline.space.root / "graphs/ui.toml"
    path.write_text(path.read_text() + "# louder?\n")
    assert pipeline.build().returncode == 0
    assert packed.stat().st_mtime_ns == before


def test_a_new_export_is_built_where_the_list_is_asked_for(pipeline: Pipeline) -> None:
    if pipeline.tool == "ninja":
        pytest.skip("the list stands in its file")
    assert pipeline.build().returncode == 0
    pipeline.space.scene(generate("bird") + export("bird", "bird"), "birds")
    assert pipeline.build().returncode == 0
    assert pipeline.space.exists("build/draft/bird.wav")
