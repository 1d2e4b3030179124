"""Builds that are cut short, by Ctrl-C or by a kill: what was finished is kept, and the next one goes on."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from soundgraph.core.errors import UsageError
from soundgraph.project import lockfile
from soundgraph.project.delivered import Ledger
from tests.helpers import CHAIN, Space, export, generate, node

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
    from soundgraph.core.stopping import Stop
    return any(thing.is_requested() for thing in gc.get_objects() if isinstance(thing, Stop))
"""


def stopped(
    space: Space, number: int, *arguments: str, more: Sequence[int] = (), ignoring: Sequence[int] = ()
) -> tuple[int, str, str]:
    """A build that gets a signal, or several, while it makes the third take."""
    process: subprocess.Popen[str] = space.start("build", "--json", *arguments, code=SLOW, ignoring=ignoring)
    assert process.stderr is not None
    assert process.stderr.readline() == "third\n"
    for one in (number, *more):
        process.send_signal(one)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


INT, TERM, HUP = signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)


@pytest.mark.parametrize("arguments", [("-j", "1"), ("-j", "4"), ("--keep-going",)])
def test_ctrl_c_keeps_what_is_finished_and_the_next_build_goes_on(space: Space, arguments: tuple[str, ...]) -> None:
    space.scene(SCENE)
    goes_on_after(space, stopped(space, INT, *arguments))


@pytest.mark.parametrize(
    ("ignoring", "sent"),
    [
        ((), (TERM,)),
        ((), (HUP,)),
        ((INT,), (TERM,)),
        ((INT,), (INT, TERM)),
        ((INT, HUP), (HUP, TERM)),
        ((TERM,), (TERM, INT)),
        ((HUP,), (HUP, INT)),
        ((), (TERM, TERM)),
        ((), (INT, INT)),
        ((), (HUP, TERM, INT)),
        ((INT,), (TERM, HUP, TERM)),
    ],
    ids=str,
)
def test_each_signal_that_is_not_ignored_keeps_what_is_finished(
    space: Space, ignoring: tuple[int, ...], sent: tuple[int, ...]
) -> None:
    """Whatever the others are set to: a background job has Ctrl-C ignored, one under nohup SIGHUP."""
    space.scene(SCENE)
    goes_on_after(space, stopped(space, sent[0], more=sent[1:], ignoring=ignoring))


def goes_on_after(space: Space, found: tuple[int, str, str]) -> None:
    code, out, err = found
    assert code == 130
    assert err == "interrupted; what was finished is kept\n"
    events = [json.loads(line) for line in out.splitlines()]
    summary = events[-1]
    assert summary["event"] == "summary"
    ran = sorted(event["node"] for event in events if event.get("status") == "ran")
    assert ran[:2] == ["a:n0", "a:n1"]
    assert len(ran) <= 3
    assert not space.exists("build")
    again = space.build()
    assert (again.code, len(again.ran)) == (0, 7 - len(ran))
    assert space.run("cache", "verify").code == 0


@pytest.mark.parametrize("number", [INT, TERM, HUP])
def test_a_signal_that_is_ignored_ends_nothing(space: Space, number: int) -> None:
    space.scene(CHAIN)
    at_the_take = f"""
import os
from soundgraph.backends.draft import takes
real = takes._take
def take(model, request):
    os.kill(os.getpid(), {int(number)})
    return real(model, request)
takes._take = take
"""
    found = space.fresh("build", "--json", code=at_the_take, ignoring=[number])
    assert (found.code, len(found.ran), found.err) == (0, 3, "")


# Sends itself a signal when it comes to a place.
AT = """
import os, signal
def send(*_, **__):
    os.kill(os.getpid(), signal.{name})
"""

# While it is imported; by a callback such as importing has, of whose exception Python only tells.
WHILE_IMPORTING = """
import sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "soundgraph.session.session":
            send()
sys.meta_path.insert(0, Finder())
"""

IN_A_CALLBACK = """
import weakref
from soundgraph.scene import loader
class Gone: pass
real = loader.load_scenes
def load_scenes(*given):
    gone = Gone()
    kept = weakref.ref(gone, send)
    del gone
    return real(*given)
loader.load_scenes = load_scenes
"""

WHILE_PLANNING = """
from soundgraph.planning import planner
planner.plan = send
"""


@pytest.mark.parametrize("ignoring", [(), (INT,)])
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("place", [WHILE_IMPORTING, WHILE_PLANNING], ids=["importing", "planning"])
def test_a_signal_in_the_first_moments_ends_a_build_in_a_word(
    space: Space, place: str, name: str, ignoring: tuple[int, ...]
) -> None:
    space.scene(CHAIN)
    found = space.fresh("build", "--json", code=AT.format(name=name) + place, ignoring=ignoring)
    assert (found.code, found.err, found.ran) == (130, "interrupted\n", [])
    assert space.build().code == 0


