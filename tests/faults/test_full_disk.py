"""A disk that is full, or there to be read only: it is told in a line or two, nothing is harmed, and a build after it
goes on."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.faults import harness, scenes, trials
from tests.faults.harness import NEEDS_RIGHTS, NEEDS_SPACE, Ended, Fault, Faulty
from tests.faults.trials import State, points, told, wrong_after
from tests.helpers import Space, export, node


@pytest.fixture(scope="module", params=["first", "edited"])
def state(request: pytest.FixtureRequest, place: Path, faulty: Faulty) -> Iterator[State]:
    folder = place / f"full-{request.param}"
    yield {"first": trials.first, "edited": trials.edited}[request.param](folder, faulty)
    shutil.rmtree(folder)


def test_the_disk_may_be_full_from_any_step_on(faulty: Faulty, state: State) -> None:
    wrong = []
    for at in points(state.steps, NEEDS_SPACE, one_in=3):
        wrong += wrong_after(faulty, state, Fault("fail_on", at, errno.ENOSPC, NEEDS_SPACE), told)
    assert wrong == []


@pytest.mark.usefixtures("sees_all")
@pytest.mark.parametrize("full", ["cache", "build"])
def test_a_disk_that_is_full_before_the_build_is_told(faulty: Faulty, place: Path, full: str) -> None:
    state = trials.edited(place / f"full-before-{full}", faulty)
    space = state.new()
    ended = faulty.build(space.root, fault=Fault("fail_on", 1, errno.ENOSPC, NEEDS_SPACE, full))
    assert (ended.code, told(ended)) == (1, [])
    if full == "cache":
        assert (ended.takes, set(ended.result.exports.values())) == ([], {"current"}), (
            "it is known before anything runs"
        )
        assert ended.err.endswith("build --keep-nothing delivers the files, and keeps no results\n")
    finished = harness.finished(space.root)
    takes = sorted(take for take in state.takes if take not in finished)
    assert trials.converges(faulty, space, state.delivered, takes) == []
    shutil.rmtree(state.folder)


def _tells_of_space(ended: Ended) -> bool:
    return any(words in ended.err + ended.result.out for words in ("No space left on device", "disk is full"))


# A disk of its own, that really is full


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    folder.mkdir(exist_ok=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("only root may mount a disk here")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def fill(path: Path) -> None:
    """Takes all the room that is left."""
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def grow(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=64m", folder], check=True)


@pytest.mark.skipif(shutil.which("mount") is None, reason="there is no mount here")
@pytest.mark.parametrize("full", [("cache",), ("build",), ("cache", "build"), (".soundgraph",)], ids="-".join)
@pytest.mark.parametrize("size", ["4k", "32k"])
def test_a_small_disk_that_is_full(faulty: Faulty, place: Path, full: tuple[str, ...], size: str) -> None:
    state = trials.first(place / f"small-{'-'.join(full)}-{size}", faulty)
    space = state.new()
    with ExitStack() as disks:
        for name in full:
            disks.enter_context(small_disk(space.root / name, size))
        ended = faulty.build(space.root)
        assert told(ended) == []
        if ended.code == 1:
            assert _tells_of_space(ended), ended.err + ended.result.out
        assert harness.faults_of_cache(space.root) == []
        for name in full:
            grow(space.root / name)
        finished = harness.finished(space.root)
        takes = sorted(take for take in state.takes if take not in finished)
        assert trials.converges(faulty, space, state.delivered, takes) == []
    shutil.rmtree(state.folder)


@pytest.mark.skipif(shutil.which("mount") is None, reason="there is no mount here")
def test_on_a_full_disk_what_only_reads_goes_on_and_a_collection_makes_room(faulty: Faulty, place: Path) -> None:
    space = Space(place / "full-collected")
    with small_disk(space.root / "cache", "1m"):
        for freq_hz in (440, 441, 442):
            space.scene(
                "[scene]\nsample_rate = 16000\n" + node("t", "tone", freq_hz=freq_hz, duration=2.0) + export("t", "t")
            )
            assert faulty.build(space.root).code == 0
        fill(space.root / "cache" / "tmp" / "fill")
        assert shutil.disk_usage(space.root / "cache").free == 0
        for verb in ("plan", "explain a:t", "show a:t", "cache verify", "cache stats", "report", "check"):
            found = faulty.run(space.root, *verb.split())
            assert (found.code, found.err) == (0, ""), verb
        assert faulty.build(space.root).code == 0, "nothing has to be kept"
        assert faulty.run(space.root, "cache", "gc", "--max-size", "1 B", "--dry-run").code == 0
        found = faulty.run(space.root, "cache", "gc", "--max-size", "1 B")
        assert (found.code, found.err) == (0, "")
        assert len(list((space.root / "cache").glob("blobs/??/*.wav"))) == 1
        assert faulty.run(space.root, "cache", "verify").code == 0
    shutil.rmtree(space.root)


# Read only


def read_only(folder: str, error: int = errno.EROFS) -> Fault:
    return Fault("fail_on", 1, error, NEEDS_RIGHTS, folder)


@pytest.mark.parametrize("folder", ["cache", ".", ".soundgraph"])
@pytest.mark.parametrize("error", [errno.EROFS, errno.EACCES], ids=["EROFS", "EACCES"])
def test_where_nothing_may_be_written_a_build_that_writes_nothing_is_fine(
    faulty: Faulty, place: Path, folder: str, error: int
) -> None:
    space = scenes.project(place / f"read-{folder.strip('.')}-{error}")
    assert faulty.build(space.root).code == 0
    before = space.tree()
    for arguments in ((), ("--keep-going",)):
        ended = faulty.build(space.root, *arguments, fault=read_only(folder, error))
        assert (ended.code, ended.err, ended.takes) == (0, "", [])
        assert set(ended.result.exports.values()) == {"current"}
    assert _lasting(space.tree()) == _lasting(before) or folder != "."
    shutil.rmtree(space.root)


@pytest.mark.parametrize("folder", ["cache", "."])
@pytest.mark.parametrize("error", [errno.EROFS, errno.EACCES], ids=["EROFS", "EACCES"])
def test_where_nothing_may_be_written_a_build_that_has_to_says_so(
    faulty: Faulty, place: Path, folder: str, error: int
) -> None:
    state = trials.edited(place / f"refused-{folder.strip('.')}-{error}", faulty)
    space = state.new()
    before = _lasting(space.tree("cache", "build"))
    ended = faulty.build(space.root, fault=read_only(folder, error))
    assert (ended.code, told(ended)) == (1, [])
    if folder == "cache":
        assert (ended.takes, set(ended.result.exports.values())) == ([], {"current"}), (
            "it is known before anything runs"
        )
        assert len(ended.err.splitlines()) == 1
    assert os.strerror(error) in ended.err + ended.result.out or "readonly" in ended.err + ended.result.out
    after = _lasting(space.tree("cache", "build"))
    assert {path: after.get(path) for path in before} == before, "something that was there is harmed"
    finished = harness.finished(space.root)
    takes = sorted(take for take in state.takes if take not in finished)
    assert trials.converges(faulty, space, state.delivered, takes) == []
    shutil.rmtree(state.folder)


@pytest.mark.usefixtures("sees_all")
def test_from_a_cache_that_may_only_be_read_files_are_delivered(faulty: Faulty, place: Path) -> None:
    space = scenes.project(place / "deliver-again")
    assert faulty.build(space.root).code == 0
    wanted = harness.delivered(space.root)
    shutil.rmtree(space.root / "build")
    ended = faulty.build(space.root, fault=read_only("cache"))
    assert (ended.code, ended.takes) == (0, [])
    assert harness.delivered(space.root) == wanted
    shutil.rmtree(space.root)


@pytest.mark.parametrize("fault", ["read only", "full"])
def test_with_keep_nothing_the_files_are_delivered_and_the_cache_stays_as_it_was(
    faulty: Faulty, place: Path, fault: str
) -> None:
    state = trials.edited(place / f"keep-nothing-{fault[:4]}", faulty)
    space = state.new()
    before = _lasting(space.tree("cache"))
    met = read_only("cache") if fault == "read only" else Fault("fail_on", 1, errno.ENOSPC, NEEDS_SPACE, "cache")
    ended = faulty.build(space.root, "--keep-nothing", fault=met)
    assert (ended.code, ended.err) == (0, "")
    assert harness.delivered(space.root) == state.delivered
    assert sorted(ended.takes) == sorted(state.takes)
    after = _lasting(space.tree("cache"))
    assert after == before
    shutil.rmtree(space.root / ".soundgraph")
    (space.root / "build" / "theme.wav").unlink()
    assert trials.converges(faulty, space, state.delivered, sorted(state.takes)) == []
    shutil.rmtree(state.folder)


def _lasting(files: dict[str, bytes]) -> dict[str, bytes]:
    """But for what SQLite makes and removes beside its file, and the file itself, into which it moves that."""
    return {path: data for path, data in files.items() if "/index/" not in path}


@pytest.mark.usefixtures("sees_all")
def test_the_message_is_about_the_file_that_was_asked_for(faulty: Faulty, place: Path) -> None:
    """Not about the temporary one."""
    space: Space = scenes.project(place / "message")
    ended: Ended = faulty.build(space.root, fault=read_only("build", errno.ENOSPC))
    assert ended.code == 1
    reasons = [event["detail"] for event in ended.result.of("export") if event["status"] == "failed"]
    assert reasons
    assert all("build" in reason and ".writing" not in reason for reason in reasons)
    shutil.rmtree(space.root)
