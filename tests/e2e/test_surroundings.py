"""What a process finds when it starts: streams that are closed or full, a locale, limits of the system, `-OO`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import CHAIN, Space, export, generate, node

MISTAKE = generate("rain", durration=1.0) + export("x", "rain")

# Before anything else runs; threading has the function under a name of its own.
NO_THREADS = """
import _thread, threading
real, left = _thread.start_new_thread, {count}
def start(*given, **more):
    global left
    if left <= 0:
        raise RuntimeError("can't start new thread")
    left -= 1
    return real(*given, **more)
for name in ("_start_new_thread", "_start_joinable_thread"):
    if hasattr(threading, name):
        setattr(threading, name, start)
"""


def shell(space: Space, words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """A line for the shell, in which $SG is soundgraph."""
    return subprocess.run(
        ["sh", "-c", words],
        cwd=space.root,
        env={**os.environ, "SG": f"{sys.executable} -m soundgraph", **env},
        capture_output=True,
        text=True,
        timeout=60,
    )


# Streams

_NOWHERE = [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"]
_FULL = [">/dev/full", "2>/dev/full", ">/dev/full 2>/dev/full"] if Path("/dev/full").exists() else []


@pytest.mark.parametrize("streams", [*_NOWHERE, *_FULL])
@pytest.mark.parametrize("verb", ["build", "check --json", "nosuch"])
def test_a_mistake_is_a_mistake_though_it_cannot_be_told(space: Space, verb: str, streams: str) -> None:
    space.scene(MISTAKE)
    found = shell(space, f"$SG {verb} {streams}")
    assert found.returncode == 2
    assert "Traceback" not in found.stdout + found.stderr
    assert "Exception" not in found.stdout + found.stderr


@pytest.mark.parametrize("verb", ["build --json", "build", "plan --json", "kinds nosuch"])
@pytest.mark.parametrize("streams", ["", "2>&1"])
def test_a_mistake_is_a_mistake_though_nobody_reads_it(space: Space, verb: str, streams: str) -> None:
    space.scene(MISTAKE)
    read, write = os.pipe()
    os.close(read)
    found = subprocess.run(
        [sys.executable, "-m", "soundgraph", *verb.split()],
        cwd=space.root,
        stdout=write,
        stderr=write if streams else subprocess.PIPE,
        text=True,
    )
    os.close(write)
    assert found.returncode == 2
    assert "Traceback" not in (found.stderr or "")


@pytest.mark.skipif(not _FULL, reason="there is no /dev/full here")
@pytest.mark.parametrize("verb", ["--help", "version", "plan --json", "kinds", "build --json --force"])
def test_a_full_disk_for_what_is_printed_is_told_in_a_line(space: Space, verb: str) -> None:
    space.scene(CHAIN)
    space.build()
    found = shell(space, f"$SG {verb} >/dev/full")
    assert found.returncode == 1
    assert found.stderr.count("\n") == 1
    assert "No space left on device" in found.stderr


@pytest.mark.parametrize("streams", [*_NOWHERE, *_FULL[1:2]])
def test_a_build_needs_nobody_to_listen(space: Space, streams: str) -> None:
    space.scene(CHAIN)
    assert shell(space, f"$SG build {streams}").returncode == 0
    assert space.exists("build/theme.wav")
    assert space.run("cache", "verify").code == 0  # no file of the cache was taken for a stream


# Locales

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}


@pytest.mark.skipif(os.name != "posix", reason="names of files are never ASCII here")
def test_an_ascii_locale_builds_what_has_other_names(space: Space) -> None:
    space.scene(
        generate('"bruït"', "forêt")
        + node("aufnahme", "file", path="../klänge/日本.wav")
        + node("all", "mix", inputs=[{"node": "bruït"}, {"node": "aufnahme"}])
        + export('"épée"', "all"),
        "forêt",
    )
    made = Space(space.root.parent / "made")
    made.scene(generate("one") + export("one", "one"))
    made.build()
    space.write("klänge/日本.wav", made.read("build/one.wav"))
    found = shell(space, "$SG build --json", **ASCII)
    assert (found.returncode, found.stderr) == (0, "")
    events = [json.loads(line) for line in found.stdout.splitlines()]  # JSON still, in ASCII
    assert found.stdout.isascii()
    assert "build/épée.wav" in {event.get("path") for event in events}
    assert space.exists("build/épée.wav")
    assert shell(space, "$SG build", **ASCII).stdout.count("nothing to do") == 1


@pytest.mark.skipif(os.name != "posix", reason="names of files are never ASCII here")
def test_in_python_a_name_that_the_locale_has_no_letters_for_is_refused_before_anything_runs(space: Space) -> None:
    space.write("soundgraph.toml", "")
    program = """if True:
        import soundgraph
        scene = soundgraph.Scene("x")
        scene.export("\\u00e9p\\u00e9e", scene.add("tone", freq_hz=440.0, duration=0.1))
        try:
            soundgraph.build(scene)
        except soundgraph.SoundgraphError as error:
            print(ascii(str(error)))
    """
    found = shell(space, f"{sys.executable} -c '{program}'".replace("\\\\", "\\"), **ASCII)
    assert found.stdout == (
        '\'cannot deliver "build/\\xe9p\\xe9e.wav": names of files are in ascii here\\n'
        "  set LC_ALL=C.UTF-8, or PYTHONUTF8=1'\n"
    ).replace('\\"', '"')
    assert not space.exists("cache")


# Limits


@pytest.mark.parametrize("count", [2, 3, 5])
def test_with_fewer_threads_a_build_goes_on_with_those(space: Space, count: int) -> None:
    space.scene("".join(generate(f"n{place}", str(place)) + export(f"n{place}", f"n{place}") for place in range(9)))
    found = space.fresh("build", "--json", "-j", "8", code=NO_THREADS.format(count=count))
    assert (found.code, len(found.ran), found.err) == (0, 9, "")


def test_without_a_thread_a_build_ends_in_words(space: Space) -> None:
    space.scene(node("t", "tone", freq_hz=440, duration=0.1) + export("x", "t"))
    found = space.fresh("build", "--json", code=NO_THREADS.format(count=0))
    assert found.code == 1
    assert found.err == (
        "the system gives no more threads or processes\n"
        "  a limit is reached: see `ulimit -u` and `ulimit -v`, or the limits of the container\n"
    )
    assert space.build().code == 0


@pytest.mark.parametrize("verb", [("report",), ("verify",), ("show", "a:theme"), ("cache", "stats")])
def test_what_only_looks_needs_no_thread(space: Space, verb: tuple[str, ...]) -> None:
    space.scene(CHAIN)
    space.build()
    found = space.fresh(*verb, code=NO_THREADS.format(count=0))
    assert found.code == 0
    assert "threads" not in found.err


@pytest.mark.parametrize("error", ["MemoryError()", 'OSError(24, "Too many open files")'])
def test_what_the_system_has_no_more_of_is_no_bug(space: Space, error: str) -> None:
    space.scene(CHAIN)
    code = f"""
