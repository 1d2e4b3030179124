"""`soundgraph cache export` and `import`: takes from one machine to another."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from soundgraph.cache import archive
from soundgraph.cache.archive import Item
from soundgraph.cache.disk.store import DiskStore
from soundgraph.cache.result_record import Record
from soundgraph.cli import shared_arguments
from soundgraph.cli.terminal import bar
from soundgraph.core.errors import EXIT_OK, UsageError
from soundgraph.core.text import counted
from soundgraph.core.units import size_words
from soundgraph.planning import scene_graph
from soundgraph.planning.planner import Plan
from soundgraph.session.session import Session


def export(store: DiskStore, options: argparse.Namespace) -> int:
    path = Path(options.names[0])
    _refuse_other(path)
    options.targets, options.define = options.names[1:], []
    session = shared_arguments.open_session(options)
    shared_arguments.release_collector()
    with store.coordination.running():
        try:
            with store.coordination.gate():
                plan = session.plan()
                items = {item.name: item for item in _items(store, session, plan, options)}
                store.coordination.use([item.record.key for item in items.values()])
        finally:
            session.store.close()
        missing = [name for name in _generated(plan) if not _is_here(store, plan.decisions[name].record)]
        if not items:
            raise UsageError("there is nothing to export: the cache holds no takes of these scenes", _hint(options))
        try:
            with bar.shown(f"writing {path.name}", options.json) as report:
                written = archive.export(store, list(items.values()), path, report)
        except OSError as error:  # which names a temporary file, if any
            raise UsageError(f"cannot write {path}: {error.strerror}") from error
    if options.json:
        print(json.dumps({"file": str(path), **asdict(written), "missing": missing}, ensure_ascii=False))
        return EXIT_OK
    counts = [(written.takes, "take"), (written.drafts, "draft"), (written.processed, "processed result")]
    told = ", ".join(counted(count, thing) for count, thing in counts if count)
    print(f"wrote {path}: {told}; {size_words(written.bytes)}")
    if missing:
        print(f"not in the cache, and so left out: {', '.join(missing)}")
    return EXIT_OK


def _items(store: DiskStore, session: Session, plan: Plan, options: argparse.Namespace) -> Iterator[Item]:
    """What the scenes reach, and takes that are pinned for them, though they may reach others now."""
    names = plan.decisions if options.all else _generated(plan)
    records = [record for name in names if _is_here(store, record := plan.decisions[name].record)]
    if not options.draft:
        whole = {asked.id for asked in session.asked if not asked.items}
        pinned = list(session.project.takes.values())
        if options.targets:
            pinned = [take for take in pinned if take.node in plan.decisions or take.node.rpartition(":")[0] in whole]
        records += [record for take in pinned if _is_here(store, record := store.records.kept(take.key, take.digest))]
    current = store.records.lookup(list({record.key for record in records if record is not None}))
    for record in records:
        if record is not None:
            yield Item(record, earlier=record.key not in current or current[record.key].digest != record.digest)


def _generated(plan: Plan) -> list[str]:
    return [name for name in plan.decisions if scene_graph.node_of(plan.graph, name).model is not None]


def _is_here(store: DiskStore, record: Record | None) -> bool:
    return record is not None and store.blobs.has(record.digest)


def _hint(options: argparse.Namespace) -> str:
    return "build them first" if options.draft or options.all else "build them first; --draft exports stand-ins"


def _refuse_other(path: Path) -> None:
    """Raises UsageError for a file that is there and is no archive: somebody forgot to name the file."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder", "name a file, such as takes.tar")
    if path.exists() and not (path.is_file() and archive.is_one(path)):  # a pipe would be waited for
        raise UsageError(
            f"{path} is there, and is no archive: it is left alone", "name another file, such as takes.tar"
        )


def take_in(store: DiskStore, options: argparse.Namespace) -> int:
    path = Path(options.names[0])
    try:
        with bar.shown(f"reading {path.name}", options.json) as report:
            taken = archive.take_in(store, path, report)
    except OSError as error:
        if error.filename != str(path):
            raise
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    if options.json:
        print(json.dumps({"file": str(path), **asdict(taken)}, ensure_ascii=False))
        return EXIT_OK
    new = f"{taken.new_records:,} of them new" if taken.new_records else "all of them here already"
    print(f"{path}: {counted(taken.records, 'result')}, {new}")
    return EXIT_OK
