"""Git repositories made by an adversary: whatever git would start because of what lies in them, leaves a mark."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.repositories import git

ATTRIBUTES = "* filter=x diff=x merge=x\n"

_HOOKS = (
    "applypatch-msg", "commit-msg", "fsmonitor-watchman", "p4-changelist", "post-applypatch", "post-checkout",
    "post-commit", "post-index-change", "post-merge", "post-receive", "post-rewrite", "post-update",
    "pre-applypatch", "pre-auto-gc", "pre-commit", "pre-push", "pre-rebase", "pre-receive",
    "prepare-commit-msg", "proc-receive", "push-to-checkout", "reference-transaction", "sendemail-validate",
    "update",
)  # fmt: skip
_VERBS = (
    "branch", "cat-file", "check-ignore", "config", "diff", "log", "ls-files", "ls-tree", "rev-parse", "show",
    "status", "version",
)  # fmt: skip


class Adversary:
    """Knows a folder for marks. A trap writes its name there, and goes on as the program would that it stands for."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.marks = folder / "marks"
        self.marks.mkdir(parents=True)

    @property
    def sprung(self) -> list[str]:
        return sorted(path.name for path in self.marks.iterdir())

    def reset(self) -> None:
        for path in self.marks.iterdir():
            path.unlink()

    def script(self, name: str, then: str = "cat") -> str:
        """The path of a program that leaves a mark."""
        place = self.folder / "traps" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f'#!/bin/sh\ntouch "{self.marks}/{name}"\n{then}\n')
        place.chmod(0o755)
        return str(place)

    def settings(self) -> str:
        """A file of settings in which all that can name a program does."""
        command = self.script
        verbs = "".join(f"\t{verb} = {command('pager-' + verb)}\n" for verb in _VERBS)
        aliases = "".join(f'\t{verb} = "!{command("alias-" + verb)}"\n' for verb in _VERBS)
        self.hooks(self.folder / "hooks", "configured-")
        included = self.folder / "included"
        included.write_text(f"[core]\n\tfsmonitor = {command('included-fsmonitor', 'false')}\n")
        return f"""
[core]
    fsmonitor = {command("fsmonitor", "false")}
    hooksPath = {self.folder / "hooks"}
    pager = {command("pager")}
    editor = {command("editor")}
    askPass = {command("askpass")}
    sshCommand = {command("ssh", "false")}
    gitProxy = {command("proxy", "false")}
    alternateRefsCommand = {command("alternate-refs")}
[pager]
{verbs}
[alias]
{aliases}
[filter "x"]
    clean = {command("clean")}
    smudge = {command("smudge")}
    process = {command("process", "false")}
[diff]
    external = {command("diff-external", "true")}
    ignoreSubmodules = none
[diff "x"]
    textconv = {command("textconv", 'cat "$1"')}
    command = {command("diff-command", "true")}
[merge "x"]
    driver = {command("merge-driver")}
[interactive]
    diffFilter = {command("diff-filter")}
[gpg]
    program = {command("gpg", "false")}
[log]
    showSignature = true
[credential]
    helper = "!{command("credential", "false")}"
[uploadpack]
    packObjectsHook = {command("pack-objects", "false")}
[protocol]
    allow = always
[protocol "ext"]
    allow = always
[extensions]
    partialClone = origin
[remote "origin"]
    url = {self.folder}
    fetch = +refs/heads/*:refs/remotes/origin/*
    uploadpack = {command("uploadpack", "false")}
    promisor = true
    partialclonefilter = blob:none
[remote "other"]
    url = "ext::{command("ext", "false")} %S"
    promisor = true
[remote "ssh"]
    url = ssh://example.invalid/x
    promisor = true
[submodule "module"]
    update = "!{command("submodule-update")}"
[status]
    submoduleSummary = true
[include]
    path = {included}
"""

    def hooks(self, folder: Path, prefix: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name in _HOOKS:
            shutil.copyfile(self.script(f"{prefix}hook-{name}", "true"), folder / name)
            (folder / name).chmod(0o755)

    def arm(self, own: Path) -> None:
        """Sets all traps in a folder of git."""
        config = own / "config"
        if not (own / "commondir").exists():  # a worktree has no settings of its own
            # Formats above 0 refuse settings that they do not know; partialClone is one they know.
            text = config.read_text().replace("repositoryformatversion = 0", "repositoryformatversion = 1")
            config.write_text(text + self.settings())
        self.hooks(own / "hooks")
        (own / "info").mkdir(exist_ok=True)
        (own / "info" / "attributes").write_text(ATTRIBUTES)


def forget_times(folder: Path) -> None:
    """Makes git compare the content of each file: their times are others than those it has noted."""
    for path in folder.rglob("*"):
        if ".git" not in path.relative_to(folder).parts and path.is_file() and not path.is_symlink():
            os.utime(path, ns=(10**18, 10**18))


def lose(own: Path, sha: str) -> None:
    """Takes an object out of a repository, as a partial clone lacks it."""
    (own / "objects" / sha[:2] / sha[2:]).unlink()


def lay_bare(folder: Path) -> None:
    """Makes a folder a bare repository beside what lies in it, as a plain clone can hold one."""
    inner = folder.parent / "inner"
    shutil.copytree(folder, inner)
    git(inner, "init", "-q")
    git(inner, "add", "-A")
    git(inner, "commit", "-q", "-m", "x")
    for name in ("HEAD", "index", "config"):
        shutil.copyfile(inner / ".git" / name, folder / name)
    for name in ("objects", "refs"):
        shutil.copytree(inner / ".git" / name, folder / name)
    for name in ("objects", "refs"):
        (folder / name / "kept").write_text("")
    config = (folder / "config").read_text()
    (folder / "config").write_text(f"{config}\tworktree = .\n")
    shutil.rmtree(inner)
