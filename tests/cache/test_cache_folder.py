"""The cache's folder and its own places: their modes follow the folder's, and what else stands in them is cleared."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from soundgraph.cache.disk import cache_folder
from soundgraph.cache.disk.cache_folder import FOLDERS, LOCKS, TAG, Places
from soundgraph.cache.disk.files import Files
from soundgraph.cache.disk.store import DiskStore
from soundgraph.core.errors import StoreError, UnwritableError
from tests.cache.test_store import record
from tests.helpers import CHAIN, Space, changed, export, generate, noise

needs_modes = pytest.mark.skipif(os.name != "posix", reason="there are no modes here")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DiskStore]:
    found = DiskStore(tmp_path / "cache")
    yield found
    found.close()


@pytest.fixture
def umask() -> Iterator[Callable[[int], None]]:
    before = os.umask(0o022)
    yield lambda mask: (os.umask(mask), None)[1]
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def wrong_modes(folder: Path) -> dict[str, str]:
    """Of what is in a cache, what has another mode than follows from the folder's; and another group."""
    whole = folder.stat()
    wanted = {True: whole.st_mode & 0o2777, False: whole.st_mode & 0o666}
    found = {}
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):  # SQLite removes its own when the last connection is collected
            if mode(path) != wanted[path.is_dir()] or path.stat().st_gid != whole.st_gid:
                found[str(path.relative_to(folder))] = f"{mode(path):o} {path.stat().st_gid}"
    return found


# Modes


@needs_modes
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002, 0])
@pytest.mark.parametrize("folder_mode", [0o700, 0o750, 0o770, 0o2770, 0o2775, 0o777])
def test_all_that_is_made_in_a_cache_has_the_mode_of_its_folder(
    space: Space, umask: Callable[[int], None], mask: int, folder_mode: int
) -> None:
    space.cache.mkdir()
    space.cache.chmod(folder_mode)
    umask(mask)
    space.scene(CHAIN)
    assert space.build("--draft").code == 0
    blob = next(space.cache.glob("blobs/??/*.wav"))
    blob.write_bytes(b"damaged")
    shutil.rmtree(space.root / "build")
    assert space.build("--draft").code == 0  # sets that aside
    (space.cache / "index" / "cache.db").write_bytes(b"garbage" * 1000)
    assert space.run("plan", "--draft").code == 0
    assert mode(space.cache) == folder_mode
    assert wrong_modes(space.cache) == {}
    made = {path.name for path in space.cache.iterdir()}
    assert made == FOLDERS | {TAG, LOCKS}


@needs_modes
def test_sqlites_own_files_have_it_too(store: DiskStore, umask: Callable[[int], None]) -> None:
    store.folder.mkdir()
    store.folder.chmod(0o770)
    umask(0o077)
    audio = noise()
    with store.coordination.running():
        store.publish([(record(audio), audio)], takes=True)
        with store.coordination.gate(), store.coordination.running():
            assert {path.name for path in (store.folder / "index").iterdir()} >= {
                "cache.db",
                "cache.db-wal",
                "cache.db-shm",
            }
            assert wrong_modes(store.folder) == {}
        (temporary,) = store.places.temporary()
        os.close(store.places.open(temporary, os.O_WRONLY | os.O_CREAT))
        assert mode(temporary) == 0o660


@needs_modes
def test_the_parts_of_a_group_cache_go_to_the_group_though_nothing_hands_it_down(store: DiskStore) -> None:
    """A folder without the setgid bit, as by `chgrp team cache; chmod 770 cache`."""
    others = [group for group in os.getgroups() if group != os.getegid()]
    group = others[0] if others else 5000
    store.folder.mkdir()
    try:
        os.chown(store.folder, -1, group)
    except PermissionError:
        pytest.skip("whoever runs this is in one group only")
    store.folder.chmod(0o770)
    audio = noise()
    store.publish([(record(audio), audio)], takes=True)
    assert wrong_modes(store.folder) == {}


