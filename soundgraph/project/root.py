"""The project's root: found without reading a file, and without importing more than `os`."""

from __future__ import annotations

import os

PROJECT_FILE = "soundgraph.toml"
GRAPHS = "graphs"


def find_root(start: str) -> str:
    """The folder that paths in messages, the cache and the output are relative to, absolute, links left as they are.

    start: a scene, or a folder; it need not exist.

    The nearest folder upwards that holds a `soundgraph.toml`; else the nearest that holds a `.git` (a folder, or the
    file that a worktree has); else the parent of the nearest folder called `graphs`; else the folder of `start`.
    """
    start = os.path.abspath(start)
    here = start if os.path.isdir(start) else os.path.dirname(start)
    folders = [here]
    while (parent := os.path.dirname(folders[-1])) != folders[-1]:
        folders.append(parent)
    for folder in folders:
        if os.path.isfile(os.path.join(folder, PROJECT_FILE)):
            return folder
    for folder in folders:
        if os.path.exists(os.path.join(folder, ".git")):
            return folder
    for folder in folders:
        if os.path.basename(folder) == GRAPHS:
            return os.path.dirname(folder)
    return here
