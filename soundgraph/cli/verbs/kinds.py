"""List the node kinds, or the fields of one, with type, default, unit and range."""

from __future__ import annotations

import argparse
import json

from soundgraph.cli import shared_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", nargs="?", metavar="KIND", help="show the fields of this one")
    shared_arguments.add_json_argument(parser)


def run(options: argparse.Namespace) -> int:
    from soundgraph.core import parameter_table
    from soundgraph.core.errors import UsageError, did_you_mean, quote
    from soundgraph.nodes import get_kind, kind_names, kind_summary

    if options.kind is None:
        rows = [{"kind": name, "summary": kind_summary(name)} for name in kind_names()]
        if options.json:
            print(json.dumps(rows, indent=2))
        else:
            for row in rows:
                print(f"{row['kind']:<10} {row['summary']}")
        return 0
    if options.kind not in kind_names():
        raise UsageError(
            f"unknown kind {quote(options.kind)}{did_you_mean(options.kind, kind_names())}",
            "soundgraph kinds lists them",
        )
    found = parameter_table.rows(get_kind(options.kind).params)
    if options.json:
        print(json.dumps([field._asdict() for field in found], indent=2))
        return 0
    print(f"{options.kind}: {kind_summary(options.kind)}")
    for field in found:
        print(f"  {field.name}  ({field.type}, {field.default})")
        print(f"      {field.description}")
    return 0
