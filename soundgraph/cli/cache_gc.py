"""`soundgraph cache gc` and `stats`."""

from __future__ import annotations

import argparse
import contextlib
import json
import shlex
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from soundgraph.cache import garbage_collection, gc_choice, size
from soundgraph.cache.disk import registered_projects
from soundgraph.cache.disk.registered_projects import Known
from soundgraph.cache.disk.store import DiskStore
from soundgraph.cache.garbage_collection import Removed
from soundgraph.cache.gc_choice import Choice, Limits, Reach
from soundgraph.cli import shared_arguments
from soundgraph.cli.terminal import bar
from soundgraph.core.errors import EXIT_OK, SoundgraphError, StoreError, UsageError
from soundgraph.core.path_names import real
from soundgraph.core.text import counted, one_line
from soundgraph.core.units import size_words
from soundgraph.project.config import Project
from soundgraph.session import gc_roots


def collect(store: DiskStore, project: Project, options: argparse.Namespace) -> int:
    """Raises SceneError or UsageError where it cannot be told what is needed: then nothing is removed."""
    limits = _limits(project, options)
    forgotten = _forgotten(project, options.forget)
    _check(store, options)
    others = gc_roots.neighbours(project, forgotten)
    away = (*others.gone, *others.replaced)
    if limits.takes and away:  # a moved project, or a disk that is not mounted: its takes cannot be made again
        listed = " ".join(
            f"--forget {shlex.quote(root)}" for root in dict.fromkeys(str(neighbour.root) for neighbour in away)
        )
        what = "cannot tell which takes are needed by projects that are not where they were"
        raise UsageError(what, f"if they are no more: {listed}; if one moved, build it once where it is now")
    garbage_collection.fill_index(store)
    reach = gc_roots.reach_of_all(project, others)
    shared_arguments.release_collector()
    survey = garbage_collection.survey(store, reach, alone=options.no_builds_running)
    choice = gc_choice.choose(survey, reach, limits)
    left_out = list(dict.fromkeys(str(neighbour.root) for neighbour in (*others.gone, *others.left)))
    stays = list(dict.fromkeys(str(neighbour.root) for neighbour in others.replaced))
    if options.dry_run:
        removed, left = _forecast(choice), choice.left_bytes
    else:
        for neighbour in (*forgotten, *others.gone, *others.left):
            registered_projects.forget(store.places, neighbour)
        with bar.shown("removing", options.json) as report:
            removed = garbage_collection.remove(store, survey, choice, report)
        left = survey.n_bytes - removed.bytes
        if store.is_there:
            with contextlib.suppress(StoreError):  # the disk may be full still
                size.note(store, left, time.time())
    if options.json:
        facts = {"left": left, "dry_run": options.dry_run, "left_out": left_out, "replaced": stays}
        print(json.dumps({**asdict(removed), **facts}))
        return EXIT_OK
    for name in left_out:
        print(f"{name} does not build into this cache any more, and is left out")
    for name in stays:
        way_out = f"--forget {shlex.quote(name)} leaves it out"
        print(f"{name}: what another project reached that built there before stays ({way_out})")
    if options.dry_run:
        for line in _listed(store, choice):
            print(line)
    print(_summary(removed, left, dry_run=options.dry_run))
    if limits.max_bytes is not None and left > limits.max_bytes:
        takes = "" if limits.takes else ", or is a generated take (--takes removes these, too)"
        print(f"that is more than {size_words(limits.max_bytes)}: what stays is reached, pinned or in use{takes}")
    return EXIT_OK


def _limits(project: Project, options: argparse.Namespace) -> Limits:
    max_bytes, before = options.max_size, None
    if options.older_than is not None:
        before = time.time() - options.older_than
    elif max_bytes is None:
        max_bytes = project.max_cache_bytes
    if max_bytes is None and before is None:
        raise UsageError(
            "nothing says what may go",
            'give --older-than "30 days" or --max-size "20 GB", or set max_size in [cache] of soundgraph.toml',
        )
    return Limits(max_bytes, before, options.takes)


def _forgotten(project: Project, names: Iterable[str]) -> list[Known]:
    """The projects that --forget names, by their folders or identities. Raises UsageError for one that is not known."""
    known = gc_roots.registered(project)
    forgotten: list[Known] = []
    for name in names:
        root = Path(name).absolute()
        some = [neighbour for neighbour in known if neighbour.id == name or real(root) == real(neighbour.root)]
        if not some:
            listed = "".join(f"\n  {path}" for path in dict.fromkeys(neighbour.root for neighbour in known))
            raise UsageError(f"no project {root} has this cache{'; these have' if listed else ''}{listed}")
        forgotten += [neighbour for neighbour in some if not gc_roots.is_own(project, neighbour)]
    return forgotten


def _check(store: DiskStore, options: argparse.Namespace) -> None:
    """Raises StoreError for a cache that cannot be written, UsageError where nobody can tell what goes on in it."""
    if options.dry_run and not store.may_change:
        return
    store.need_rights()
    if not store.coordination.has_locks and not options.no_builds_running:
        what = f"nobody can tell whether a build is running: {store.folder} has no working locks"
        raise UsageError(what, "if none is, say --no-builds-running")