@needs_modes
def test_a_cache_that_was_made_under_another_umask_is_opened_where_it_is_ours(store: DiskStore) -> None:
    one, other = noise(seed=1), noise(seed=2)
    store.publish([(record(one), one)], takes=True)
    store.folder.chmod(0o2770)
    store.index.close()
    store.publish([(record(other, "1" * 64), other)], takes=True)
    assert mode(store.folder / "index" / "cache.db") == 0o660
    closed = store.blobs.file(one.digest).parent
    closed.chmod(0o550)
    store.prepare()
    assert mode(closed) in (0o550, 0o2770)  # a superuser may write there as it is


@needs_modes
def test_a_folder_that_a_build_makes_again_is_as_open_as_the_one_that_was_removed(store: DiskStore) -> None:
    one, other = noise(seed=1), noise(seed=2)
    store.folder.mkdir()
    store.folder.chmod(0o2770)
    store.publish([(record(one), one)], takes=True)
    shutil.rmtree(store.folder)
    store.publish([(record(other, "1" * 64), other)], takes=True)
    assert mode(store.folder) == 0o2770
    assert wrong_modes(store.folder) == {}


# Two people


@contextmanager
def somebody(number: int, group: int) -> Iterator[None]:
    """Another user, in a group, for as long as it takes; only a superuser can be one."""
    before = os.getgroups()
    os.setgroups([group])
    os.setegid(number)
    os.seteuid(number)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(before)


@pytest.fixture
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("only a superuser can be two people")
    folder = tmp_path_factory.mktemp("two")
    for path in (folder, *folder.parents):
        if path.stat().st_uid == 0 and mode(path) == 0o700:
            path.chmod(0o755)
    cache = folder / "cache"
    cache.mkdir()
    os.chown(cache, 4001, 5000)
    cache.chmod(0o2770)
    return cache


def test_two_people_of_a_group_share_a_cache(shared: Path, umask: Callable[[int], None]) -> None:
    sounds = [noise(seed=seed) for seed in range(40)]
    for turn, mask in enumerate((0o022, 0o077, 0o022, 0o027)):
        with somebody(4001 + turn % 2, 5000):
            umask(mask)
            store = DiskStore(shared)
            with store.coordination.running():
                some = sounds[: 10 * (turn + 1)]
                store.prepare()
                store.publish([(record(one, f"{n:064x}"), one) for n, one in enumerate(some)], takes=bool(turn % 2))
                store.notes.put({"who": str(turn)})
                store.coordination.use([f"{n:064x}" for n in range(5)])
                assert all(store.blobs.read(one.digest) is not None for one in some)
                assert store.coordination.has_locks
            store.close()
    assert wrong_modes(shared) == {}


def test_the_message_names_the_folder_that_is_closed_and_not_a_temporary_file(shared: Path) -> None:
    first, second = noise(seed=1), noise(seed=2)
    with somebody(4001, 5000):
        store = DiskStore(shared)
        store.publish([(record(first), first)], takes=True)
        store.close()
        closed = store.blobs.file(first.digest).parent
        closed.chmod(0o2750)
    with somebody(4002, 5000):
        store = DiskStore(shared)
        with pytest.raises(UnwritableError) as told:
            store.prepare()
        assert str(told.value) == f"the cache cannot be written ({closed}: Permission denied)"
        closed_blob = store.blobs.file(second.digest).parent
        with somebody_again(0), somebody(4001, 5000):
            closed_blob.mkdir()
            closed_blob.chmod(0o2750)
        with pytest.raises(StoreError) as told_later:
            store.publish([(record(second, "1" * 64), second)], takes=True)
        assert str(told_later.value) == f"cannot use the cache ({closed_blob}): Permission denied"
        store.close()


@contextmanager
def somebody_again(number: int) -> Iterator[None]:
    """The superuser in between."""
    before, group, groups = os.geteuid(), os.getegid(), os.getgroups()
    os.seteuid(number)
    os.setegid(number)
    try:
        yield
    finally:
        os.setgroups(groups)
        os.setegid(group)
        os.seteuid(before)


# What else stands in the places


