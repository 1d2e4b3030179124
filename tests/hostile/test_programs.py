"""Programs and modules that lie in a stranger's project are not taken for those of this machine."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from soundgraph import programs
from soundgraph.cli import play
from tests.helpers import CHAIN, Space, export, node

_EVERYTHING = """
import __future__, runpy, sys
sys.argv = ["soundgraph", "build"]
try:
    runpy.run_module("soundgraph", run_name="__main__", alter_sys=True)
finally:
    open("names", "w").write("\\n".join({name.partition(".")[0] for name in sys.modules}))
"""


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """As somebody would start it who works in a folder, but that the soundgraph under test may lie anywhere."""
    import soundgraph

    home = str(Path(soundgraph.__file__).parent.parent)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**environment, "PYTHONPATH": home},
        capture_output=True,
        text=True,
    )


def test_modules_of_a_project_are_not_imported_by_python_m(space: Space) -> None:
    """Each module that a build imports lies in the project, too, but those that Python imports before it starts."""
    space.scene(CHAIN)
    (space.root / "early.py").write_text("import sys\nprint('\\n'.join(sys.modules))")
    early = set(python(space.root, "-m", "early").stdout.split())
    (space.root / "late.py").write_text(_EVERYTHING)
    assert python(space.root, "late.py").returncode == 0
    late = set((space.root / "names").read_text().split("\n"))
    planted = late - early - {"soundgraph", "__main__", "late"}
    assert {"__future__", "numpy", "argparse", "pydantic", "json"} <= planted
    for name in planted:
        space.write(f"{name}.py", f"open('ran', 'a').write('{name} ')\n")
    for verb in (["build", "--force"], ["version"], ["nonsense"], ["check"], ["report"]):
        found = python(space.root, "-m", "soundgraph", *verb)
        assert "Traceback" not in found.stderr
        assert not space.exists("ran"), space.read("ran")


def plant(folder: Path, name: str) -> Path:
    """A program that leaves a mark beside itself."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f'#!/bin/sh\ntouch "{folder}/ran"\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize("entry", ["", ".", "./", "bin", "bin/../bin", "{here}", "{here}/."])
def test_a_program_is_not_looked_for_where_a_project_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    plant(tmp_path / "project", "tool")
    plant(tmp_path / "project" / "bin", "tool")
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setenv("PATH", entry.format(here=tmp_path / "project"))
    assert programs.find("tool") is None
    real = plant(tmp_path / "system", "tool")
    monkeypatch.setenv("PATH", os.pathsep.join([os.environ["PATH"], str(real.parent)]))
    assert programs.find("tool") == str(real)
    assert programs.environment()["PATH"] == str(real.parent)


def test_what_cannot_be_started_is_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path / "a", "tool").chmod(0o644)
    (tmp_path / "b" / "tool").mkdir(parents=True)
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path / "a"), str(tmp_path / "b"), str(tmp_path / "none")]))
    assert programs.find("tool") is None


def test_players_and_voices_of_a_project_are_not_started(space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    tone = node("t", "tone", duration=0.1, freq_hz=440) + export("t", "t")
    space.scene(node("n", "speech", text="x") + export("n", "n") + tone)
    for name in ("espeak-ng", "ffmpeg", "dot", "git", *(command[0] for command, _ in play.PLAYERS)):
        plant(space.root, name)
    monkeypatch.chdir(space.root)
    monkeypatch.setenv("PATH", os.pathsep.join([".", "", str(space.root)]))
    assert "espeak-ng is not installed" in space.run("build").out
    assert "is installed" in space.run("play", "a:t").err
    space.run("graph", "--format", "svg")
    assert not space.exists("ran")


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_a_voice_is_no_option_and_no_file(space: Space) -> None:
    for voice in ("-w/tmp/x", "--path=.", "../x", "/etc/passwd", "en --stdout", "en\n-w", "en+../x", "!v/f1"):
        space.scene(node("n", "speech", text="x", voice=voice) + export("n", "n"))
        assert space.run("build").code == 2


def test_ctrl_c_in_a_terminal_does_not_reach_the_programs_that_a_build_runs():
    """It reaches all of a session: a program that it ended would have its node fail, rather than be finished."""
    command = [sys.executable, "-c", "import os; print(os.getsid(0))"]
    done = programs.run(command, environment=programs.environment(), timeout_s=60)
    assert int(done.stdout) != os.getsid(0)
