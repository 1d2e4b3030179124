"""The git commit of a project: asked for once in a build, and not at all where a build writes nothing."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from soundgraph.project import git_commit, git_repository
from soundgraph.project.git_commit import Commit
from tests import repositories
from tests.helpers import CHAIN, Space, changed
from tests.repositories import commit_all, git, repository

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def _plain_git(monkeypatch: pytest.MonkeyPatch) -> None:
    repositories.without_settings(monkeypatch)


def program(folder: Path, script: str) -> Path:
    """A `git` that does what it is told. Returns the folder to be put on PATH."""
    folder.mkdir()
    path = folder / "git"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return folder


# What is found


def test_a_clean_tree_has_its_commit(tmp_path: Path) -> None:
    sha = repository(tmp_path)
    assert git_commit.at(tmp_path) == Commit(sha, False)
    (tmp_path / "sub").mkdir()
    assert git_commit.at(tmp_path / "sub") == Commit(sha, False)


@pytest.mark.parametrize("how", ["edited", "deleted", "new", "staged"])
def test_a_tree_with_changes_is_dirty(tmp_path: Path, how: str) -> None:
    (tmp_path / "a").write_text("1")
    sha = repository(tmp_path)
    if how == "deleted":
        (tmp_path / "a").unlink()
    else:
        (tmp_path / ("b" if how == "new" else "a")).write_text("22")
    if how == "staged":
        git(tmp_path, "add", "-A")
    assert git_commit.at(tmp_path) == Commit(sha, True)


def test_changes_outside_the_project_are_none_of_its_business(tmp_path: Path) -> None:
    (tmp_path / "audio").mkdir()
    (tmp_path / "audio" / "scene").write_text("1")
    sha = repository(tmp_path)
    (tmp_path / "engine.cpp").write_text("1")
    assert git_commit.at(tmp_path / "audio") == Commit(sha, False)
    assert git_commit.at(tmp_path) == Commit(sha, True)


@pytest.mark.parametrize("name", ["build", "Assets/Audio", "[b]*", "build/[x] ä"])
def test_files_in_the_projects_own_folders_make_nothing_dirty(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir(parents=True)
    (tmp_path / name / "theme.wav").write_bytes(b"1")
    sha = repository(tmp_path)
    (tmp_path / name / "theme.wav").write_bytes(b"22")
    (tmp_path / name / "other.wav").write_bytes(b"1")
    assert git_commit.at(tmp_path) == Commit(sha, True)
    assert git_commit.at(tmp_path, [tmp_path / name]) == Commit(sha, False)


def test_a_folders_name_is_no_pattern(tmp_path: Path) -> None:
    sha = repository(tmp_path)
    (tmp_path / "beach.toml").write_text("1")
    assert git_commit.at(tmp_path, [tmp_path / "[b]*"]) == Commit(sha, True)


def test_a_cache_outside_the_project_does_no_harm(tmp_path: Path) -> None:
    sha = repository(tmp_path / "project")
    assert git_commit.at(tmp_path / "project", [tmp_path / "cache"]) == Commit(sha, False)


def test_an_override_makes_as_dirty_as_an_edit(tmp_path: Path) -> None:
    sha = repository(tmp_path)
    assert git_commit.asker(tmp_path, (), overridden=True)() == Commit(sha, True)
    assert git_commit.asker(tmp_path, ())() == Commit(sha, False)


def test_a_worktree_and_a_submodule_have_commits_of_their_own(tmp_path: Path) -> None:
    library = tmp_path / "library"
    inner = repository(library)
    main = tmp_path / "main"
    repository(main)
    git(main, "submodule", "add", "-q", str(library), "audio")
    outer = commit_all(main)
    assert git_commit.at(main) == Commit(outer, False)
    assert git_commit.at(main / "audio") == Commit(inner, False)
    git(main, "worktree", "add", "-q", "--detach", str(tmp_path / "tree"))
    (tmp_path / "tree" / "new").write_text("1")
    assert git_commit.at(tmp_path / "tree") == Commit(outer, True)


def test_a_link_to_a_project_leads_to_its_repository(tmp_path: Path) -> None:
    sha = repository(tmp_path / "real")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "real" / "build").mkdir()
    (tmp_path / "real" / "build" / "theme.wav").write_bytes(b"1")
    assert git_commit.at(tmp_path / "link", [tmp_path / "link" / "build"]) == Commit(sha, False)


def test_asking_leaves_the_index_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    repository(tmp_path)
    os.utime(tmp_path / "a", ns=(0, 0))  # git would note the new time
    before = (tmp_path / ".git" / "index").read_bytes()
    assert git_commit.at(tmp_path) is not None
    assert (tmp_path / ".git" / "index").read_bytes() == before


# In whatever repository, git itself would say the same


def lines_end_otherwise(root: Path) -> None:
    git(root, "config", "core.autocrlf", "true")
    (root / "a").write_bytes(b"1\r\n")


def split_index(root: Path) -> None:
    git(root, "update-index", "--split-index")


def sparse(root: Path) -> None:
    git(root, "sparse-checkout", "set", "--no-cone", "/a")


def modes_do_not_count(root: Path) -> None:
    git(root, "config", "core.fileMode", "false")
    (root / "a").chmod(0o755)


def ignored_by_the_clone(root: Path) -> None:
    (root / ".git/info/exclude").write_text("new\n")
    (root / "new").write_text("1")


def ignored_by_a_setting(root: Path) -> None:
    (root.parent / "ignored").write_text("new\n")
    git(root, "config", "core.excludesFile", str(root.parent / "ignored"))
    (root / "new").write_text("1")


def merging(root: Path) -> None:
    git(root, "update-ref", "MERGE_HEAD", "HEAD")


def new_file_in_submodule(root: Path) -> None:
    (root / "library/new").write_text("1")


def edit_in_submodule(root: Path) -> None:
    (root / "library/b").write_text("2")


def edit_in_nested_submodule(root: Path) -> None:
    (root / "library/inner/c").write_text("2")


def other_commit_in_submodule(root: Path) -> None:
    edit_in_submodule(root)
    commit_all(root / "library")


def no_submodule(root: Path) -> None:
    git(root, "submodule", "deinit", "-q", "-f", "library")


@pytest.mark.parametrize("ignore", ["", "none", "untracked", "dirty", "all"])
@pytest.mark.parametrize("where", [".gitmodules", ".git/config", "diff"])
@pytest.mark.parametrize(
    "edit",
    [new_file_in_submodule, edit_in_submodule, edit_in_nested_submodule, other_commit_in_submodule, no_submodule],
)
def test_submodules_count_as_they_do_for_git(
    tmp_path: Path, with_submodules: Path, edit: Callable[[Path], None], where: str, ignore: str
) -> None:
    root = tmp_path / "main"
    shutil.copytree(with_submodules, root, symlinks=True)
    if ignore:
        name = "diff.ignoreSubmodules" if where == "diff" else "submodule.library.ignore"
        git(root, "config", "--file", ".gitmodules" if where == ".gitmodules" else ".git/config", name, ignore)
        git(root, "commit", "-q", "-a", "-m", "x", "--allow-empty")
    edit(root)
    assert_says_what_git_says(root)


@pytest.fixture(scope="session")
def with_submodules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a submodule in which there is another."""
    folder = tmp_path_factory.mktemp("submodules")
    for name, file in (("inner", "c"), ("library", "b"), ("main", "a")):
        (folder / name).mkdir()
        (folder / name / file).write_text("1\n")
        repository(folder / name)
    git(folder / "library", "submodule", "add", "-q", str(folder / "inner"), "inner")
    commit_all(folder / "library")
    git(folder / "main", "submodule", "add", "-q", str(folder / "library"), "library")
    git(folder / "main", "submodule", "update", "-q", "--init", "--recursive")
    commit_all(folder / "main")
    return folder / "main"


