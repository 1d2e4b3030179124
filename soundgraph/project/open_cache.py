"""The cache that a project names: the one place where its form is chosen."""

from __future__ import annotations

from functools import lru_cache

from soundgraph import backends
from soundgraph.cache.disk.store import DiskStore
from soundgraph.cache.store import Draft, Store
from soundgraph.cache.unkept import UnkeptStore
from soundgraph.project.config import Project


def open_store(project: Project, *, keeps: bool = True) -> Store:
    """What a build needs of the cache. keeps: whether what is made goes into it. Nothing is read or written yet."""
    disk = open_folder(project)
    return disk if keeps else UnkeptStore(disk, lambda folder: DiskStore(folder, _draft()))


def open_folder(project: Project) -> DiskStore:
    """The folder in which this machine keeps results, for what looks after it."""
    return DiskStore(project.cache_dir, _draft())


def _draft() -> Draft:
    """Says of a backend whether it makes drafts. A collection asks that for each of 190,000 records."""
    return lru_cache(maxsize=256)(backends.is_draft)
