"""A stranger's repository starts nothing, whatever is asked about it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from soundgraph.project import git_commit, git_repository
from tests import repositories
from tests.helpers import CHAIN, Space, changed, export, node
from tests.hostile.adversary import ATTRIBUTES, Adversary, forget_times, lay_bare, lose
from tests.repositories import commit_all, git
from tests.repositories import repository as make

VERBS = (
    ("build", "--force"),
    ("build", "--since", "HEAD"),
    ("build", "--since", "HEAD~1"),
    ("diff", "HEAD"),
    ("diff", "HEAD~1"),
    ("diff", "--listen", "HEAD~1"),
    ("diff", "@{upstream}"),
    ("diff", ":/x"),
    ("diff", "main@{0}"),
    ("plan",),
    ("check",),
    ("explain",),
    ("report",),
    ("list",),
)


@pytest.fixture(autouse=True)
def _plain_git(monkeypatch: pytest.MonkeyPatch) -> None:
    repositories.without_settings(monkeypatch)


@pytest.fixture
def adversary(tmp_path: Path) -> Adversary:
    return Adversary(tmp_path / "adversary")


@pytest.fixture
def trapped(space: Space, adversary: Adversary) -> Space:
    """Two commits of a scene and a recording, every trap set, and no file as git remembers it."""
    fill(space)
    adversary.arm(space.root / ".git")
    forget_times(space.root)
    return space


def fill(space: Space) -> None:
    space.write(".gitignore", "build/\ncache/\n.soundgraph*\n")
    space.write(".gitattributes", ATTRIBUTES)
    space.recording("sounds/n.wav")
    space.scene(node("n", "file", path="../sounds/n.wav") + export("n", "n") + CHAIN)
    make(space.root)
    git(space.root, "branch", "-M", "main")
    space.replace("soft rain", "hard rain")
    commit_all(space.root)


def run_all(space: Space) -> None:
    for verb in VERBS:
        space.run(*verb)
    git_commit.at(space.root)


def test_the_traps_are_set(trapped: Space, adversary: Adversary) -> None:
    """Else the other tests would show nothing."""
    words = ["git", "-C", str(trapped.root)]
    subprocess.run([*words, "status"], capture_output=True)
    subprocess.run([*words, "diff", "HEAD~1"], capture_output=True)
    sha = git(trapped.root, "rev-parse", "HEAD~1:graphs/a.toml")
    lose(trapped.root / ".git", sha)
    subprocess.run([*words, "cat-file", "blob", sha], capture_output=True)
    assert {"process", "fsmonitor", "diff-external", "uploadpack"} & set(adversary.sprung) >= {"process", "uploadpack"}
    assert {"fsmonitor", "included-fsmonitor"} & set(adversary.sprung)


def test_no_verb_starts_what_a_repository_names(trapped: Space, adversary: Adversary) -> None:
    run_all(trapped)
    assert adversary.sprung == []
    found = trapped.run("diff", "HEAD~1", "--json")
    assert (found.code, [event["name"] for event in found.of("change")]) == (0, ["a:theme"])


@pytest.mark.parametrize("lost", ["HEAD~1:graphs/a.toml", "HEAD~1:graphs", "HEAD~1^{tree}", "HEAD~1", "HEAD:graphs"])
def test_what_a_promisor_holds_back_is_not_fetched(trapped: Space, adversary: Adversary, lost: str) -> None:
    sha = git(trapped.root, "rev-parse", lost)
    lose(trapped.root / ".git", sha)
    adversary.reset()  # rev-parse may have
    run_all(trapped)
    assert adversary.sprung == []
    assert trapped.run("diff", lost.partition(":")[0].removesuffix("^{tree}")).code == 2


def test_a_clean_filter_alone_is_not_run_either(trapped: Space, adversary: Adversary) -> None:
    config = trapped.root / ".git/config"
    config.write_text("".join(line for line in config.read_text().splitlines(True) if "process =" not in line))
    run_all(trapped)
    assert adversary.sprung == []


@pytest.mark.parametrize("cloned", [False, True])
def test_a_folder_that_is_itself_a_repository_is_passed_over(
    tmp_path: Path, adversary: Adversary, cloned: bool
) -> None:
    space = Space(tmp_path / "evil" / "project")
    space.write(".gitattributes", ATTRIBUTES)
    space.scene(CHAIN)
    lay_bare(space.root)
    config = space.root / "config"
    config.write_text(config.read_text() + adversary.settings())
    git(tmp_path / "evil", "init", "-q")
    git(tmp_path / "evil", "add", "-A", "-f")
    git(tmp_path / "evil", "commit", "-q", "-m", "sounds")
    if cloned:
        git(tmp_path, "clone", "-q", str(tmp_path / "evil"), "clone")
        space = Space(tmp_path / "clone" / "project")
    forget_times(space.root)
    adversary.reset()
    run_all(space)
    assert adversary.sprung == []
    assert space.run("diff", "HEAD").code == 0


def test_a_bare_repository_without_one_around_it_is_none(tmp_path: Path, adversary: Adversary) -> None:
    space = Space(tmp_path / "project")
    space.scene(CHAIN)
    lay_bare(space.root)
    config = space.root / "config"
    config.write_text(config.read_text() + adversary.settings())
    run_all(space)
    assert adversary.sprung == []
    assert "not a git repository" in space.run("diff", "HEAD").err


def test_a_submodules_settings_start_nothing(space: Space, tmp_path: Path, adversary: Adversary) -> None:
    library = Space(tmp_path / "library")
    library.recording("n.wav")
    library.write(".gitattributes", ATTRIBUTES)
    make(library.root)
    fill(space)
    git(space.root, "submodule", "add", "-q", str(library.root), "library")
    git(space.root, "submodule", "add", "-q", str(library.root), "module")
    space.scene(node("n", "file", path="../library/n.wav") + export("n", "n"))
    commit_all(space.root)
    space.scene(node("n", "file", path="../module/n.wav") + export("n", "n"))
    commit_all(space.root)
    for name in ("library", "module"):
        adversary.arm(space.root / ".git/modules" / name)
    adversary.arm(space.root / ".git")
    forget_times(space.root)
    adversary.reset()
    run_all(space)
    assert adversary.sprung == []


@pytest.mark.parametrize("how", ["worktree", "gitlink", "symlink", "per worktree"])
def test_however_a_working_tree_refers_to_its_repository_nothing_is_started(
    trapped: Space, tmp_path: Path, adversary: Adversary, how: str
) -> None:
    root = trapped.root
    if how == "worktree":
        (root / ".git/config").rename(tmp_path / "config")
        git(root, "config", "core.bare", "false")
        git(root, "worktree", "add", "-q", "--detach", str(tmp_path / "tree"))
        (tmp_path / "config").replace(root / ".git/config")
        root = tmp_path / "tree"
    elif how == "per worktree":
        config = root / ".git/config"
        config.rename(root / ".git/config.worktree")
        config.write_text("[core]\n\trepositoryformatversion = 1\n[extensions]\n\tworktreeConfig = true\n")
    else:
        (root / ".git").rename(tmp_path / "elsewhere")
        if how == "gitlink":
            (root / ".git").write_text("gitdir: ../elsewhere\n")
        else:
            (root / ".git").symlink_to(tmp_path / "elsewhere")
    forget_times(root)
    adversary.reset()
    run_all(Space(root))
    assert adversary.sprung == []
    assert Space(root).run("diff", "HEAD").code == 0


def test_a_working_tree_elsewhere_is_not_looked_at(trapped: Space, tmp_path: Path, adversary: Adversary) -> None:
    """core.worktree would have git compare files that are none of the project's."""
    git(trapped.root, "config", "core.worktree", str(tmp_path))
    adversary.reset()
    forget_times(trapped.root)
    found = git_commit.at(trapped.root, [trapped.root / "build", trapped.root / "cache", trapped.root / ".soundgraph"])
    assert found is not None
    assert not found.dirty
    assert adversary.sprung == []


