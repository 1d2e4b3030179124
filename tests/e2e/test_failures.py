"""Builds that are cut short, by Ctrl-C or by a kill: what was finished is kept, and the next one goes on."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.helpers import Space, export, generate, node

PROMPTS = ("rain", "wind", "a door", "birds", "beeps", "thunder")
SCENE = "\n".join(
    [
        *(generate(f"n{index}", prompt) for index, prompt in enumerate(PROMPTS)),
        node("all", "mix", inputs=[{"node": f"n{index}"} for index in range(len(PROMPTS))]),
        export("all_of_it", "all"),
    ]
)

# The third take is not made before the process has said so and is told to go on.
SLOW = """
import sys, time
from soundgraph.backends.draft import takes
real, count = takes._take, 0
def take(model, request):
    global count
    count += 1
    if count == 3:
        print("third", file=sys.stderr, flush=True)
        for _ in range(3000):
            time.sleep(0.01)
            if INTERRUPTED():
                break
    return real(model, request)
takes._take = take
def INTERRUPTED():
    import gc
    from soundgraph import builder
    return any(one.cancel.is_set() for one in gc.get_objects() if isinstance(one, builder._Round))
"""


def stopped(space: Space, number: int, *arguments: str) -> tuple[int, str, str]:
    """A build that gets a signal while it makes the third take."""
    process: subprocess.Popen[str] = space.start("build", "--json", *arguments, code=SLOW)
    assert process.stderr is not None
    assert process.stderr.readline() == "third\n"
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@pytest.mark.parametrize("arguments", [("-j", "1"), ("-j", "4"), ("--keep-going",)])
def test_ctrl_c_keeps_what_is_finished_and_the_next_build_goes_on(space: Space, arguments: tuple[str, ...]) -> None:
    space.scene(SCENE)
    code, out, err = stopped(space, signal.SIGINT, *arguments)
    assert code == 130
    assert "Traceback" not in err
    events = [json.loads(line) for line in out.splitlines()]
    summary = events[-1]
    assert summary["event"] == "summary"
    ran = sorted(event["node"] for event in events if event.get("status") == "ran")
    assert ran[:2] == ["a:n0", "a:n1"]
    assert len(ran) <= 3
    assert not space.exists("build")
    found = space.build()
    assert (found.code, len(found.ran)) == (0, 7 - len(ran))
    assert space.run("cache", "verify").code == 0


def test_a_kill_loses_no_more_than_what_was_not_kept_yet(space: Space) -> None:
    space.scene(SCENE)
    code, _, _ = stopped(space, signal.SIGKILL)
    assert code == -signal.SIGKILL
    found = space.build()
    assert found.code == 0
    clean = Space(space.root.parent / "clean")
    clean.scene(SCENE)
    clean.build()
    assert space.delivered() == clean.delivered()


def test_a_reader_that_leaves_ends_the_build_without_a_word(space: Space) -> None:
    space.scene(SCENE)
    process = space.start("build", "--json")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    err = process.stderr.read()
    process.stderr.close()
    process.wait(timeout=60)
    assert "Traceback" not in err
    assert space.build().code == 0


def test_a_cache_that_cannot_be_written_is_told_in_a_line(space: Space) -> None:
    space.write("soundgraph.toml", '[cache]\ndir = "blocked/cache"\n')
    space.write("blocked", "a file")
    space.scene(SCENE)
    found = space.build()
    assert found.code == 1
    assert "Traceback" not in found.err
    assert "blocked" in found.out + found.err


def test_an_output_folder_that_is_a_file_is_told_in_a_line(space: Space) -> None:
    space.write("build", "a file")
    space.scene(SCENE)
    found = space.build()
    assert found.code == 2
    assert found.err == "cannot deliver into build: it is not a folder\n"
    assert "Traceback" not in found.err
    assert space.read("build") == b"a file"


def test_an_output_folder_that_leads_out_of_the_project_is_refused(space: Space, tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    (space.root / "build").symlink_to(outside)
    space.scene(SCENE)
    assert space.build().code == 2
    (space.root / "build").unlink()
    (space.root / "build").mkdir()
    (space.root / "build" / "sub").symlink_to(outside)
    space.replace("[exports.all_of_it]", '[exports.all_of_it]\npath = "sub/all_of_it"')
    found = space.build()
    assert found.code == 1
    assert found.exports == {"build/sub/all_of_it.wav": "failed"}
    assert not list(outside.iterdir())


def test_a_cache_folder_that_cannot_be_one_is_told_before_anything_runs(space: Space) -> None:
    space.write("soundgraph.toml", '[cache]\ndir = "afile"\n')
    space.write("afile", "a file")
    space.scene(SCENE)
    found = space.build()
    assert found.code == 1
    assert (found.ran, found.exports) == ([], {})
    assert "cannot use the cache" in found.err
    assert not space.exists("build")
