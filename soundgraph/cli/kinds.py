"""List the node kinds, or the fields of one, with type, default, unit and range."""

from __future__ import annotations

import argparse
import json

from soundgraph.cli import common


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", nargs="?", metavar="KIND", help="show the fields of this one")
    common.add_json_argument(parser)


def run(options: argparse.Namespace) -> int:
    from soundgraph import fields, kinds
    from soundgraph.errors import UsageError, did_you_mean, quote

    if options.kind is None:
        rows = [{"kind": name, "summary": kinds.summary(name)} for name in kinds.names()]
        if options.json:
            print(json.dumps(rows, indent=2))
        else:
            for row in rows:
                print(f"{row['kind']:<10} {row['summary']}")
        return 0
    if options.kind not in kinds.names():
        raise UsageError(
            f"unknown kind {quote(options.kind)}{did_you_mean(options.kind, kinds.names())}",
            "soundgraph kinds lists them",
        )
    found = fields.rows(kinds.get(options.kind).params)
    if options.json:
        print(json.dumps([field._asdict() for field in found], indent=2))
        return 0
    print(f"{options.kind}: {kinds.summary(options.kind)}")
    for field in found:
        print(f"  {field.name}  ({field.type}, {field.default})")
        print(f"      {field.description}")
    return 0