@pytest.mark.parametrize("edited", [False, True])
@pytest.mark.parametrize(
    "edit",
    [
        lines_end_otherwise,
        split_index,
        sparse,
        modes_do_not_count,
        ignored_by_the_clone,
        ignored_by_a_setting,
        merging,
    ],
)
def test_settings_of_a_repository_hold_that_start_nothing(
    tmp_path: Path, edit: Callable[[Path], None], edited: bool
) -> None:
    root = tmp_path / "main"
    root.mkdir()
    for name in "ab":
        (root / name).write_text("1\n")
    repository(root)
    edit(root)
    if edited:
        (root / "a").write_text("2\n")
    assert_says_what_git_says(root)
    git(root, "worktree", "add", "-q", "--detach", str(tmp_path / "tree"))
    assert_says_what_git_says(tmp_path / "tree")


def test_the_users_own_settings_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sha = repository(tmp_path / "main")
    (tmp_path / "main/new").write_text("1")
    monkeypatch.delenv("GIT_CONFIG_GLOBAL")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    assert git_commit.at(tmp_path / "main") == Commit(sha, True)
    (tmp_path / ".gitconfig").write_text("[core]\n\texcludesFile = ~/mine\n")
    (tmp_path / "mine").write_text("new\n")
    assert git_commit.at(tmp_path / "main") == Commit(sha, False)
    (tmp_path / ".gitconfig").unlink()
    (tmp_path / ".config/git").mkdir(parents=True)
    (tmp_path / ".config/git/ignore").write_text("new\n")
    assert git_commit.at(tmp_path / "main") == Commit(sha, False)


