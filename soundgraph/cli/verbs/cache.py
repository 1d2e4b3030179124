"""Look after the cache.

stats: what is in it, and how much of that scenes reach. gc: remove what was used least recently, of what nothing needs;
takes only with --takes. verify: read everything and say what is damaged (exit 1 if anything is); --repair mends it.
export FILE [TARGET ...]: put the takes that scenes reach into one file. import FILE: take them out of it.
clear: remove everything; generated takes cost time to make again, so it asks for --yes.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from soundgraph.cli import shared_arguments
from soundgraph.core.text import counted

if TYPE_CHECKING:
    from soundgraph.cache.disk.store import DiskStore

_FLAGS = {
    "yes": ("clear",),
    "repair": ("verify",),
    "max_size": ("gc",),
    "older_than": ("gc",),
    "takes": ("gc",),
    "dry_run": ("gc",),
    "forget": ("gc",),
    "no_builds_running": ("gc",),
    "all": ("export",),
    "draft": ("export",),
}
"""Which options are whose."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("stats", "gc", "verify", "export", "import", "clear"))
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="the file of export and import; then targets of export"
    )
    parser.add_argument("--yes", action="store_true", help="clear without asking")
    parser.add_argument(
        "--repair", action="store_true", help="set aside and mend what verify finds; without it, nothing is changed"
    )
    gc = parser.add_argument_group("gc")
    gc.add_argument(
        "--max-size", type=shared_arguments.size, metavar="SIZE", help='make the cache as small as that: "20 GB"'
    )
    gc.add_argument(
        "--older-than",
        type=shared_arguments.age,
        metavar="AGE",
        help='remove what was not used for that long: "30 days"',
    )
    gc.add_argument("--takes", action="store_true", help="remove generated takes, too, if nothing reaches or pins them")
    gc.add_argument("--dry-run", action="store_true", help="say what would be removed, and remove nothing")
    gc.add_argument(
        "--forget",
        action="append",
        default=[],
        metavar="PROJECT",
        help="leave out what another project that has the same cache needs of it; may be given several times",
    )
    gc.add_argument(
        "--no-builds-running",
        action="store_true",
        help="no build is running now: needed where the cache's filesystem has no locks to tell that by",
    )
    export = parser.add_argument_group("export")
    export.add_argument("--all", action="store_true", help="processed results, too")
    export.add_argument("--draft", action="store_true", help="what build --draft makes, in place of takes")
    shared_arguments.add_json_argument(parser)


def run(options: argparse.Namespace) -> int:
    from pathlib import Path

    from soundgraph.cli import cache_gc, cache_transfer
    from soundgraph.project import open_cache, targets
    from soundgraph.project.config import load_project

    _check(options)
    project = load_project(Path(targets.project_root(options.names[1:])))
    store = open_cache.open_folder(project)
    try:
        match options.action:
            case "stats":
                return cache_gc.stats(store, project, options)
            case "gc":
                return cache_gc.collect(store, project, options)
            case "export":
                return cache_transfer.export(store, options)
            case "import":
                return cache_transfer.take_in(store, options)
            case "verify":
                return _verify(store, options)
            case _:
                return _clear(store, options)
    finally:
        store.close()


def _check(options: argparse.Namespace) -> None:
    """Raises UsageError for options that another action has, and for a file that is missing or too many."""
    from soundgraph.core.errors import UsageError

    for name, actions in _FLAGS.items():
        if getattr(options, name) not in (None, False, []) and options.action not in actions:
            raise UsageError(f"--{name.replace('_', '-')} belongs to soundgraph cache {actions[0]}")
    if options.action in ("export", "import") and not options.names:
        raise UsageError(f"soundgraph cache {options.action} wants the name of a file")
    if len(options.names) > {"export": len(options.names), "import": 1}.get(options.action, 0):
        raise UsageError(f'soundgraph cache {options.action} has no use for "{options.names[-1]}"')


def _verify(store: DiskStore, options: argparse.Namespace) -> int:
    from soundgraph.cache import fsck
    from soundgraph.cli.terminal import bar
    from soundgraph.core.errors import EXIT_NODE_FAILED, EXIT_OK

    with bar.shown("reading", options.json) as report:
        faults_by_sort = fsck.verify(store, repair=options.repair, report=report)
    if options.json:
        print(json.dumps(faults_by_sort))
    else:
        for sort, names in faults_by_sort.items():
            what, mended = fsck.FAULTS[sort]
            for name in names:
                print(f"{name}: {what}; {mended}" if options.repair else f"{name}: {what}")
        faults = sum(map(len, faults_by_sort.values()))
        print(f"{counted(faults, 'fault')} found" if faults else "everything is as it was written")
        if faults and not options.repair:
            print("soundgraph cache verify --repair mends what can be mended")
    return EXIT_NODE_FAILED if any(faults_by_sort.values()) else EXIT_OK


def _clear(store: DiskStore, options: argparse.Namespace) -> int:
    from soundgraph.core.errors import UsageError

    if not options.yes:
        contents = store.stats()
        takes = f" with {counted(contents['takes'], 'generated take')}" if contents["takes"] else ""
        raise UsageError(
            f"this would remove {counted(contents['artifacts'], 'artifact')}{takes} from {contents['folder']}",
            "soundgraph cache clear --yes does",
        )
    count = store.clear()
    print(json.dumps({"removed": count}) if options.json else f"removed {counted(count, 'file')}")
    return 0