def put_in_place(path: Path, what: str) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    if what == "folder":
        path.mkdir()
    elif what == "full folder":
        path.mkdir()
        (path / "mine.txt").write_text("mine")
    elif what == "file":
        path.write_text("garbage")
    elif what == "pipe":
        os.mkfifo(path)
    elif what == "socket":
        with changed_folder(path.parent), socket.socket(socket.AF_UNIX) as opened:
            opened.bind(path.name)
    elif what == "link to itself":
        path.symlink_to(path.name)
    else:
        path.symlink_to("nowhere")


@contextmanager
def changed_folder(folder: Path) -> Iterator[None]:
    """A socket's path may have a hundred characters."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def place_of(space: Space, name: str) -> Path:
    if name == "a file of projects":
        return next(path for path in (space.cache / "projects").iterdir() if len(path.name) == 16)
    if name == "a file of what was reached":
        return next((space.cache / "projects").glob("*.reach"))
    if name in ("a folder of blobs", "a folder of records"):
        return next((space.cache / name.rpartition(" ")[2]).iterdir())
    if name == "a sound":
        return next((space.cache / "blobs").glob("*/*"))
    if name == "a record":
        return next((space.cache / "records").glob("*/*"))
    return space.cache / name


@needs_modes
@pytest.mark.parametrize("what", ["folder", "full folder", "file", "pipe", "socket"])
@pytest.mark.parametrize(
    "name",
    [
        *sorted(FOLDERS),
        TAG,
        LOCKS,
        "index/cache.db",
        "index/cache.db-wal",
        "a file of projects",
        "a file of what was reached",
        "a folder of blobs",
        "a folder of records",
        "a sound",
        "a record",
    ],
)
def test_whatever_stands_in_a_place_of_the_caches_own_builds_go_on_and_collections_too(
    space: Space, name: str, what: str
) -> None:
    space.scene(generate("rain", "soft rain") + export("a", "rain"))
    assert space.build().code == 0
    put_in_place(place_of(space, name), what)
    for verb in (("plan",), ("cache", "stats"), ("cache", "gc", "--max-size", "1 B", "--dry-run")):
        found = space.run(*verb)
        assert (found.code, "Traceback" in found.err) == (0, False) or "nobody can tell which project" in found.err
        assert "/tmp/" not in found.err.replace(str(space.root), "")
    space.replace("soft rain", "heavy rain")
    built = space.build()
    assert (built.code, built.err) == (0, "")
    assert space.build().code == 0
    assert space.run("cache", "gc", "--max-size", "1 B").code == 0
    space.run("cache", "verify", "--repair")
    assert space.run("cache", "verify").code == 0
    if what == "full folder":
        assert [path.read_text() for path in space.cache.rglob("mine.txt")] in (["mine"], []), "nothing is thrown away"


@needs_modes
@pytest.mark.parametrize(
    "name", [TAG, LOCKS, "projects", "a file of projects", "a file of what was reached", "a sound"]
)
def test_a_link_that_leads_to_itself_in_a_place_of_the_caches_own_stops_no_build(space: Space, name: str) -> None:
    space.scene(generate("rain", "soft rain") + export("a", "rain"))
    assert space.build().code == 0
    put_in_place(place_of(space, name), "link to itself")
    space.replace("soft rain", "heavy rain")
    built = space.build()
    assert (built.code, built.err) == (0, "")


@needs_modes
def test_verify_names_what_stands_in_a_place_of_the_caches_own(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    names = [LOCKS, "running", "tmp", "projects"]
    for name in names:
        put_in_place(space.cache / name, "folder" if name == LOCKS else "file")
    found = space.run("cache", "verify")
    assert found.code == 1
    assert all(f"{name}: does not belong there" in found.out for name in names)
    space.run("cache", "verify", "--repair")
    assert space.run("cache", "verify").code == 0


@needs_modes
def test_a_link_to_a_folder_that_is_not_there_now_is_told_and_left(tmp_path: Path) -> None:
    """On a disk that is not mounted, perhaps."""
    store = DiskStore(tmp_path / "cache")
    store.prepare()
    (store.folder / "blobs").symlink_to(tmp_path / "disk")
    with pytest.raises(UnwritableError, match=r"blobs: it is a link that leads to no folder"):
        store.prepare()
    assert (store.folder / "blobs").is_symlink()
    (tmp_path / "disk").mkdir()
    store.prepare()
    store.close()


# What is left of a cache


@pytest.mark.parametrize(
    "names", [["index"], ["records"], ["blobs"], ["index", "records"], ["tmp"], ["running", "locks"], ["projects"]]
)
def test_a_part_of_a_cache_becomes_one_again(space: Space, names: list[str]) -> None:
    space.scene(CHAIN)
    assert space.build().code == 0
    for path in space.cache.iterdir():
        if path.name not in names:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.rmtree(space.root / ".soundgraph")
    shutil.rmtree(space.root / "build")
    built = space.build()
    assert (built.code, built.err) == (0, "")
    assert (space.cache / TAG).is_file()
    assert (space.cache / LOCKS).is_file()
    assert space.run("cache", "gc", "--max-size", "1 B").code == 0


@pytest.mark.parametrize(
    "path",
    [
        "index/thesis.txt",
        "blobs/ab/thesis.wav",
        "blobs/thesis.wav",
        "records/ab/cd/x.json",
        "set-aside/thesis.txt",
        "running/list",
        "projects/2026",
        "tmp/thesis.txt",
        "locks/x",
        "notes.txt",
    ],
)
def test_a_folder_of_somebody_elses_is_never_taken_for_a_part_of_one(tmp_path: Path, path: str) -> None:
    thesis = tmp_path / "mine" / path
    thesis.parent.mkdir(parents=True)
    thesis.write_text("years of work")
    with pytest.raises(StoreError, match="holds files that are not soundgraph's"):
        Places(tmp_path / "mine").adopt()
    assert [found for found in (tmp_path / "mine").rglob("*") if found.is_file()] == [thesis]


@pytest.mark.parametrize("moment", range(1, 12))
def test_a_cache_that_is_removed_while_results_are_published_heals(store: DiskStore, moment: int) -> None:
    """At one step after another of what is done to the files: before it, all of the cache is gone."""
    sounds = [noise(seed=seed) for seed in range(3)]
    count = [0]
    real = cache_folder.Places.open

    def step(self: Places, path: str, flags: int) -> int:
        count[0] += 1
        if count[0] == moment:
            shutil.rmtree(store.folder)
        return real(self, path, flags)

    store.prepare()
    with store.coordination.running():
        count[0] = 0
        with changed(cache_folder.Places, "open", step):
            store.publish([(record(one, f"{n:064x}"), one) for n, one in enumerate(sounds)], takes=True)
        other = DiskStore(store.folder)
        store.publish([(record(one, f"{n:064x}"), one) for n, one in enumerate(sounds)], takes=True)
        assert (store.folder / TAG).is_file()
        assert all(other.blobs.read(one.digest) is not None for one in sounds)
        assert len(other.records.lookup([f"{n:064x}" for n in range(3)])) == 3
        assert other.coordination.oldest_running() < float("inf"), "it is known again that the build goes on"
        other.close()


def test_locks_go_over_to_the_file_that_was_made_again(store: DiskStore) -> None:
    audio = noise()
    store.publish([(record(audio), audio)], takes=True)
    assert store.coordination.claim("a" * 64)
    (store.folder / LOCKS).unlink()
    other = DiskStore(store.folder)
    assert other.coordination.claim("b" * 64)  # makes it again
    assert not store.coordination.claim("b" * 64)
    assert not other.coordination.claim("a" * 64), "what was claimed before is claimed still"
    other.close()
    assert store.coordination.claim("b" * 64)


def test_files_are_not_written_through_what_stands_in_the_place_of_tmp(store: DiskStore, tmp_path: Path) -> None:
    store.prepare()
    shutil.rmtree(store.folder / "tmp")
    (store.folder / "tmp").write_text("a file")
    store.prepare()
    Files(store.places).publish([(store.blobs.file("a" * 64), lambda: b"x")], sync=False, sync_folders=False)
    assert store.blobs.file("a" * 64).read_bytes() == b"x"