def test_an_object_format_is_kept(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--object-format=sha256")
    sha = repository(tmp_path)
    assert len(sha) == 64
    assert git_commit.at(tmp_path) == Commit(sha, False)


def test_a_file_of_git_lfs_is_compared_with_its_pointer(tmp_path: Path) -> None:
    """Its filter, which git would ask where a file has another time, is not run."""
    content = b"1234"
    oid = hashlib.sha256(content).hexdigest()
    (tmp_path / ".gitattributes").write_text("*.wav filter=lfs\n")
    (tmp_path / "a.wav").write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 4\n")
    sha = repository(tmp_path)
    (tmp_path / "a.wav").write_bytes(content)
    assert git_commit.at(tmp_path) == Commit(sha, False)
    (tmp_path / "a.wav").write_bytes(b"1235")
    assert git_commit.at(tmp_path) == Commit(sha, True)
    (tmp_path / "a.wav").write_bytes(content)
    (tmp_path / "b.wav").write_bytes(content)
    assert git_commit.at(tmp_path) == Commit(sha, True)


def assert_says_what_git_says(root: Path) -> None:
    assert git_commit.at(root) == Commit(git(root, "rev-parse", "HEAD"), bool(git(root, "status", "--porcelain")))


# Where there is none


def test_outside_a_repository_there_is_none_and_git_is_not_asked(tmp_path: Path) -> None:
    with changed(git_repository, "_run", None):
        assert git_commit.at(tmp_path) is None


def test_before_the_first_commit_there_is_none(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert git_commit.at(tmp_path) is None


def test_in_a_bare_repository_there_is_none(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "bare")
    (tmp_path / "bare" / ".git").mkdir()  # so that it is asked at all
    assert git_commit.at(tmp_path / "bare") is None


def test_a_project_that_its_repository_ignores_has_none(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("/scratch/\n*.tmp\n")
    (tmp_path / "scratch" / "project").mkdir(parents=True)
    sha = repository(tmp_path)
    (tmp_path / "x.tmp").write_text("1")
    assert git_commit.at(tmp_path / "scratch" / "project") is None
    assert git_commit.at(tmp_path / "scratch") is None
    assert git_commit.at(tmp_path) == Commit(sha, False)


@pytest.mark.parametrize(
    "script",
    [
        "exit 128",
        "echo 'fatal: detected dubious ownership' >&2; exit 128",
        "echo nonsense",
        "printf '# branch.oid -x\\0'",
        "kill -9 $$",
        "printf '\\377\\0'",
    ],
)
def test_a_git_that_refuses_or_talks_nonsense_gives_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, capfd: pytest.CaptureFixture[str]
) -> None:
    repository(tmp_path / "project")
    monkeypatch.setenv("PATH", str(program(tmp_path / "bin", script)))
    assert git_commit.at(tmp_path / "project") is None
    assert capfd.readouterr() == ("", "")


def test_without_git_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_commit.at(tmp_path) is None


def test_a_git_that_does_not_come_back_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository(tmp_path / "project")
    monkeypatch.setenv("PATH", f"{program(tmp_path / 'bin', 'exec sleep 60')}{os.pathsep}{os.environ['PATH']}")
    with changed(git_commit, "TIMEOUT_S", 0.05):
        assert git_commit.at(tmp_path / "project") is None


def test_a_repository_of_another_owner_that_git_refuses_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = repository(tmp_path)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with changed(git_repository, "_is_mine", lambda path: False):
        assert git_commit.at(tmp_path) is None
        settings = tmp_path / "settings"
        settings.write_text(f"[safe]\n\tdirectory = {tmp_path}\n")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
        assert git_commit.at(tmp_path) == Commit(sha, True)


def test_in_a_hook_the_project_is_asked_for_and_not_the_repository_of_the_hook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = repository(tmp_path / "project")
    (tmp_path / "other" / "a").parent.mkdir()
    (tmp_path / "other" / "a").write_text("1")
    repository(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "other"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "other" / ".git" / "index"))
    monkeypatch.setenv("GIT_PREFIX", "x/")
    assert git_commit.at(tmp_path / "project") == Commit(sha, False)


# The forms it is kept in


@pytest.mark.parametrize("one", [Commit(SHA, False), Commit(SHA, True), Commit(SHA + SHA[:24], True)])
def test_a_commit_is_read_as_it_was_written(one: Commit) -> None:
    assert Commit.parse(str(one)) == one
    assert Commit.of(one.facts()) == one


@pytest.mark.parametrize("text", ["", "-dirty", SHA[:-1], f"{SHA}-", f"{SHA}-clean", f"{SHA} ", SHA.upper(), "HEAD"])
def test_what_is_no_commit_is_read_as_none(text: str) -> None:
    assert Commit.parse(text) is None
    assert Commit.of({"sha": text, "dirty": False}) is None


@pytest.mark.parametrize(
    "facts", [None, "x", [], {}, {"sha": SHA}, {"sha": SHA, "dirty": 1}, {"sha": 3, "dirty": True}]
)
def test_facts_that_are_no_commit_are_none(facts: object) -> None:
    assert Commit.of(facts) is None


# How often git is asked


def test_many_threads_ask_git_once(tmp_path: Path) -> None:
    sha = repository(tmp_path)
    calls: list[Path] = []
    real = git_commit.at

    def counted(root: Path, own: Iterable[Path] = ()) -> Commit | None:
        calls.append(root)
        return real(root, own)

    together = threading.Barrier(4)
    with changed(git_commit, "at", counted), ThreadPoolExecutor(4) as pool:
        ask = git_commit.asker(tmp_path, ())
        found = list(pool.map(lambda _: (together.wait(), ask())[1], range(4)))
    assert found == [Commit(sha, False)] * 4
    assert calls == [tmp_path]


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that every call of git adds a line to."""
    log = tmp_path / "calls"
    log.write_text("")
    real = subprocess.run(["sh", "-c", "command -v git"], capture_output=True, text=True, check=True).stdout.strip()
    folder = program(tmp_path / "bin", f'echo "$*" >> "{log}"\nexec "{real}" "$@"')
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return log


def test_a_build_asks_git_once_and_one_with_nothing_to_do_never(space: Space, calls: Path) -> None:
    for name in "abc":
        space.scene(CHAIN.replace("exports.theme", f"exports.{name}"), name)
    repository(space.root)
    calls.write_text("")
    space.age()
    space.build("-j", "4")
    assert sum(" status " in line for line in calls.read_text().splitlines()) == 1
    calls.write_text("")
    space.settle()
    space.fresh("build")
    space.fresh("build", "--policy", "commercial")
    assert calls.read_text() == ""


@pytest.mark.parametrize("edit", ["comment", "rename", "deleted", "altered", "no state", "no sidecar", "force"])
def test_a_build_that_delivers_the_same_sound_does_not_ask_git(space: Space, calls: Path, edit: str) -> None:
    space.scene(CHAIN)
    repository(space.root)
    space.build()
    calls.write_text("")
    if edit == "comment":
        space.replace("[nodes.rain]", "# x\n[nodes.rain]")
    elif edit == "rename":
        space.replace('"cut"', '"part"')
        space.replace("nodes.cut", "nodes.part")
    elif edit == "deleted":
        (space.root / "build/theme.wav").unlink()
    elif edit == "altered":
        space.write("build/theme.wav", b"mine")
    elif edit == "no state":
        for path in (space.root / ".soundgraph").iterdir():
            path.unlink()
    elif edit == "no sidecar":
        (space.root / "build/theme.wav.json").unlink()
    found = space.build(*(["--force"] if edit == "force" else []))
    assert found.code == 0
    assert space.exists("build/theme.wav.json")
    assert calls.read_text() == ""
