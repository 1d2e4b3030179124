"""List the node kinds, or the fields of one, with type, default, unit and range."""

from __future__ import annotations

import argparse
import json
import sys

from soundgraph.cli import shared_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", nargs="?", metavar="KIND", help="show the fields of this one")
    shared_arguments.add_json_argument(parser)


def run(options: argparse.Namespace) -> int:
    if options.kind is None:
        _list(options.json)
    else:
        _show(options.kind, options.json)
    return 0


def _list(as_json: bool) -> None:
    from soundgraph.nodes import KINDS

    names = [*KINDS.own, *KINDS.from_packages()]
    rows = [{"kind": name, "summary": KINDS.summary(name), "package": KINDS.package(name)} for name in names]
    if as_json:
        print(json.dumps(rows, indent=2))
    else:
        for row in rows:
            package = f" (of package {row['package']})" if row["package"] else ""
            print(f"{row['kind']:<10} {row['summary']}{package}")
    for _, error in KINDS.refused():
        print(error, file=sys.stderr)


def _show(kind: str, as_json: bool) -> None:
    from soundgraph.core import parameter_table
    from soundgraph.core.errors import UsageError, did_you_mean, quote
    from soundgraph.core.text import listed
    from soundgraph.nodes import KINDS
    from soundgraph.project import node_fields

    if not KINDS.has(kind):
        what = f"unknown kind {quote(kind)}{did_you_mean(kind, KINDS.names())}"
        raise UsageError(what, "soundgraph kinds lists them")
    fields = parameter_table.rows(KINDS.get(kind).params)
    own = node_fields.own_rows(kind)  # of generate: what not every model takes
    if as_json:
        rows = [field._asdict() for field in fields] + [
            {**field._asdict(), "backends": takers} for field, takers in own
        ]
        print(json.dumps(rows, indent=2))
        return
    package = f" (of package {KINDS.package(kind)})" if KINDS.package(kind) else ""
    print(f"{kind}: {KINDS.summary(kind)}{package}")
    for field, takers in [*((field, []) for field in fields), *own]:
        print(f"  {field.name}  ({field.type}, {field.default})")
        print(f"      {field.description}{f'; models of {listed(takers)}' if takers else ''}")
