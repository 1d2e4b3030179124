"""Write down in soundgraph.lock which takes count, so that no build ever puts another sound in their place.

Pinned is the take of every generated node that the targets are made from, as a build would use it now; all scenes are
meant without targets. What is pinned has to be built. See docs/takes.md.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from typing import TYPE_CHECKING

from soundgraph.cli import shared_arguments
from soundgraph.core.text import counted

if TYPE_CHECKING:
    from soundgraph.session.pinning import PinChange, PinState

_WORDS = {"new": "new", "changed": "changed", "dropped": "dropped", "removed": "removed", "unchanged": "as before"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    shared_arguments.add_target_argument(parser)
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--remove", action="store_true", help="take back the pins of the targets")
    group.add_argument("--list", action="store_true", help="list the pins and how each stands")
    shared_arguments.add_json_argument(parser)
    parser.set_defaults(define=[], draft=False)


def run(options: argparse.Namespace) -> int:
    from pathlib import Path

    from soundgraph.core.errors import EXIT_OK, UsageError
    from soundgraph.project import targets
    from soundgraph.session import pinning

    everything = not options.targets
    if options.remove:
        if everything:
            raise UsageError("pin --remove needs a target", "'*' takes back all pins")
        _tell(pinning.remove(Path(targets.project_root(options.targets)), options.targets), options.json)
        return EXIT_OK
    opened = shared_arguments.open_session(options)
    try:
        if options.list:
            _list(pinning.states(opened, everything=everything), options.json)
        else:
            _tell(pinning.pin(opened, everything=everything), options.json)
    finally:
        opened.store.close()
    return EXIT_OK


def _tell(changes: list[PinChange], as_json: bool) -> None:
    from soundgraph.core.text import one_line
    from soundgraph.project.lockfile import LOCK_FILE

    count = Counter(change.status for change in changes)
    for change in changes:
        take, before = change.take, change.before
        if as_json:
            was = {"key": before.key, "digest": before.digest} if before is not None else None
            facts = {"node": take.node, "status": change.status, "key": take.key, "digest": take.digest, "before": was}
            print(json.dumps({"event": "pin", **facts}, ensure_ascii=False))
        elif change.status != "unchanged":
            more = f", before it was {before.digest[:12]}" if before is not None else ""
            more = ", since there is no such node" if change.status == "dropped" else more
            print(f"{one_line(take.node)}  {change.status}  {take.digest[:12]}{more}")
    if as_json:
        print(json.dumps({"event": "summary", **{status: count[status] for status in _WORDS}}))
    else:
        told = ", ".join(f"{count[status]:,} {words}" for status, words in _WORDS.items() if count[status])
        print(f"{LOCK_FILE}: {told or 'nothing to pin'}")


def _list(states: list[PinState], as_json: bool) -> None:
    from soundgraph.core.text import one_line
    from soundgraph.project.lockfile import LOCK_FILE

    words = {
        "missing": "missing from the cache",
        "undecided": "undecided: an input is not built, or the weights are not known here",
        "gone": "no such node",
    }
    names = [one_line(state.take.node) for state in states]
    width = max(map(len, names), default=0)
    for name, state in zip(names, states, strict=True):
        why = "; ".join(map(str, state.changes))
        if as_json:
            facts = {"node": state.take.node, "key": state.take.key, "digest": state.take.digest}
            print(json.dumps({"event": "pin", **facts, "status": state.status, "why": why}, ensure_ascii=False))
        else:
            told = words.get(state.status, state.status)
            print(f"{name:<{width}}  {state.take.digest[:12]}  {told}{f': {why}' if why else ''}")
    if not as_json:
        print(f"{LOCK_FILE}: {counted(len(states), 'pin')}")
