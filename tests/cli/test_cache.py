"""`soundgraph cache`: what scenes reach is never removed, builds go on beside it, and takes go to other machines."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soundgraph.cache.disk import cache_folder
from soundgraph.cache.disk.store import DiskStore
from soundgraph.core import range_locks, system
from soundgraph.project import lockfile, open_cache
from soundgraph.project.lockfile import Take
from tests.helpers import CHAIN, Result, Space, changed, export, generate, node
from tests.probes import Probe

THOROUGH = os.environ.get("SOUNDGRAPH_TESTS") == "thorough"


def gc(space: Space, *arguments: str) -> dict[str, Any]:
    found = space.run("cache", "gc", "--json", *arguments)
    assert found.code == 0, found.err
    told: dict[str, Any] = json.loads(found.out)
    return told


def stats(space: Space) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(space.run("cache", "stats", "--json").out)
    return found


def anew(space: Space, *arguments: str) -> Result:
    """A build that looks at everything again."""
    shutil.rmtree(space.root / ".soundgraph")
    return space.build(*arguments)


def share(tmp_path: Path, *names: str) -> list[Space]:
    """Projects that have one cache."""
    found = [Space(tmp_path / name) for name in names]
    for one in found:
        one.write("soundgraph.toml", f"[cache]\ndir = {json.dumps(str(tmp_path / 'shared'))}\n")
        one.scene(CHAIN.replace("soft rain", f"rain in {one.root.name}"))
        one.build()
    return found


# gc


def test_what_no_scene_says_any_more_is_removed_and_what_they_say_is_not(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    space.replace("soft", "hard")
    space.build()
    found = gc(space, "--older-than", "0s")
    assert (found["drafts"], found["processed"], found["sounds"]) == (1, 2, 3)
    assert anew(space).ran == []
    assert gc(space, "--max-size", "1 B")["processed"] == 0
    space.replace("hard", "soft")
    assert len(space.build().ran) == 3


def test_drafts_of_real_nodes_are_reached(space: Space) -> None:
    space.scene(CHAIN.replace("draft/audio", "facebook/audiogen-medium"))
    assert len(space.build("--draft").ran) == 3
    assert gc(space, "--max-size", "1 B", "--takes")["sounds"] == 0
    assert anew(space, "--draft").ran == []


def test_nodes_that_no_export_needs_are_reached(space: Space) -> None:
    space.scene(CHAIN + node("alone", "gain", input="cut", gain_db=3.0))
    space.build("a:alone")
    gc(space, "--max-size", "1 B")
    assert space.build("a:alone").ran == []


def test_a_scene_elsewhere_in_the_project_is_reached_once_it_was_delivered(space: Space) -> None:
    space.write("more/b.toml", CHAIN.replace("exports.theme", "exports.other"))
    space.scene(CHAIN.replace("soft", "hard"))
    space.build("more/b.toml")
    gc(space, "--max-size", "1 B")
    shutil.rmtree(space.root / ".soundgraph")
    assert space.build("more/b.toml").ran == []


def test_without_a_limit_nothing_is_removed_and_what_to_give_is_said(space: Space) -> None:
    found = space.run("cache", "gc")
    assert (found.code, found.err) == (
        2,
        "nothing says what may go\n"
        '  give --older-than "30 days" or --max-size "20 GB", or set max_size in [cache] of soundgraph.toml\n',
    )


def test_the_limit_may_stand_in_the_project(space: Space) -> None:
    space.write("soundgraph.toml", '[cache]\nmax_size = "1 kB"')
    space.scene(CHAIN)
    space.build()
    space.replace("soft", "hard")
    space.build()
    assert gc(space)["drafts"] == 1


def test_where_there_is_no_cache_none_is_made(space: Space) -> None:
    space.scene(CHAIN)
    assert gc(space, "--older-than", "0s")["left"] == 0
    assert stats(space)["artifacts"] == 0
    assert not space.exists("cache")


@pytest.mark.parametrize("text", ["30", "-1d", "1 fortnight", "1e3 s", ""])
def test_an_age_that_is_none_is_refused(space: Space, text: str) -> None:
    found = space.run("cache", "gc", f"--older-than={text}")
    assert found.code == 2
    assert 'is not an age such as "30 days" or "12h"' in found.err


def test_what_was_used_since_is_not_too_old(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    space.replace("soft", "hard")
    space.build()
    for age in ("1h", "2 days", "1.5 weeks", "90 min"):
        assert gc(space, "--older-than", age)["drafts"] == 0


def test_a_dry_run_says_what_would_go_and_leaves_it(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    space.replace("soft", "hard")
    space.build()
    before = space.tree("cache/blobs", "cache/records")
    lines = space.run("cache", "gc", "--older-than", "0s", "--dry-run").out.splitlines()
    assert [line.split()[:2] for line in lines[:-1]] == [
        ["a:dark", "processed"],
        ["a:cut", "processed"],
        ["a:rain", "draft"],
    ]
    assert lines[-1].startswith("would remove 1 draft, 2 processed results: ")
    assert space.tree("cache/blobs", "cache/records") == before
    forecast = gc(space, "--older-than", "0s", "--dry-run")
    assert {**gc(space, "--older-than", "0s"), "dry_run": True} == forecast


def test_all_that_a_project_needs_is_all_that_it_built_and_comes_to_the_bytes_on_the_disk(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    found = stats(space)
    sizes = [path.stat().st_size for folder in ("blobs", "records") for path in (space.cache / folder).glob("??/*")]
    assert found["reachable"] == {"records": 3, "bytes": sum(sizes)}
    assert found["size"] == sum(sizes)


def test_beside_scenes_with_mistakes_nothing_is_removed(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    space.scene("[nodes.a]\nkind = 'nothing'", "b")
    before = space.tree("cache/blobs")
    found = space.run("cache", "gc", "--max-size", "1 B")
    assert found.code == 2
    assert found.err.startswith('graphs/b.toml:2: nodes.a: unknown kind "nothing"')
    assert space.tree("cache/blobs") == before
    assert stats(space)["reachable"] is None
    assert 'what scenes reach cannot be told: graphs/b.toml:2: nodes.a: unknown kind "nothing"' in (
        space.run("cache", "stats").out
    )


def test_an_option_of_another_action_is_refused(space: Space) -> None:
    assert space.run("cache", "stats", "--takes").err == "--takes belongs to soundgraph cache gc\n"
    assert space.run("cache", "gc", "--all").err == "--all belongs to soundgraph cache export\n"
    assert space.run("cache", "gc", "what").err == 'soundgraph cache gc has no use for "what"\n'
    assert space.run("cache", "import").err == "soundgraph cache import wants the name of a file\n"


# Other projects


def test_what_another_project_reaches_stays(tmp_path: Path) -> None:
    one, other = share(tmp_path, "one", "other")
    gc(one, "--max-size", "1 B")
    assert anew(other).ran == []
    assert stats(one)["projects"] == [str(one.root), str(other.root)]


def test_a_project_that_only_found_things_there_is_known_too(tmp_path: Path) -> None:
    one, other = share(tmp_path, "one", "other")
    other.scene(CHAIN.replace("soft rain", "rain in one"))
    other.build()
    shutil.rmtree(tmp_path / "shared" / "projects")
    shutil.rmtree(other.root / ".soundgraph")
    assert other.build().ran == []
    one.replace("rain in one", "snow")
    gc(one, "--max-size", "1 B")
    assert anew(other).ran == []


def test_a_project_that_is_gone_or_has_another_cache_now_is_left_out(tmp_path: Path) -> None:
    one, gone, moved = share(tmp_path, "one", "gone", "moved")
    shutil.rmtree(gone.root)
    moved.write("soundgraph.toml", "")
    found = gc(one, "--max-size", "1 B", "--dry-run")
    assert found["left_out"] == [str(gone.root), str(moved.root)]
    found = gc(one, "--max-size", "1 B")
    assert (found["drafts"], found["left_out"]) == (2, [str(gone.root), str(moved.root)])
    assert stats(one)["projects"] == [str(one.root)]


@pytest.mark.parametrize("damage", [b"", b"/somewhere", b"\0"])
def test_a_damaged_list_of_projects_keeps_everything_until_the_project_builds(tmp_path: Path, damage: bytes) -> None:
    one, other = share(tmp_path, "one", "other")
    for place in (tmp_path / "shared/projects").iterdir():
        if place.read_bytes().startswith(os.fsencode(other.root)):
            place.write_bytes(damage)
            name = f"projects/{place.name}"
    for flags in ((), ("--repair",)):  # it stays: nobody but the project knows what stood there
        checked = one.run("cache", "verify", "--json", *flags)
        assert {sort: names for sort, names in json.loads(checked.out).items() if names} == {"projects": [name]}
    found = one.run("cache", "gc", "--max-size", "1 B")
    assert (found.code, "nobody can tell which project it names" in found.err) == (2, True)
    anew(other)
    assert stats(one)["projects"] == [str(one.root), str(other.root)]
    assert one.run("cache", "verify").code == 0


@pytest.mark.parametrize("mount_point", [False, True])
def test_takes_do_not_go_while_a_project_is_not_where_it_was(tmp_path: Path, mount_point: bool) -> None:
    one, away = share(tmp_path, "one", "a way")
    shutil.rmtree(away.root)
    if mount_point:
        away.root.mkdir()
    for flags in ((), ("--dry-run",)):
        found = one.run("cache", "gc", "--max-size", "1 B", "--takes", *flags)
        assert (found.code, f"--forget '{away.root}'" in found.err) == (2, True)
    assert len(stats(one)["projects"]) == 2
    told = gc(one, "--max-size", "1 B", "--takes", "--forget", str(away.root))
    assert (told["drafts"], told["left_out"]) == (1, [])


def test_a_project_with_mistakes_keeps_everything_until_it_is_left_out(tmp_path: Path) -> None:
    one, other = share(tmp_path, "one", "other")
    other.scene("[nodes.a]\nkind = 'nothing'", "b")
    found = one.run("cache", "gc", "--max-size", "1 B")
    assert found.code == 2
    assert found.err == (
        f"cannot tell what {other.root}, which has this cache too, needs of it: "
        'graphs/b.toml:2: nodes.a: unknown kind "nothing"\n'
        f"  mend it, or leave it out: --forget {other.root}\n"
    )
    assert gc(one, "--max-size", "1 B", "--forget", str(other.root))["drafts"] == 1
    assert one.run("cache", "gc", "--max-size", "1 B", "--forget", "nobody").code == 2


@contextmanager
def mounted(folder: Path, at: Path) -> Iterator[Space]:
    """A project at the path where others are at other times, as in containers."""
    folder.rename(at)
    try:
        yield Space(at)
    finally:
        at.rename(folder)


@pytest.mark.parametrize("given", [False, True], ids=["random", "given"])
def test_what_a_project_reaches_that_is_mounted_at_the_same_path_in_turn_stays(tmp_path: Path, given: bool) -> None:
    work = tmp_path / "work"
    for one in share(tmp_path, "one", "other"):
        if given:
            toml = (one.root / "soundgraph.toml").read_text()
            one.write("soundgraph.toml", f'{toml}[project]\nid = "{one.root.name}"\n')
        shutil.rmtree(one.root / ".soundgraph")
    shutil.rmtree(tmp_path / "shared")
    with mounted(tmp_path / "one", work) as one:
        assert len(one.build().ran) == 3
    with mounted(tmp_path / "other", work) as other:
        assert len(other.build().ran) == 3
        other.replace("rain in other", "snow")
        found = gc(other, "--max-size", "1 B")
        assert (found["drafts"], found["replaced"]) == (1, [str(work)]), "its own goes"
        refused = other.run("cache", "gc", "--max-size", "1 B", "--takes")
        assert (refused.code, f"--forget {work}" in refused.err) == (2, True)
    with mounted(tmp_path / "one", work) as one:
        assert anew(one).ran == []
    with mounted(tmp_path / "other", work) as other:
        assert gc(other, "--max-size", "1 B", "--forget", "one" if given else str(work))["drafts"] == 1
    with mounted(tmp_path / "one", work) as one:
        assert len(anew(one).ran) == 3


def test_a_clean_clone_does_not_keep_for_ever_what_the_one_before_it_reached(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    listed = next(path for path in (space.cache / "projects").iterdir() if len(path.name) == 16)
    shutil.rmtree(space.root / ".soundgraph")
    space.replace("soft rain", "heavy rain")
    space.build()
    assert gc(space, "--max-size", "1 B")["drafts"] == 0
    month = 31 * 24 * 3600 * 10**9
    os.utime(listed, ns=(listed.stat().st_atime_ns - month, listed.stat().st_mtime_ns - month))
    assert gc(space, "--max-size", "1 B")["drafts"] == 1
    assert not listed.exists()


def test_a_list_of_a_version_that_knew_projects_by_their_folders_holds(tmp_path: Path) -> None:
    one, other = share(tmp_path, "one", "other")
    listed = tmp_path / "shared" / "projects"
    shutil.rmtree(listed)
    listed.mkdir()
    for space in (one, other):
        path = os.fsencode(os.path.realpath(space.root))
        (listed / hashlib.sha256(path).hexdigest()[:16]).write_bytes(path)
        shutil.rmtree(space.root / ".soundgraph")
    assert stats(one)["projects"] == [str(one.root), str(other.root)]
    assert gc(one, "--max-size", "1 B")["drafts"] == 0
    assert one.build().ran == []
    assert stats(one)["projects"] == [str(one.root), str(other.root)], "one is there once, by its identity"
    assert other.build().ran == []


# Where it cannot be written


def test_a_collection_says_that_the_cache_cannot_be_written_and_not_that_locks_are_missing(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    space.replace("soft rain", "heavy rain")
    with changed(cache_folder, "_may_write", lambda path: False):
        for verb in (("gc", "--max-size", "1 B"), ("clear", "--yes")):
            found = space.run("cache", *verb)
            assert (found.code, found.err) == (1, f"the cache cannot be written ({space.cache}: Permission denied)\n")
        assert gc(space, "--max-size", "1 B", "--dry-run")["drafts"] == 1
    assert gc(space, "--max-size", "1 B")["drafts"] == 1


# Without locks


def test_where_every_lock_fails_builds_and_collections_go_on_without_the_index(space: Space) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    space.scene(CHAIN)
    with (
        changed(range_locks, "lock_range", refuse),
        changed(system, "lock_range_of_process", refuse),
        changed(sqlite3, "connect", refuse),
    ):
        assert (space.build().code, (space.cache / "index").exists()) == (0, False)
        shutil.rmtree(space.root / "build")
        assert anew(space).ran == []
        space.replace("soft rain", "heavy rain")
        assert 'prompt: "soft rain" -> "heavy rain"' in space.run("explain", "a:rain").out
        assert len(space.build().ran) == 3
        assert space.run("cache", "verify").code == 0
        assert "--no-builds-running" in space.run("cache", "gc", "--max-size", "1 B").err
        flags = ("--max-size", "1 B", "--no-builds-running", "--forget", str(space.root))
        assert gc(space, *flags)["drafts"] == 1
    assert anew(space).ran == [], "with locks again, the index is made of the records"


# Beside builds


def test_what_is_found_only_while_the_build_goes_on_counts_as_used(space: Space) -> None:
    space.scene(
        node("t", "tone", freq_hz=440, duration=0.2)
        + node("cut", "trim", input="t", duration=0.1)
        + node("soft", "gain", input="cut", gain_db=-3)
        + export("a", "soft")
    )
    space.build()
    store = DiskStore(space.cache)
    (key,) = [one.key for one in store.records.all() if one.made["node"] == "a:soft"]
    with closing(sqlite3.connect(space.cache / "index" / "cache.db")) as database, database:
        database.execute("UPDATE Cache SET store_time = 100, access_time = 100")
    space.replace("duration = 0.2", "duration = 0.3")
    built = space.build()
    assert (built.ran, built.cutoffs) == (["a:cut", "a:t"], ["a:soft"])
    assert store.records.usage_of([key])[key] > 100
    store.close()


def test_what_a_build_uses_that_goes_on_stays_though_no_scene_says_it_any_more(space: Space, probe: Probe) -> None:
    space.scene(CHAIN + generate("wind", "wind") + export("wind", "wind"))
    space.build()
    space.replace('prompt = "wind"', 'prompt = "storm"')
    real = Probe.load

    def load(self: Probe, *arguments: Any) -> Any:
        space.scene(generate("x", "nothing else"))
        assert gc(space, "--older-than", "0s")["sounds"] == 1  # the wind
        return real(self, *arguments)

    shutil.rmtree(space.root / "build")
    with changed(Probe, "load", load):
        found = space.build()
    assert (found.code, found.ran) == (0, ["a:wind"])
    assert found.exports["build/theme.wav"] in ("written", "restored")
    assert gc(space, "--older-than", "0s")["sounds"] == 4


def test_where_there_are_no_locks_somebody_has_to_say_that_no_build_runs(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    space.replace("soft", "hard")

    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    with changed(range_locks, "lock_range", none):
        found = space.run("cache", "gc", "--older-than", "0s")
        assert found.code == 2
        assert "has no working locks\n  if none is, say --no-builds-running" in found.err
        assert gc(space, "--older-than", "0s", "--no-builds-running")["drafts"] == 1


# Takes and pins


def pin(space: Space, name: str) -> Take:
    """Pins the take that is there now."""
    store = DiskStore(space.cache)
    found = next(one for one in store.records.all() if one.made["node"] == name)
    store.close()
    take = Take(name, found.key, found.digest)
    lockfile.update(space.root / "soundgraph.lock", takes={name: take})
    return take


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drafts count as takes: what the store is told of a backend is all that a collection goes by."""
    monkeypatch.setattr(open_cache, "open_folder", lambda project: DiskStore(project.cache_dir))


