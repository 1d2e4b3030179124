"""Git repositories for tests: made without the settings of whoever runs them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest


def without_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """git knows no settings of whoever runs the tests, and no repository that surrounds the temporary folder."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


_SETTINGS = {"user.name": "a", "user.email": "a@example.org", "protocol.file.allow": "always"}


def git(folder: Path, *arguments: str) -> str:
    """Runs git in a folder; returns what it prints."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
    done = subprocess.run(
        ["git", *settings, "-C", str(folder), *arguments],
        env={**plain, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def repository(folder: Path) -> str:
    """Makes a repository of all that is in a folder; returns its commit."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q")
    return commit_all(folder)


def commit_all(folder: Path) -> str:
    """Commits all that is in a folder; returns the commit."""
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", "x")
    return git(folder, "rev-parse", "HEAD")