def _forecast(choice: Choice) -> Removed:
    takes, drafts = sum(entry.take for entry in choice.entries), sum(entry.draft for entry in choice.entries)
    return Removed(takes, drafts, len(choice.entries) - takes - drafts, choice.sounds, choice.n_bytes)


def _listed(store: DiskStore, choice: Choice) -> Iterator[str]:
    """A line for each record that would go, the least wanted first."""
    for entry in choice.entries:
        key, digest = entry.key.hex(), entry.digest.hex()
        record = store.records.kept(key, digest)
        node = one_line(str(record.made.get("node", ""))) if record is not None else ""
        sort = "take" if entry.take else "draft" if entry.draft else "processed"
        day = datetime.fromtimestamp(entry.used).strftime("%Y-%m-%d")
        yield f"{node or key[:12]}  {sort} {digest[:12]}  last used {day}"


def _summary(removed: Removed, left: int, *, dry_run: bool) -> str:
    counts = [(removed.takes, "take"), (removed.drafts, "draft"), (removed.processed, "processed result")]
    told = [counted(count, thing) for count, thing in counts if count]
    if removed.sounds and not told:
        told = [counted(removed.sounds, "sound")]
    if not told:
        return f"nothing to remove; {size_words(left)} are there"
    said, stays = ("would remove", "would stay") if dry_run else ("removed", "stay")
    return f"{said} {', '.join(told)}: {size_words(removed.bytes)}; {size_words(left)} {stays}"


# Stats


def stats(store: DiskStore, project: Project, options: argparse.Namespace) -> int:
    """What is reached is left out where scenes have mistakes: nobody can tell it then."""
    trouble, roots = "", list[str]()
    try:
        roots = list(dict.fromkeys(str(neighbour.root) for neighbour in gc_roots.registered(project)))
        reach = gc_roots.reach_of_all(project, gc_roots.neighbours(project))
    except SoundgraphError as error:
        reach, trouble = Reach(takes={(take.key, take.digest) for take in project.takes.values()}), str(error)
    survey = garbage_collection.survey(store, reach)
    reached = [entry for entry in survey.entries if entry.reached]
    pinned = [entry for entry in survey.entries if entry.pinned]
    current = [entry for entry in survey.entries if not entry.earlier]
    takes, drafts = sum(entry.take for entry in current), sum(entry.draft for entry in current)
    facts = {
        "folder": str(store.folder),
        "artifacts": len(survey.blobs),
        "bytes": sum(blob.n_bytes for blob in survey.blobs.values()),
        "records": len(current),
        "takes": takes,
        "drafts": drafts,
        "processed": len(current) - takes - drafts,
        "earlier_takes": len(survey.entries) - len(current),
        "set_aside": sum(1 for _ in (store.folder / "set-aside").glob("*.wav")),
        "size": survey.n_bytes,
        "max_size": project.max_cache_bytes,
        "reachable": None if trouble else {"records": len(reached), "bytes": survey.n_bytes_of(reached)},
        "pinned": {"takes": len(pinned), "of": len(reach.takes), "bytes": survey.n_bytes_of(pinned)},
        "projects": roots,
    }
    if store.is_there:
        with contextlib.suppress(StoreError):  # a cache to read from only
            size.note(store, survey.n_bytes, time.time())
    if options.json:
        print(json.dumps(facts, ensure_ascii=False))
        return EXIT_OK
    for line in _lines(facts, trouble):
        print(line)
    return EXIT_OK


def _lines(facts: dict[str, Any], trouble: str) -> Iterator[str]:
    yield f"{facts['folder']}: {counted(facts['artifacts'], 'artifact')}, {size_words(facts['bytes'])}"
    kinds = [
        counted(facts["takes"], "generated take"),
        counted(facts["drafts"], "draft"),
        counted(facts["processed"], "processed result"),
    ]
    yield f"{counted(facts['records'], 'record')}: {', '.join(kinds)}"
    if facts["earlier_takes"]:
        yield f"{counted(facts['earlier_takes'], 'take')} that others have replaced"
    if facts["reachable"] is None:
        yield f"what scenes reach cannot be told: {trouble.splitlines()[0]}"
    else:
        reachable = facts["reachable"]
        yield f"scenes reach {counted(reachable['records'], 'record')}, {size_words(reachable['bytes'])}"
    if facts["pinned"]["of"]:
        here = f"{facts['pinned']['takes']:,} of {counted(facts['pinned']['of'], 'pinned take')}"
        yield f"{here} here, {size_words(facts['pinned']['bytes'])}"
    if facts["max_size"] is not None:
        full = f"{100 * facts['size'] / facts['max_size']:.0f}%"
        yield f"{size_words(facts['size'])} of {size_words(facts['max_size'])} with records: {full} full"
    if len(facts["projects"]) > 1:
        yield f"{counted(len(facts['projects']), 'project')} build into it: {', '.join(facts['projects'])}"
    if facts["set_aside"]:
        yield f"{counted(facts['set_aside'], 'damaged artifact')} set aside"