def test_takes_stay_unless_told_and_pinned_ones_even_then(space: Space, real: None) -> None:
    space.scene(CHAIN + generate("wind", "wind") + export("wind", "wind"))
    space.build()
    take = pin(space, "a:rain")
    space.scene(generate("x", "nothing else"))
    assert gc(space, "--max-size", "1 B")["takes"] == 0
    assert gc(space, "--max-size", "1 B", "--takes")["takes"] == 1
    store = DiskStore(space.cache)
    assert store.records.kept(take.key, take.digest) is not None
    assert store.blobs.read(take.digest) is not None
    store.close()
    assert stats(space)["pinned"] == {**stats(space)["pinned"], "takes": 1, "of": 1}


# Any history


@settings(max_examples=200 if THOROUGH else 8)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["rain", "wind", "hail"]),
            st.sampled_from([0.01, 0.02]),
            st.sampled_from([None, None, "--older-than=0s", "--max-size=1B", "--max-size=20kB", "--older-than=1h"]),
            st.booleans(),
        ),
        min_size=2,
        max_size=6,
    )
)
def test_after_any_history_what_is_reached_is_there(history: Sequence[tuple[str, float, str | None, bool]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        space = Space(Path(folder) / "project")
        for prompt, duration, how, lose in history:
            space.scene(CHAIN.replace("soft rain", prompt).replace("0.04", str(duration)))
            space.scene(generate("b", "other") + export("b", "b"), "b")
            assert space.build().code == 0
            if lose:
                shutil.rmtree(space.cache / "index")
            if how:
                gc(space, how)
                assert anew(space).ran == []
        assert space.run("cache", "verify").code == 0


# Size


def test_a_build_that_leaves_the_cache_too_big_says_so_and_removes_nothing(space: Space) -> None:
    space.write("soundgraph.toml", '[cache]\nmax_size = "2 kB"')
    space.scene(CHAIN)
    found = space.build()
    assert any("more than its max_size of 2.0 kB; soundgraph cache gc makes room" in one for one in found.remarks)
    assert len(list(space.cache.glob("blobs/??/*.wav"))) == 3
    assert anew(space).remarks == []  # nothing was added
    assert stats(space)["max_size"] == 2000


def test_a_cache_within_its_size_is_not_measured_again_by_each_build(space: Space) -> None:
    from soundgraph.cache.disk import listing

    space.write("soundgraph.toml", '[cache]\nmax_size = "1 GB"')
    space.scene(CHAIN)
    assert space.build().remarks == []

    def size(cache: Path) -> int:
        raise AssertionError("measured")

    space.replace("soft", "hard")
    with changed(listing, "size", size):
        assert space.build().remarks == []


@pytest.mark.parametrize("value", ["0", "true", '"big"', "-1", "1.5"])
def test_a_max_size_that_is_none_is_a_mistake(space: Space, value: str) -> None:
    space.write("soundgraph.toml", f"[cache]\nmax_size = {value}")
    found = space.run("cache", "stats")
    assert found.code == 2
    assert found.err.startswith("soundgraph.toml:2: cache: max_size ")


# Archives


def test_takes_go_to_another_machine(space: Space, tmp_path: Path) -> None:
    space.scene(CHAIN)
    space.build()
    found = space.run("cache", "export", "takes.tar")
    assert found.out.startswith("wrote takes.tar: 1 draft; ")
    there = Space(tmp_path / "there")
    there.scene(CHAIN)
    shutil.copy(space.root / "takes.tar", there.root)
    assert there.run("cache", "import", "takes.tar").out == "takes.tar: 1 result, 1 of them new\n"
    built = there.build()
    assert (built.ran, built.hits, built.loads) == (["a:cut", "a:dark"], ["a:rain"], 0)
    assert there.run("cache", "import", "takes.tar").out == "takes.tar: 1 result, all of them here already\n"


def test_all_results_of_some_scenes_go_along_when_asked_for(space: Space) -> None:
    space.scene(CHAIN)
    space.scene(generate("b", "other") + export("b", "b"), "b")
    space.build()
    told = json.loads(space.run("cache", "export", "a.tar", "a", "--all", "--json").out)
    assert (told["drafts"], told["processed"], told["missing"]) == (1, 2, [])
    shutil.rmtree(space.cache)
    assert json.loads(space.run("cache", "import", "a.tar", "--json").out)["new_records"] == 3
    assert anew(space).ran == ["b:b"]


def test_takes_that_are_not_there_are_named_and_an_archive_of_nothing_is_not_written(space: Space) -> None:
    space.scene(CHAIN)
    found = space.run("cache", "export", "takes.tar")
    assert (found.code, space.exists("takes.tar")) == (2, False)
    assert found.err.startswith("there is nothing to export")
    space.build()
    space.scene(CHAIN + generate("wind", "wind") + export("wind", "wind"))
    assert "not in the cache, and so left out: a:wind\n" in space.run("cache", "export", "takes.tar").out


def test_a_file_that_is_no_archive_is_not_overwritten(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    assert space.run("cache", "export", "graphs/a.toml").code == 2
    assert space.read("graphs/a.toml") == CHAIN.encode()
    assert space.run("cache", "export", "graphs").err.startswith("graphs is a folder")
    assert [space.run("cache", "export", "takes.tar").code for _ in range(2)] == [0, 0]


def test_a_place_for_an_archive_that_cannot_be_written_is_told(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    os.mkfifo(space.root / "pipe")
    for name, message in [
        ("none/takes.tar", "cannot write none/takes.tar: No such file or directory\n"),
        ("pipe", "pipe is there, and is no archive: it is left alone\n  name another file, such as takes.tar\n"),
    ]:
        found = space.run("cache", "export", name)
        assert (found.code, found.err) == (2, message)


def test_an_archive_that_cannot_be_read_is_told(space: Space) -> None:
    found = space.run("cache", "import", "none.tar")
    assert (found.code, found.err) == (2, "cannot read none.tar: No such file or directory\n")


def test_a_pinned_take_that_another_has_replaced_is_exported_for_the_pin(
    space: Space, tmp_path: Path, probe: Probe, real: None
) -> None:
    probe.changing = True
    space.scene(CHAIN)
    space.build()
    take = pin(space, "a:rain")
    lockfile.update(space.root / "soundgraph.lock", takes={"a:rain": None})
    space.build("--force")
    lockfile.update(space.root / "soundgraph.lock", takes={"a:rain": take})
    told = json.loads(space.run("cache", "export", "takes.tar", "--json").out)
    assert told["takes"] >= 1
    store = DiskStore(tmp_path / "there")
    store.prepare()
    from soundgraph.cache import archive

    archive.take_in(store, space.root / "takes.tar")
    found = store.records.kept(take.key, take.digest)
    assert found is not None
    assert store.blobs.read(found.digest) is not None
    store.close()
    space.replace('prompt = "', 'prompt = "not ')
    assert json.loads(space.run("cache", "export", "takes.tar", "--json").out)["takes"] == 1  # of a node that left it
    space.replace("[nodes.cut]", '[nodes.hiss]\nkind = "noise"\nduration = 0.1\n[nodes.cut]')
    assert space.run("cache", "export", "hiss.tar", "a:hiss").code == 2  # it is of another node
