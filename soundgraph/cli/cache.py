"""Look after the cache.

stats: what is in it. verify: read everything and set aside what is damaged (exit 1 if anything was).
clear: remove everything; generated takes cost time to make again, so it asks for --yes.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from soundgraph.cli import common

if TYPE_CHECKING:
    from soundgraph.store import DiskStore


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("stats", "verify", "clear"))
    parser.add_argument("--yes", action="store_true", help="clear without asking")
    common.add_json_argument(parser)


def run(options: argparse.Namespace) -> int:
    from pathlib import Path

    from soundgraph import targets
    from soundgraph.project import load_project
    from soundgraph.store import DiskStore

    store = DiskStore(load_project(Path(targets.project_root([]))).cache_dir)
    try:
        return {"stats": _stats, "verify": _verify, "clear": _clear}[options.action](store, options)
    finally:
        store.close()


def _stats(store: DiskStore, options: argparse.Namespace) -> int:
    found = store.stats()
    if options.json:
        print(json.dumps(found))
        return 0
    print(f"{found['folder']}: {common.n(found['artifacts'], 'artifact')}, {found['bytes'] / 1e6:,.1f} MB")
    kinds = f"{common.n(found['takes'], 'generated take')} and {common.n(found['drafts'], 'draft')}"
    print(f"{common.n(found['records'], 'record')}, of which {kinds}")
    if found["set_aside"]:
        print(f"{common.n(found['set_aside'], 'damaged artifact')} set aside")
    return 0


def _verify(store: DiskStore, options: argparse.Namespace) -> int:
    from soundgraph.errors import EXIT_NODE_FAILED, EXIT_OK

    found = store.verify()
    if options.json:
        print(json.dumps(found))
    else:
        words = {
            "damaged": "was damaged and is set aside; a build that needs it makes it again",
            "missing": "is missing; a build that needs it makes it again",
            "bad_records": "is no whole record and is set aside",
            "unfiled": "had no record's file beside the index, and has one now",
            "unindexed": "was not in the index, and is now",
            "leftovers": "was left half written by a process that was killed, and is removed",
        }
        for fault, names in found.items():
            for name in names:
                print(f"{name}: {words[fault]}")
        faults = sum(map(len, found.values()))
        print(f"{common.n(faults, 'fault')} found" if faults else "everything is as it was written")
    return EXIT_NODE_FAILED if any(found.values()) else EXIT_OK


def _clear(store: DiskStore, options: argparse.Namespace) -> int:
    from soundgraph.errors import UsageError

    if not options.yes:
        found = store.stats()
        takes = f" with {common.n(found['takes'], 'generated take')}" if found["takes"] else ""
        raise UsageError(
            f"this would remove {common.n(found['artifacts'], 'artifact')}{takes} from {found['folder']}",
            "soundgraph cache clear --yes does",
        )
    count = store.clear()
    print(json.dumps({"removed": count}) if options.json else f"removed {common.n(count, 'file')}")
    return 0
