"""Programs and modules that lie in a stranger's project are not taken for those of this machine."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from soundgraph.cli.verbs import play
from soundgraph.core import programs, stopping
from soundgraph.core.errors import NodeError
from soundgraph.core.stopping import Stop, StoppedError
from tests.helpers import CHAIN, Space, export, for_ffmpeg, g722, node, noise

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
    assert {"__future__", "numpy", "pydantic", "json"} <= planted
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


# Programs that never come to an end


def are_gone(numbers: list[int]) -> bool:
    """Whether processes have ended; what nobody waits for, since its parent is gone, counts as such."""
    for number in numbers:
        try:
            state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state != "Z":
            return False
    return True


def stopped(process: subprocess.Popen[str], started: Path, number: int) -> tuple[int, str, str]:
    """(exit code, stdout, stderr) of a process that is sent a signal once its program runs, and that program's end."""
    while not started.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    numbers = [int(text) for text in started.read_text().split()]
    while not are_gone(numbers):
        time.sleep(0.01)
    return process.returncode, out, err


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="nothing tells here what has ended")


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("hangs", ["-version", "-frames:a", "-c:a"])
def test_a_wish_to_stop_ends_an_ffmpeg_that_hangs(space: Space, tmp_path: Path, hangs: str, number: int) -> None:
    """Whether the scene is being read, planned or built. Of the node it is as if it had not begun."""
    program = for_ffmpeg(tmp_path / "bin", hangs=hangs)
    if hangs == "-c:a":  # which it is told in any case, beside what it is to look at
        program.write_text(
            program.read_text()
            .replace("*) sleep", '*)\ncase "$*" in *-frames*) ;; *) sleep', 1)
            .replace("wait;; esac", "wait;; esac;; esac", 1)
        )
    space.write("sounds/door.wav", g722())
    space.scene(node("door", "file", path="../sounds/door.wav") + export("door", "door"))
    process = space.start("build", "--json", env={"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"})
    code, out, err = stopped(process, program.parent / "started", number)
    assert (code, err.splitlines()[-1][:11]) == (130, "interrupted")
    assert "failed" not in out.replace('"failed": 0', "")


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_wish_to_stop_ends_a_voice_that_hangs(space: Space, tmp_path: Path, number: int) -> None:
    hanging(tmp_path, "espeak-ng")
    space.scene(node("n", "speech", text="x") + export("n", "n"))
    process = space.start("build", env={"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"})
    code, _, err = stopped(process, tmp_path / "started", number)
    assert (code, err) == (130, "interrupted; what was finished is kept\n")


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("verb", ["build", "build --since HEAD", "diff HEAD"])
def test_a_wish_to_stop_ends_a_git_that_hangs(space: Space, tmp_path: Path, verb: str, number: int) -> None:
    """For what stands in a sidecar, too, which is asked for in another thread."""
    tone = node("t", "tone", duration=0.1, freq_hz=440) + export("t", "t")
    space.scene(tone)
    (space.root / ".git").mkdir()
    (space.root / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    for folder in ("objects", "refs"):
        (space.root / ".git" / folder).mkdir()
    hanging(tmp_path, "git")
    process = space.start(*verb.split(), env={"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"})
    code, _, err = stopped(process, tmp_path / "started", number)
    assert (code, err.splitlines()[-1][:11]) == (130, "interrupted")


def hanging(folder: Path, name: str) -> None:
    path = folder / name
    path.write_text(f'#!/bin/sh\nsleep 600 & echo $$ $! > "{folder}/n"; mv "{folder}/n" "{folder}/started"; wait\n')
    path.chmod(0o755)


@needs_proc
def test_a_program_that_is_late_ends_with_all_that_it_started(tmp_path: Path) -> None:
    """Else what it started would hold the pipe, and be waited for."""
    hanging(tmp_path, "tool")
    with pytest.raises(subprocess.TimeoutExpired):
        programs.run([str(tmp_path / "tool")], environment=programs.environment(), timeout_s=1)
    numbers = [int(text) for text in (tmp_path / "started").read_text().split()]
    while not are_gone(numbers):
        time.sleep(0.01)


@needs_proc
def test_a_player_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging(tmp_path, "paplay")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin")
    monkeypatch.setattr(play, "_LATE_S", 1)
    monkeypatch.setattr(play, "PLAYERS", ((("paplay",), ""),))
    with pytest.raises(NodeError, match="paplay: was not done 1 s after the end of the sound"):
        play.play(noise())
    numbers = [int(text) for text in (tmp_path / "started").read_text().split()]
    while not are_gone(numbers):
        time.sleep(0.01)


def test_what_is_done_at_once_is_kept_where_somebody_wishes_to_stop() -> None:
    class WishedOnceItRuns(Stop):
        def is_requested(self) -> bool:
            """From the second time it is asked on: the program has begun."""
            was_asked = super().is_requested()
            self.request()
            return was_asked

    with stopping.heeding(WishedOnceItRuns()):
        assert programs.run(["/bin/echo", "x"], environment=programs.environment(), timeout_s=60).stdout == b"x\n"
        with pytest.raises(StoppedError):
            programs.run(["/bin/echo", "x"], environment=programs.environment(), timeout_s=60)
