"""`soundgraph diff REV` and `build --since REV`: what is told to change is all that changes, and why."""

from __future__ import annotations

import hashlib
import json
import math
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from soundgraph.audio.artifact import make
from soundgraph.audio.dsp import residual
from soundgraph.backends import Model, Pin
from soundgraph.core.errors import UsageError
from soundgraph.planning import action
from soundgraph.project import git_revision, lockfile, model_names
from soundgraph.project.lockfile import LOCK_FILE
from soundgraph.project.targets import select
from soundgraph.session.diffing.recipes import RecipeTree
from tests import repositories
from tests.helpers import CHAIN, Result, Space, changed, export, generate, node, noise, table
from tests.repositories import commit_all, git, repository

TWO = CHAIN + "\n".join([generate("wind", "wind"), export("wind", "wind"), ""])
"""Two exports that share nothing: theme, of rain -> cut -> dark; and wind."""


@pytest.fixture(autouse=True)
def _plain_git(monkeypatch: pytest.MonkeyPatch) -> None:
    repositories.without_settings(monkeypatch)


@pytest.fixture
def repo(space: Space) -> Space:
    """A project whose commit holds TWO as the scene "a"."""
    space.write(".gitignore", "build/\ncache/\n.soundgraph*\n")
    space.scene(TWO)
    repository(space.root)
    return space


def diff(space: Space, *arguments: str, rev: str = "HEAD") -> Result:
    return space.run("diff", rev, "--json", *arguments)


def statuses(found: Result) -> dict[str, str]:
    assert found.of("summary"), found.err
    return {event["name"]: event["status"] for event in found.of("change")}


def reasons(found: Result) -> list[str]:
    """Each as "node field: old -> new"."""
    return [
        f"{one['node']} {one['field']}: {one['old']} -> {one['new']}".strip()
        for event in found.of("change")
        for one in event["reasons"]
    ]


# What differs, and why


def test_nothing_changes_without_an_edit(repo):
    found = repo.run("diff", "HEAD", "--exit-code")
    assert (found.code, found.out) == (0, "since HEAD: nothing changes, 2 exports as they were\n")


def test_a_changed_prompt_changes_what_is_made_from_it(repo):
    repo.replace("soft rain", "hard rain")
    found = repo.run("diff", "HEAD", "--exit-code")
    assert found.code == 3
    assert found.out == (
        "a:theme  changed  build/theme.wav\n"
        '  rain: prompt: "soft rain" -> "hard rain"\n'
        "since HEAD: 1 changed, 1 export as it was\n"
    )