def test_a_program_in_the_projects_folder_is_not_taken_for_git(
    trapped: Space, adversary: Adversary, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = trapped.root / "git"
    shutil.copyfile(adversary.script("git", "false"), planted)
    planted.chmod(0o755)
    monkeypatch.chdir(trapped.root)
    for entry in ("", ".", "./", str(trapped.root)):
        monkeypatch.setenv("PATH", f"{entry}{os.pathsep}{os.environ['PATH']}")
    run_all(trapped)
    assert adversary.sprung == []


def test_a_pipe_in_a_repository_is_not_waited_for(trapped: Space, adversary: Adversary) -> None:
    own = trapped.root / ".git"
    sha = git(trapped.root, "rev-parse", "HEAD~1:graphs/a.toml")
    adversary.reset()
    lose(own, sha)
    os.mkfifo(own / "objects" / sha[:2] / sha[2:])
    with changed(git_repository, "TIMEOUT_S", 0.3), changed(git_commit, "TIMEOUT_S", 0.3):
        assert trapped.run("diff", "HEAD~1").code == 2
        for name in ("index", "HEAD"):
            (own / name).unlink()
            os.mkfifo(own / name)
            assert git_commit.at(trapped.root) is None
            trapped.run("diff", "HEAD")
        shutil.rmtree(own)
        os.mkfifo(own)
        assert git_commit.at(trapped.root) is None
    assert adversary.sprung == []


def test_to_ask_whether_a_repository_of_another_owner_is_safe_starts_nothing(
    trapped: Space, adversary: Adversary
) -> None:
    with changed(git_repository, "_is_mine", lambda path: False):
        run_all(trapped)
    assert adversary.sprung == []