def test_a_signal_whose_exception_led_nowhere_ends_the_build_all_the_same(space: Space) -> None:
    space.scene(CHAIN)
    found = space.fresh("build", "--json", code=AT.format(name="SIGTERM") + IN_A_CALLBACK)
    assert (found.code, found.ran) == (130, [])
    assert found.err.endswith("\ninterrupted\n")


# What is delivered, and not yet written down.
WHILE_KEEPING = """
from soundgraph.session import delivered_files
real = delivered_files.keep_ledger
def keep(*given):
    send()
    real(*given)
delivered_files.keep_ledger = keep
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_after_the_last_node_is_heard_once_what_was_delivered_is_written_down(space: Space, name: str) -> None:
    space.scene(CHAIN)
    found = space.fresh("build", "--json", code=AT.format(name=name) + WHILE_KEEPING)
    assert (found.code, len(found.ran)) == (130, 3)
    assert "build/theme.wav" in Ledger(space.root).entries
    again = space.build()
    assert (again.code, again.ran, again.exports) == (0, [], {"build/theme.wav": "current"})


def test_what_was_delivered_before_a_reader_left_is_written_down(space: Space) -> None:
    space.scene("".join(generate(name, name) + export(name, name) for name in ("one", "two")))
    full = """
import sys
real = sys.stdout.write
def write(text):
    if '"written"' in text:
        raise BrokenPipeError(32, "Broken pipe")
    return real(text)
sys.stdout.write = write
"""
    found = space.fresh("build", "--json", "-j", "1", code=full)
    assert (found.code, found.err) == (1, "")
    delivered = {name for name in ("one", "two") if space.exists(f"build/{name}.wav")}
    assert delivered
    assert delivered <= {entry.owner.partition(":")[2] for entry in Ledger(space.root).entries.values()}
    kept = {name.partition(":")[2] for name in space.build().hits}
    assert delivered <= kept


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
    assert (found.code, found.of("node")) == (2, []), "before anything runs"
    assert not list(outside.iterdir())


def test_a_cache_folder_that_cannot_be_one_is_told_before_anything_runs(space: Space) -> None:
    space.write("soundgraph.toml", '[cache]\ndir = "afile"\n')
    space.write("afile", "a file")
    space.scene(SCENE)
    found = space.build()
    assert found.code == 1
    assert (found.ran, found.exports) == ([], {})
    assert found.err.startswith(f"the cache cannot be written ({space.root / 'afile'}: Not a directory)")
    assert "--keep-nothing" in found.err
    assert not space.exists("build")


@pytest.mark.parametrize("what", ["a file", "a link that leads nowhere", "a link to a file"])
@pytest.mark.parametrize("verb", ["build", "plan", "check", "pin a", "stats", "outputs"])
def test_something_else_in_the_place_of_the_state_is_told_in_words(space: Space, what: str, verb: str) -> None:
    """A link is refused; beside a file all goes on but what has to write there."""
    space.scene(CHAIN)
    path = space.root / ".soundgraph"
    if what == "a file":
        path.write_text("mine")
    else:
        path.symlink_to("nowhere" if "nowhere" in what else "soundgraph.toml")
    found = space.run(*verb.split(), "--draft") if verb in ("build", "plan", "check") else space.run(*verb.split())
    said = found.out + found.err
    assert "Errno" not in said
    assert "Traceback" not in said
    if what != "a file":
        assert verb == "stats" or (found.code == 2 and ".soundgraph is a link" in said)
    elif verb == "build":
        assert found.code == 0
        assert "cannot be kept: .soundgraph is a file, and has to be a folder: remove it\n" in said
        assert space.exists("build/draft/theme.wav")
        assert path.read_text() == "mine"


def test_a_lock_is_not_written_beside_a_file_in_the_place_of_the_state(tmp_path: Path) -> None:
    (tmp_path / ".soundgraph").write_text("mine")
    with pytest.raises(UsageError, match=r"^cannot write soundgraph\.lock: \.soundgraph is a file"):
        lockfile.update(tmp_path / "soundgraph.lock", takes={"a:b": None})


@pytest.mark.parametrize("verb", ["check", "build"])
def test_a_mistake_in_a_scene_does_not_hide_what_it_delivers_twice(space: Space, verb: str) -> None:
    tone = node("t", "tone", duration=0.1, freq_hz=440) + export("theme", "t")
    space.scene(tone)
    space.scene(tone + node("wrong", "revreb", input="t"), "b")
    found = space.run(verb)
    assert found.code == 2
    assert 'unknown kind "revreb"' in found.err
    assert '"theme.wav" is also delivered by graphs/a.toml:' in found.err
    assert found.err.count("is also delivered") == 1