def test_nothing_is_built_and_the_tree_stays_as_it_is(repo):
    repo.replace("soft rain", "hard rain")
    before = repo.tree()
    assert diff(repo, "--listen").code == 0
    assert repo.tree() == before


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("gain_db = -3.0", "gain_db = -4.0", ["dark bands[0].gain_db: -3.0 -> -4.0"]),
        ('prompt = "soft rain"', 'prompt = "soft rain"\nseed = 3', ["rain seed: 0 (default) -> 3"]),
        (
            'model = "draft/audio"',
            'model = "draft/music"',
            ['rain model: "draft/audio" -> "draft/music"'],
        ),
        ('node = "dark"', 'node = "cut"', ["dark node: eq -> None"]),
        ('node = "dark"', 'node = "dark"\nbit_depth = 16', ["bit_depth: 24 -> 16"]),
        ('node = "dark"', 'node = "dark"\nformat = ["wav", "ogg"]', ['format[1]: None -> "ogg"']),
        ('node = "dark"', 'node = "dark"\npath = "music/theme"', ['path: "build/theme" -> "build/music/theme"']),
        ('node = "dark"', 'node = "dark"\nloudness_lufs = -20', ["loudness_lufs: None -> -20.0"]),
        ('input = "cut"', 'input = "rain"', ['dark input: "cut" -> "rain"', "cut node: trim -> None"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_field_is_named_with_its_old_and_new_value(repo, old, new, told):
    repo.replace(old, new)
    found = diff(repo, "a:theme")
    assert statuses(found) == {"a:theme": "changed"}
    assert reasons(found) == told


def test_inputs_that_are_swapped_are_told(repo):
    layers = "\n".join(
        [
            generate("x", "x"),
            generate("y", "y"),
            node("m", "mix", inputs=[{"node": "x"}, {"node": "y"}]),
            export("m", "m"),
        ]
    )
    repo.scene(layers)
    commit_all(repo.root)
    repo.scene(layers.replace('{ node = "x" }, { node = "y" }', '{ node = "y" }, { node = "x" }'))
    assert reasons(diff(repo)) == ['m inputs[0].node: "x" -> "y"', 'm inputs[1].node: "y" -> "x"']


def test_the_scenes_rate_and_seed_reach_its_exports(repo):
    repo.scene(TWO + table("scene", sample_rate=22050, seed=5))
    found = diff(repo)
    assert statuses(found) == {"a:theme": "changed", "a:wind": "changed"}
    assert {"scene.sample_rate: 48000 -> 22050", "rain seed: 0 (default) -> 5"} <= set(reasons(found))


def test_defaults_and_the_salt_of_the_project_count(repo):
    repo.write("soundgraph.toml", table("defaults.generate", temperature=0.5))
    assert reasons(diff(repo, "a:wind")) == ["wind temperature: 1.0 (default) -> 0.5"]
    repo.write("soundgraph.toml", table("cache", salt="x"))
    assert reasons(diff(repo, "a:wind")) == ['salt: None -> "x"']


def test_another_output_folder_moves_every_file(repo):
    repo.write("soundgraph.toml", table("build", output="out"))
    found = diff(repo)
    assert statuses(found) == {"a:theme": "changed", "a:wind": "changed"}
    assert found.of("change")[0]["paths"] == ["out/theme.wav"]


def test_a_recording_counts_by_its_content(repo):
    repo.recording("sounds/one.wav", noise(seed=1))
    repo.scene("\n".join([node("one", "file", path="../sounds/one.wav"), export("one", "one")]))
    commit_all(repo.root)
    assert statuses(diff(repo)) == {}
    repo.recording("sounds/one.wav", noise(seed=2))
    found = diff(repo)
    assert statuses(found) == {"a:one": "changed"}
    assert reasons(found) == ['one path: "sounds/one.wav" -> "sounds/one.wav" with other content']
    git(repo.root, "mv", "sounds/one.wav", "sounds/two.wav")
    repo.replace("one.wav", "two.wav")
    assert reasons(diff(repo)) == ['one path: "sounds/one.wav" -> "sounds/two.wav"']
    repo.recording("sounds/two.wav", noise(seed=1))
    assert statuses(diff(repo)) == {}


def test_an_included_file_counts(repo):
    repo.write("shared/base.toml", generate("bed", "old"))
    repo.scene('include = ["../shared/base.toml"]\n' + export("bed", "base.bed"))
    commit_all(repo.root)
    repo.write("shared/base.toml", generate("bed", "new"))
    assert reasons(diff(repo)) == ['base.bed prompt: "old" -> "new"']


def test_exports_and_scenes_that_come_and_go(repo):
    repo.scene(TWO.replace("exports.wind", "exports.gale"))
    repo.scene(generate("n") + export("other", "n"), "b")
    (repo.root / "graphs/a.toml").rename(repo.root / "graphs/c.toml")
    found = diff(repo)
    # The file is what matters to a game: c delivers one that a delivered.
    assert statuses(found) == {"b:other": "added", "c:theme": "same sound", "c:gale": "added", "a:wind": "removed"}
    assert {event["name"]: event["was"] for event in found.of("change")}["c:theme"] == "a:theme"


def test_takes_are_exports_each(repo):
    many = generate("step", variations=3) + export("step", "step", path="step_{take}")
    repo.scene(many)
    commit_all(repo.root)
    repo.scene(many.replace("variations = 3", "variations = 2"))
    assert statuses(diff(repo)) == {"a:step#3": "removed"}


def test_a_manifest_changes_with_what_it_is_about(repo):
    repo.scene(TWO + table("manifests.list", engine="json", exports=["theme"]) + table("manifests.all", engine="json"))
    commit_all(repo.root)
    repo.replace('prompt = "wind"', 'prompt = "gale"')
    found = diff(repo)
    assert statuses(found) == {"a:wind": "changed", "a:manifests.all": "changed"}
    assert "exports.wind: as it was -> changed" in reasons(found)


# What is the same after all


def test_a_new_name_for_a_node_is_the_same_sound(repo):
    repo.replace('"cut"', '"part"')
    repo.replace("nodes.cut", "nodes.part")
    found = repo.run("diff", "HEAD", "--exit-code")
    assert found.code == 0
    assert 'a:theme  same sound  build/theme.wav\n  part: name: "cut" -> "part"\n' in found.out


@pytest.mark.parametrize("what", ["comment", "order", "default"])
def test_what_reaches_no_sound_is_not_listed(repo, what):
    text = {
        "comment": f"# louder\n{TWO}",
        "order": "\n".join(reversed([f"[{part}" for part in TWO.split("\n[")])).replace("[[", "["),
        "default": TWO.replace('prompt = "wind"', 'prompt = "wind"\nseed = 0'),
    }[what]
    repo.scene(text)
    assert statuses(diff(repo)) == {}


def test_where_the_cache_knows_that_both_sound_alike_it_is_the_same_sound(repo):
    repo.build()
    repo.replace('prompt = "wind"', 'prompt = "wind"\nprecision = "int8"')  # of which drafts take no notice
    assert statuses(diff(repo)) == {"a:wind": "changed"}
    repo.build()
    found = diff(repo)
    assert statuses(found) == {"a:wind": "same sound"}
    assert reasons(found) == ['wind precision: None -> "int8"']


def test_other_demands_are_told_and_change_no_sound(repo):
    repo.scene(TWO + table("[checks]", node="rain", max_duration=5))
    found = diff(repo)
    assert statuses(found) == {"a:theme": "same sound"}
    assert any("max_duration" in reason for reason in reasons(found))


def test_a_manifest_is_held_back_with_an_export(repo):
    """Found by the random test: a check that is new keeps the manifest from being written."""
    repo.scene(TWO + table("manifests.all", engine="json"))
    commit_all(repo.root)
    repo.scene(TWO + table("manifests.all", engine="json") + table("[checks]", node="rain", min_duration=5))
    assert statuses(diff(repo)) == {"a:theme": "same sound", "a:manifests.all": "same sound"}


def test_another_licence_is_told_and_changes_no_sound(repo):
    # Told by the description of the export, of which nothing that is compared field by field knows.
    before = RecipeTree.description
    named = iter(["MIT", "CC-BY-NC-4.0"] * 2)
    with changed(RecipeTree, "description", lambda self, job: {**before(self, job), "licences": [next(named)]}):
        found = diff(repo)
    assert set(statuses(found).values()) == {"same sound"}
    assert reasons(found)[0] == 'licences[0]: "MIT" -> "CC-BY-NC-4.0"'


# Which revision, and which tree


def test_any_name_of_a_commit_will_do(repo):
    sha = git(repo.root, "rev-parse", "HEAD")
    git(repo.root, "tag", "-a", "-m", "x", "shipped")
    repo.replace("soft rain", "hard rain")
    git(repo.root, "commit", "-q", "-a", "-m", "Louder")
    for rev in (sha, sha[:8], "shipped", "HEAD~1", "@{1}", ":/^x"):
        found = diff(repo, rev=rev)
        assert statuses(found) == {"a:theme": "changed"}
        assert found.of("summary")[0]["commit"] == sha


@pytest.mark.parametrize("rev", ["nothing", "HEAD:graphs", "HEAD~9", "", "a b", "HEAD^{tree}", "^HEAD", "HEAD..HEAD"])
def test_what_is_no_revision_is_told(repo, rev):
    found = repo.run("diff", "--", rev)
    assert found.code == 2
    assert found.err.startswith(f'"{rev}" is no revision of this repository\n')


def test_a_revision_is_no_option_of_git(repo, tmp_path):
    with pytest.raises(UsageError, match="is no revision"), git_revision.at(repo.root, f"--output={tmp_path / 'x'}"):
        pass
    assert not (tmp_path / "x").exists()


def test_outside_a_repository_it_is_told(space):
    space.scene(CHAIN)
    found = space.run("diff", "HEAD")
    assert found.code == 2
    assert "not a git repository" in found.err


def test_without_git_it_is_told(repo, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    found = repo.run("diff", "HEAD")
    assert (found.code, found.err.splitlines()[0]) == (2, "git cannot be run: it is not installed")


def test_a_project_in_a_folder_of_its_repository(tmp_path):
    space = Space(tmp_path / "game" / "audio")
    space.scene(CHAIN)
    (tmp_path / "game" / "engine.cpp").write_text("1")
    repository(tmp_path / "game")
    assert statuses(diff(space)) == {}
    space.replace("soft", "hard")
    (tmp_path / "game" / "engine.cpp").write_text("2")
    assert statuses(diff(space)) == {"a:theme": "changed"}


def test_a_folder_that_is_younger_than_the_revision_is_all_new(tmp_path):
    repository(tmp_path / "game")
    space = Space(tmp_path / "game" / "audio")
    space.scene(CHAIN)
    assert statuses(diff(space)) == {"a:theme": "added"}


def test_targets_may_be_in_either_tree(repo):
    repo.scene(CHAIN.replace("exports.theme", "exports.old"), "gone/b")
    commit_all(repo.root)
    (repo.root / "graphs/gone/b.toml").unlink()
    (repo.root / "graphs/gone").rmdir()
    repo.replace("soft rain", "hard rain")
    repo.scene(TWO.replace("exports.wind", "exports.gale").replace("soft rain", "hard rain"))
    for target in ("gone/b", "graphs/gone/b.toml", "graphs/gone", "gone/*", "gone/b:old"):
        assert statuses(diff(repo, target)) == {"gone/b:old": "removed"}, target
    assert statuses(diff(repo, "a:wind")) == {"a:wind": "removed"}
    assert statuses(diff(repo, "a:gale", "graphs/a.toml:theme")) == {"a:gale": "added", "a:theme": "changed"}
    found = repo.run("diff", "HEAD", "a:wnd")
    assert (found.code, found.err) == (2, 'a has no export called "wnd" now or at HEAD; did you mean "wind"?\n')
    assert repo.run("diff", "HEAD", "nowhere").code == 2


def test_mistakes_of_the_revision_name_it_and_hide_no_export(repo):
    repo.replace('kind = "eq"', 'kind = "qe"')
    repo.scene(generate("n") + export("other", "n"), "b")
    commit_all(repo.root)
    repo.replace('kind = "qe"', 'kind = "eq"')
    found = diff(repo)
    assert found.code == 0
    assert statuses(found) == {"a:theme": "unknown", "a:wind": "unknown"}
    assert found.err.startswith("HEAD:graphs/a.toml:")
    assert diff(repo, "--exit-code").code == 3


def test_of_a_manifest_too_it_is_told_why_it_is_unknown(repo):
    repo.scene(TWO + table("manifests.all", engine="json"))
    commit_all(repo.root)
    repo.replace('kind = "eq"', 'kind = "qe"')
    told = {event["name"]: event["why"] for event in diff(repo).of("change")}
    assert told.keys() == {"a:theme", "a:wind", "a:manifests.all"}
    assert told["a:manifests.all"] == told["a:theme"] != ""


def test_mistakes_of_now_hide_no_other_export(repo):
    repo.scene(generate("n") + export("other", "n"), "b")
    commit_all(repo.root)
    repo.replace('kind = "eq"', 'kind = "qe"')
    repo.replace("rain", "wind", "b")
    found = diff(repo)
    assert found.code == 2
    assert statuses(found) == {"a:theme": "unknown", "a:wind": "unknown", "b:other": "changed"}
    assert found.err.startswith("graphs/a.toml:")


def test_a_broken_project_file_of_the_revision_leaves_everything_unknown(repo):
    repo.write("soundgraph.toml", "x = 1")
    commit_all(repo.root)
    repo.write("soundgraph.toml", "")
    found = diff(repo)
    assert statuses(found) == {"a:theme": "unknown", "a:wind": "unknown"}
    assert found.err.startswith("HEAD:soundgraph.toml:")


def test_an_escape_in_the_name_of_a_file_does_not_reach_the_terminal(repo):
    repo.scene(TWO, "\x1b[31m")
    found = repo.run("diff", "HEAD")
    assert "graphs/\\x1b[31m.toml: " in found.err
    assert "\\x1b[31m  unknown" in found.out
    assert "\x1b" not in found.out + found.err


@pytest.mark.parametrize("broken", ["now", "then"])
def test_an_export_is_not_taken_for_one_of_a_scene_that_cannot_be_read(repo, broken):
    """Nobody knows what that scene delivers: one that is new there, or gone, may be another's under a new name."""
    good, bad = generate("n", "wind") + export("new", "n", path="place"), generate("n", "wind") + "kind = 1"
    other = generate("m", "wind") + export("old", "m", path="place")
    repo.scene(other, "b")
    repo.scene(bad if broken == "then" else generate("n", "wind"), "c")
    commit_all(repo.root)
    repo.scene(good, "c")
    repo.scene(generate("m", "wind") if broken == "then" else bad, "b")
    found = diff(repo)
    assert statuses(found) == (
        {"b:old": "removed", "c:new": "unknown"} if broken == "then" else {"b:old": "unknown", "c:new": "added"}
    )
    assert {event["was"] for event in found.of("change")} == {""}


def test_a_circle_in_one_scene_hides_no_other(repo):
    repo.scene(
        node("x", "trim", input="y", duration=1) + node("y", "trim", input="x", duration=1) + export("x", "x"), "b"
    )
    found = diff(repo)
    assert found.code == 2
    assert statuses(found) == {"b": "unknown"}
    assert found.of("summary")[0]["equal"] == 2


# What lies in a repository


def test_links_are_followed_and_none_leads_out(repo, tmp_path):
    (tmp_path / "secret.wav").write_bytes(noise(seed=9).to_wav())
    repo.recording("sounds/real.wav", noise(seed=1))
    (repo.root / "sounds/link.wav").symlink_to("real.wav")
    (repo.root / "more").symlink_to("sounds")
    (repo.root / "sounds/out.wav").symlink_to("../../secret.wav")
    (repo.root / "sounds/round.wav").symlink_to("round.wav")
    names = ["sounds/link.wav", "more/real.wav", "more/link.wav", "sounds/out.wav", "sounds/round.wav"]
    repo.scene("\n".join(node(f"n{i}", "file", path=f"../{name}") for i, name in enumerate(names)))
    commit_all(repo.root)
    with git_revision.at(repo.root, "HEAD") as revision:
        there = [name for name in names if (revision.folder / name).exists()]
        assert there == names[:3]
        assert {(revision.folder / name).read_bytes() for name in there} == {noise(seed=1).to_wav()}
        assert not any(path.is_symlink() for path in revision.folder.rglob("*"))


def test_only_what_scenes_name_is_read(repo):
    repo.recording("sounds/used.wav")
    repo.recording("sounds/unused.wav")
    repo.write("engine/main.cpp", "int main() {}")
    repo.write("graphs/.hidden/x.toml", "")
    repo.scene(node("n", "file", path="../sounds/used.wav") + export("n", "n"))
    commit_all(repo.root)
    with git_revision.at(repo.root, "HEAD") as revision:
        found = {path.relative_to(revision.folder).as_posix() for path in revision.folder.rglob("*") if path.is_file()}
    assert found == {"soundgraph.toml", "graphs/a.toml", "sounds/used.wav"}
    assert not revision.folder.exists()


@pytest.mark.parametrize("name", [b"..", b".git", b"a/../../x"])
def test_hostile_names_lead_nowhere(repo, tmp_path, name):
    """A tree that git would not make, but would hand out."""
    blob = git(repo.root, "hash-object", "-w", "graphs/a.toml")
    inner = _tree(repo.root, [(b"100644", b"evil.toml", blob)])
    middle = _tree(repo.root, [(b"40000", name, inner)])
    top = _tree(repo.root, [(b"40000", b"graphs", middle)])
    sha = git(repo.root, "commit-tree", "-m", "x", top)
    before = sorted(tmp_path.rglob("*"))
    with git_revision.at(repo.root, sha) as revision:
        assert [path for path in revision.folder.parent.rglob("*") if path.is_file()] == []
    assert sorted(tmp_path.rglob("*")) == before


def _tree(folder: Path, entries: list[tuple[bytes, bytes, str]]) -> str:
    data = b"".join(mode + b" " + name + b"\0" + bytes.fromhex(sha) for mode, name, sha in entries)
    words = ["git", "-C", str(folder), "hash-object", "--literally", "-t", "tree", "-w", "--stdin"]
    return subprocess.run(words, input=data, capture_output=True, check=True).stdout.decode().strip()


def test_a_pointer_of_git_lfs_stands_for_what_it_points_at(repo):
    sound = noise(seed=1).to_wav()
    oid = make_pointer(repo, sound)
    repo.scene(node("n", "file", path="../sounds/n.wav") + export("n", "n"))
    commit_all(repo.root)
    repo.write("sounds/n.wav", sound)  # as a smudge filter would
    assert statuses(diff(repo)) == {}
    repo.write("sounds/n.wav", noise(seed=2).to_wav())
    found = diff(repo)
    assert statuses(found) == {"a:n": "unknown"}
    assert "HEAD:sounds/n.wav: is in Git LFS, and its content is not on this machine" in found.err
    assert "git lfs fetch origin HEAD" in found.err
    repo.write(f".git/lfs/objects/{oid[:2]}/{oid[2:4]}/{oid}", sound)
    assert statuses(diff(repo)) == {"a:n": "changed"}


def make_pointer(space: Space, content: bytes) -> str:
    import hashlib

    oid = hashlib.sha256(content).hexdigest()
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(content)}\n"
    space.write("sounds/n.wav", text)
    return oid


def test_recordings_in_a_submodule_are_read_there(repo, tmp_path):
    library = Space(tmp_path / "library")
    library.recording("n.wav", noise(seed=1))
    repository(library.root)
    git(repo.root, "submodule", "add", "-q", str(library.root), "library")
    repo.scene(node("n", "file", path="../library/n.wav") + export("n", "n"))
    commit_all(repo.root)
    assert statuses(diff(repo)) == {}
    inner = Space(repo.root / "library")
    inner.recording("n.wav", noise(seed=2))
    commit_all(inner.root)
    assert statuses(diff(repo)) == {"a:n": "changed"}
    commit_all(repo.root)
    assert statuses(diff(repo)) == {}
    assert statuses(diff(repo, rev="HEAD~1")) == {"a:n": "changed"}


def test_scenes_in_a_submodule_are_read_there(repo, tmp_path):
    library = Space(tmp_path / "library")
    library.write("deep/b.toml", generate("n", "soft rain") + export("other", "n"))
    (library.root / "soundgraph.toml").unlink()  # there, it would be a scene
    repository(library.root)
    git(repo.root, "submodule", "add", "-q", str(library.root), "graphs/library")
    commit_all(repo.root)
    repo.replace("soft rain", "hard rain", "library/deep/b")
    found = repo.run("diff", "HEAD")
    assert found.out.startswith("library/deep/b:other  changed")
    assert found.err == ""  # a prompt is no file that a submodule lacks
    git(repo.root, "submodule", "deinit", "-q", "-f", "graphs/library")
    assert "HEAD:graphs/library: is a submodule that is not here as it was then" in diff(repo).err


def test_a_submodule_that_is_not_here_is_told(repo, tmp_path):
    library = Space(tmp_path / "library")
    library.recording("n.wav")
    repository(library.root)
    git(repo.root, "submodule", "add", "-q", str(library.root), "library")
    repo.scene(node("n", "file", path="../library/n.wav") + export("n", "n"))
    commit_all(repo.root)
    git(repo.root, "submodule", "deinit", "-q", "-f", "library")
    assert "HEAD:library/n.wav: is in a submodule that is not here as it was then\n" in diff(repo).err


def test_a_folder_that_git_ignores_and_that_was_a_file_then_is_none(repo):
    repo.write(".gitignore", "/sounds\nbuild/\ncache/\n.soundgraph*\n")
    repo.write("sounds", "")
    repo.scene(generate("x", "../sounds") + node("n", "file", path="../sounds/n.wav") + export("n", "n"))
    git(repo.root, "add", "-f", "sounds")
    commit_all(repo.root)
    git(repo.root, "rm", "-q", "sounds")
    repo.recording("sounds/n.wav")
    assert statuses(diff(repo)) == {"a:n": "unknown"}


def test_what_git_ignores_is_taken_to_be_as_it_was(repo):
    repo.write(".gitignore", "/sounds/\nbuild/\ncache/\n.soundgraph*\n")
    repo.recording("sounds/n.wav")
    repo.scene(node("n", "file", path="../sounds/n.wav") + export("n", "n"))
    commit_all(repo.root)
    found = repo.run("diff", "HEAD")
    assert found.out == "since HEAD: nothing changes, 1 export as it was\n"
    assert found.err == "1 file that git ignores: taken to have been the same then\n"


def test_what_git_refuses_to_look_at_hides_nothing_that_it_ignores(repo):
    """It says nothing of the paths that follow one behind a link."""
    repo.write(".gitignore", "/sounds/\n/link\nbuild/\ncache/\n.soundgraph*\n")
    names = ["sounds/a.wav", "link/b.wav", "sounds/c.wav"]
    for name in names[::2]:
        repo.recording(name)
    repo.recording("real/b.wav")
    (repo.root / "link").symlink_to("real")
    for name in names:
        repo.scene(node("n", "file", path=f"../{name}") + export("n", "n", path=name), name[-5])
    commit_all(repo.root)
    with git_revision.at(repo.root, "HEAD") as revision:
        assert revision.ignored == (names[0], names[2])


def test_a_prompt_is_no_path_however_long(repo):
    repo.replace("soft rain", "soft rain, " * 30)
    commit_all(repo.root)
    found = diff(repo)
    assert (found.code, statuses(found)) == (0, {})


def test_scenes_in_a_folder_that_is_a_link_are_found(repo):
    (repo.root / "graphs").rename(repo.root / "scenes")
    (repo.root / "graphs").symlink_to("scenes")
    repo.scene(generate("n") + export("other", "n"), "b")
    commit_all(repo.root)
    repo.replace("soft rain", "hard rain")
    (repo.root / "graphs/b.toml").unlink()
    assert statuses(diff(repo)) == {"a:theme": "changed", "b:other": "removed"}


def test_what_a_clone_lacks_is_not_fetched_and_told(repo, tmp_path):
    repo.recording("sounds/n.wav", noise(seed=1))
    repo.scene(node("n", "file", path="../sounds/n.wav") + export("n", "n"))
    commit_all(repo.root)
    repo.recording("sounds/n.wav", noise(seed=2))
    commit_all(repo.root)
    git(repo.root, "config", "uploadpack.allowFilter", "true")
    for name, how in (("blobless", "blob:none"), ("treeless", "tree:0")):
        git(tmp_path, "clone", "-q", f"--filter={how}", repo.root.as_uri(), name)
        clone = Space(tmp_path / name)
        before = clone.tree(".git/objects")
        found = clone.run("diff", "HEAD~1")
        assert (found.code, found.out) == (2, "")
        assert clone.tree(".git/objects") == before


def test_what_is_new_and_not_ignored_was_not_there(repo):
    repo.scene(node("n", "file", path="../sounds/n.wav") + export("n", "n"))
    commit_all(repo.root)
    repo.recording("sounds/n.wav")
    found = diff(repo)
    assert statuses(found) == {"a:n": "unknown"}
    assert '"../sounds/n.wav" does not exist' in found.err


def test_line_ends_and_links_of_a_checkout_do_not_matter(repo):
    git(repo.root, "config", "core.autocrlf", "true")
    path = repo.root / "graphs/a.toml"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert statuses(diff(repo)) == {}


# Models and pins


REAL = "\n".join([generate("rain", "soft rain", model="audio"), export("rain", "rain"), ""])


def test_a_model_that_is_not_here_is_compared_by_name_and_revision(repo):
    repo.scene(REAL)
    commit_all(repo.root)
    assert statuses(diff(repo)) == {}
    repo.write("soundgraph.toml", table("models", audio="facebook/musicgen-small"))
    found = diff(repo)
    assert reasons(found) == ['rain model: "facebook/audiogen-medium" -> "facebook/musicgen-small"']


def test_another_pin_of_a_model_is_other_weights(repo):
    repo.scene(REAL)
    lines = [f"model facebook/audiogen-medium {'1' * 40} {digit * 64}\n" for digit in "ab"]
    repo.write(LOCK_FILE, lines[0])
    commit_all(repo.root)
    assert statuses(diff(repo)) == {}
    repo.write(LOCK_FILE, lines[1])
    assert reasons(diff(repo)) == ["rain weights: aaaaaaaaaaaa -> bbbbbbbbbbbb"]
    assert Pin("1" * 40, "a" * 64)


def test_another_pin_of_a_take_is_a_change_though_nothing_else_is(repo):
    repo.build()
    repo.run("pin")
    commit_all(repo.root)
    assert statuses(diff(repo)) == {}
    pinned = lockfile.read(repo.root / LOCK_FILE).takes["a:rain"].digest
    text = (repo.root / LOCK_FILE).read_text()
    repo.write(LOCK_FILE, text.replace(pinned, "0" * 64))
    found = diff(repo)
    assert statuses(found) == {"a:theme": "changed"}
    assert reasons(found) == [f"rain pinned take: {pinned[:12]} -> {'0' * 12}"]
    repo.write(LOCK_FILE, "".join(line for line in text.splitlines(True) if pinned not in line))
    assert statuses(diff(repo)) == {}  # no pin, and the same take is what the cache has
    repo.write(LOCK_FILE, text)
    assert statuses(diff(repo)) == {}


def test_nodes_that_came_and_went_are_compared_with_no_pin_of_the_other_tree(repo):
    repo.build()
    repo.run("pin")
    commit_all(repo.root)
    text = (repo.root / LOCK_FILE).read_text()
    repo.write(LOCK_FILE, "".join(line for line in text.splitlines(True) if "a:wind" not in line))
    repo.replace("[nodes.rain]", "[nodes.storm]")
    repo.replace('"rain"', '"storm"')
    assert diff(repo).code == 0
    assert [line.split()[0] for line in reasons(diff(repo))].count("wind") == 0


@pytest.mark.parametrize(("mistakes", "more"), [(["gain_bd"], ""), (["gain_bd", "gian"], " (and 1 more)")])
def test_a_scene_that_is_broken_is_told_with_its_first_mistake_and_how_many_more(repo, mistakes, more):
    repo.scene(TWO + node("odd", "gain", input="rain", gain_db=1.0, **dict.fromkeys(mistakes, 1)))
    whys = {event["why"] for event in diff(repo).of("change")}
    assert len(whys) == 1
    (why,) = whys
    assert why.endswith(f'unknown field "gain_bd"; did you mean "gain_db"?{more}')


def test_a_recording_that_cannot_be_read_ends_it_with_the_reason(repo):
    repo.recording("door.wav")
    repo.scene(TWO + node("door", "file", path="../door.wav") + export("door", "door"))
    commit_all(repo.root)

    def fail(path):
        raise OSError(5, "Input/output error", "door.wav")

    with changed(action, "digest_file", fail):
        found = repo.run("diff", "HEAD")
    assert (found.code, found.err) == (2, "cannot read door.wav: Input/output error\n")


def test_a_check_that_is_gone_is_told_as_one_that_came(repo):
    with_check = TWO + table("[checks]", node="rain", max_duration=5)
    repo.scene(with_check)
    commit_all(repo.root)
    repo.scene(TWO)
    gone = diff(repo)
    commit_all(repo.root)
    repo.scene(with_check)
    came = diff(repo)
    for found in (gone, came):
        assert statuses(found) == {"a:theme": "same sound"}


@pytest.mark.parametrize("how", ["altered", "as it was", "not in git"])
def test_weights_that_git_holds_and_that_are_others_now_are_a_change(repo, monkeypatch, how):
    """Their identity is that of now in both trees: that they were others then, git alone knows."""
    path = repo.write("cache/weights.bin" if how == "not in git" else "weights.bin", "1")
    repo.scene(REAL)
    commit_all(repo.root)
    model = Model("own/weights", "audiocraft", "audio", 16000, 1, None, "CC0-1.0", "1" * 64, read=(path,))
    monkeypatch.setattr(model_names, "resolve", lambda *_: model)
    assert statuses(diff(repo)) == {}
    if how != "as it was":
        path.write_text("2")
    found = diff(repo)
    assert statuses(found) == ({"a:rain": "changed"} if how == "altered" else {})
    assert [line.partition(":")[0] for line in reasons(found)] == (["rain weights"] if how == "altered" else [])


def test_another_prompt_leaves_the_pin(repo):
    repo.build()
    repo.run("pin")
    commit_all(repo.root)
    digest = lockfile.read(repo.root / LOCK_FILE).takes["a:rain"].digest[:12]
    repo.replace("soft rain", "hard rain")
    told = ['rain prompt: "soft rain" -> "hard rain"', f"rain pinned take: {digest} -> left"]
    assert reasons(diff(repo)) == told


def test_weights_that_changed_are_found_in_submodules_and_behind_links_too(repo, tmp_path):
    library = Space(tmp_path / "library")
    library.write("deep/weights.bin", "1")
    repository(library.root)
    git(repo.root, "submodule", "add", "-q", str(library.root), "library")
    for name in ("models/a.bin", "models/b.bin"):
        repo.write(name, "1")
    (repo.root / "link").symlink_to("models")
    sha = commit_all(repo.root)
    repo.write("cache/ignored.bin", "1")
    names = ["library/deep/weights.bin", "link/a.bin", "link/b.bin", "models/b.bin", "cache/ignored.bin"]
    paths = [repo.root / name for name in names]
    revision = git_revision.Revision("HEAD", sha, tmp_path, repo.root)
    assert revision.altered(paths) == set()
    repo.write("models/a.bin", "2")
    assert revision.altered(paths) == {paths[1]}
    repo.write("library/deep/weights.bin", "2")
    assert revision.altered(paths) == {*paths[:2]}
    commit_all(repo.root / "library")
    commit_all(repo.root)
    assert revision.altered(paths) == {*paths[:2]}
    (repo.root / "link").unlink()
    (repo.root / "link").symlink_to("library")
    assert revision.altered(paths) == {*paths[:3]}
    assert revision.altered(paths[4:]) == revision.altered([tmp_path / "elsewhere"]) == set()


def test_weights_in_git_lfs_that_are_what_their_pointers_say_have_not_changed(repo, tmp_path):
    oid = hashlib.sha256(b"weights").hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 7\n"
    paths = [repo.write(f"models/{name}.bin", pointer) for name in "ab"]
    sha = commit_all(repo.root)
    repo.write("models/a.bin", "weights")
    repo.write("models/b.bin", "Weights")
    assert git_revision.Revision("HEAD", sha, tmp_path, repo.root).altered(paths) == {paths[1]}


# Listening


def gain_scene(gain_db: float) -> str:
    return "\n".join(
        [
            node("n", "file", path="../sounds/n.wav"),
            node("quiet", "gain", input="n", gain_db=-40.0 + gain_db),
            export("n", "quiet", bit_depth=32),
            "",
        ]
    )


def test_listening_to_a_gain_of_6_db_tells_6_lu_and_the_residual_of_the_formula(repo):
    repo.recording("sounds/n.wav", noise(2.0, 48000))
    repo.scene(gain_scene(0))
    commit_all(repo.root)
    repo.build()
    repo.scene(gain_scene(6))
    assert diff(repo, "--listen").of("change")[0]["listen"] == {"why": "not in the cache: what it sounded like now"}
    repo.build()
    (event,) = diff(repo, "--listen").of("change")
    expected = 20 * math.log10(10 ** (6 / 20) - 1)
    assert event["listen"]["residual_db"] == pytest.approx(expected, abs=2e-3)
    assert event["listen"]["loudness_lu"] == pytest.approx(6, abs=2e-3)
    assert event["listen"]["true_peak_db"] == pytest.approx(6, abs=2e-3)
    assert event["listen"]["duration_s"] == 0
    assert event["listen"]["identical"] is False
    told = repo.run("diff", "HEAD", "--listen").out
    assert f"  residual {expected:.1f} dB, loudness +6.0 LU, true peak +6.0 dB, length +0.00 s\n" in told


def test_listening_compares_what_is_delivered(repo):
    repo.recording("sounds/n.wav", noise(2.0, 48000))
    brought = "bit_depth = 32\nloudness_lufs = -23"
    repo.scene(gain_scene(0).replace("bit_depth = 32", brought))
    commit_all(repo.root)
    repo.build()
    repo.scene(gain_scene(6).replace("bit_depth = 32", brought))
    repo.build()
    (event,) = diff(repo, "--listen").of("change")
    assert event["listen"]["loudness_lu"] == pytest.approx(0, abs=2e-3)
    assert event["listen"]["residual_db"] < -60


def test_the_residual_of_equal_sounds_is_none_at_all_and_of_silence_unknown():
    sound = noise(0.1, 48000, 2)
    silence = make(np.zeros((2, 4800)), 48000)
    assert residual.residual_db(sound, sound) == -math.inf
    assert residual.residual_db(silence, sound) is None
    assert residual.residual_db(sound, silence) == pytest.approx(0, abs=1e-6)
    assert residual.residual_db(silence, make(np.zeros((1, 10)), 8000)) == -math.inf


def test_the_residual_of_what_was_cut_off_is_the_level_of_that():
    whole = noise(0.2, 48000)
    half = make(whole.samples[:, : whole.n_samples // 2], 48000)
    end = whole.samples[:, whole.n_samples // 2 :].astype(float)
    expected = 10 * math.log10((end**2).sum() / (whole.samples.astype(float) ** 2).sum())
    assert residual.residual_db(whole, half) == pytest.approx(expected, abs=1e-6)


# Building


def test_since_builds_what_is_listed_and_leaves_the_rest_out(repo):
    repo.replace("soft rain", "hard rain")
    found = repo.build("--since", "HEAD")
    assert (found.code, found.ran) == (0, ["a:cut", "a:dark", "a:rain"])
    assert found.remarks == ["since HEAD: 1 export left out, 1 to look at"]
    assert list(found.exports) == ["build/theme.wav"]
    assert not repo.exists("build/wind.wav")


def test_since_leaves_the_tree_as_a_full_build_does(repo):
    repo.build()
    repo.scene(TWO.replace("soft rain", "hard rain").replace("exports.theme", "exports.tune"))
    repo.build("--since", "HEAD")
    partly = repo.delivered()
    assert "build/theme.wav" not in partly
    repo.build()
    assert repo.delivered() == partly


def test_with_nothing_to_look_at_since_builds_nothing(repo):
    found = repo.run("build", "--since", "HEAD")
    assert (found.code, found.out.splitlines()) == (
        0,
        ["since HEAD  note  2 exports left out, 0 to look at", "nothing to do"],
    )
    assert repo.build("--since", "HEAD", "--draft").ran == []


def test_what_was_left_out_is_not_taken_to_be_built(repo):
    repo.replace("soft rain", "hard rain")
    repo.age()
    repo.build("--since", "HEAD")
    repo.build("--since", "HEAD")
    assert not repo.is_noop()
    assert sorted(repo.build().exports) == ["build/theme.wav", "build/wind.wav"]


def test_after_a_full_build_since_has_nothing_to_do(repo):
    repo.replace("soft rain", "hard rain")
    repo.settle()
    assert repo.is_noop("--since", "HEAD")


@pytest.mark.parametrize("rev", ["nothing", "HEAD~9", "", "HEAD^{tree}"])
def test_a_slip_in_a_revision_is_told_where_there_is_nothing_to_do(repo, rev):
    repo.settle()
    assert repo.run("build", "--since", rev, "--json").code == 2
    for arguments in ((), ("a",)):
        found = repo.run("build", "--since", rev, *arguments)
        assert (found.code, found.out) == (2, "")
        assert found.err.startswith(f'"{rev}" is no revision of this repository\n')
    (repo.root / ".git").rename(repo.root / "none")
    assert "not a git repository" in repo.run("build", "--since", "HEAD").err


def test_a_manifest_that_is_written_has_all_its_exports_looked_at(repo):
    repo.scene(TWO + table("manifests.all", engine="json"))
    commit_all(repo.root)
    repo.replace("soft rain", "hard rain")
    found = repo.build("--since", "HEAD")
    assert sorted(found.exports) == ["build/all.json", "build/theme.wav", "build/wind.wav"]


def test_a_manifest_that_is_left_out_stays(repo):
    repo.scene(TWO + table("manifests.w", engine="json", exports=["wind"]))
    commit_all(repo.root)
    repo.build()
    repo.replace("soft rain", "hard rain")
    assert repo.build("--since", "HEAD").code == 0
    assert repo.exists("build/w.json")


def test_since_runs_the_checks_of_nodes_that_changed_and_no_others(repo):
    repo.scene(TWO + generate("alone", "x") + table("[checks]", node="alone", max_duration=5))
    commit_all(repo.root)
    repo.replace("soft rain", "hard rain")
    assert "a:alone" not in repo.build("--since", "HEAD").ran
    repo.replace('prompt = "x"', 'prompt = "y"')
    assert "a:alone" in repo.build("--since", "HEAD").ran


def test_a_depfile_names_what_was_left_out_too(repo):
    repo.build("--depfile", "all.d")
    before = repo.read("all.d")
    repo.replace("soft rain", "hard rain")
    found = repo.build("--since", "HEAD", "--depfile", "all.d")
    assert list(found.exports) == ["build/theme.wav"]
    assert repo.read("all.d") == before


def test_an_override_makes_a_change(repo):
    found = repo.build("--since", "HEAD", "-D", "nodes.wind.prompt=gale")
    assert found.ran == ["a:wind"]


def test_a_scene_that_was_broken_then_is_built_now(repo):
    repo.replace('kind = "eq"', 'kind = "qe"')
    commit_all(repo.root)
    repo.replace('kind = "qe"', 'kind = "eq"')
    assert len(repo.build("--since", "HEAD").exports) == 2


def test_the_tree_of_a_revision_is_let_go_of_when_reading_it_fails(repo, monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = set(tmp_path.iterdir())
    with pytest.raises(UsageError), git_revision.at(repo.root, "HEAD"):
        select(str(repo.root), ["nowhere"])
    assert set(tmp_path.iterdir()) == before


def events_are_json(found: Result) -> list[Any]:
    return [json.loads(line) for line in found.out.splitlines()]


def test_every_line_of_json_is_json(repo):
    repo.replace("soft rain", "hard rain")
    assert [event["event"] for event in events_are_json(diff(repo, "--listen"))] == ["change", "summary"]