from soundgraph.planning import planner
def plan(*given, **more):
    raise {error}
planner.plan = plan
"""
    found = space.fresh("build", code=code)
    assert found.code in (1, 2)
    assert "bug" not in found.err
    assert "Traceback" not in found.err


# -OO


@pytest.mark.parametrize("level", ["1", "2"])
@pytest.mark.parametrize("verb", ["kinds", "kinds gain", "kinds --json", "schema", "schema --project", "plan --help"])
def test_without_docstrings_and_assertions_help_is_the_same(space: Space, verb: str, level: str) -> None:
    usual, without = (space.fresh(*verb.split(), env=env) for env in ({}, {"PYTHONOPTIMIZE": level}))
    assert (without.code, without.err) == (0, "")
    assert without.out == usual.out


def test_without_docstrings_and_assertions_a_build_is_the_same(space: Space) -> None:
    space.scene(CHAIN)
    assert space.fresh("build", env={"PYTHONOPTIMIZE": "2"}).code == 0
    other = Space(space.root.parent / "other")
    other.scene(CHAIN)
    other.build()
    assert space.read("build/theme.wav") == other.read("build/theme.wav")


# Names that begin like options


@pytest.mark.parametrize(
    "words",
    [
        ("build", "--", "-a"),
        ("build", "--json", "--", "-a"),
        ("build", "-j", "1", "--", "-a"),
        ("build", "b", "--", "-a"),
        ("plan", "--", "-a"),
        ("explain", "--", "-a"),
        ("check", "--", "-a"),
        ("graph", "--", "-a"),
        ("outputs", "--", "-a"),
        ("verify", "--", "-a"),
        ("show", "--", "-a:theme"),
        ("report", "--", "-a"),
        ("pin", "--", "-a"),
        ("cache", "export", "x.tar", "--draft", "--", "-a"),
    ],
)
def test_what_stands_behind_two_dashes_is_a_target(space: Space, words: tuple[str, ...]) -> None:
    space.scene(CHAIN, "-a")
    space.scene(CHAIN.replace("theme", "other"), "b")
    space.build()
    found = space.run(*words)
    assert found.code == 0, found.err


def test_what_is_no_target_is_named_as_it_was_written(space: Space) -> None:
    space.scene(CHAIN)
    found = space.run("build", "--", "-nosuch")
    assert found.code == 2
    assert '"-nosuch"' in found.err
