"""Print the version of soundgraph, of the key schema, and of the libraries that it uses here."""

from __future__ import annotations

import argparse
import json
import sys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")


def run(options: argparse.Namespace) -> int:
    from importlib.metadata import PackageNotFoundError, version

    from soundgraph import __version__
    from soundgraph.core.digest import KEY_SCHEMA

    versions = {"soundgraph": __version__, "key schema": str(KEY_SCHEMA), "python": sys.version.split()[0]}
    for name in ("numpy", "networkx", "pydantic", "diskcache", "soundfile", "soxr", "torch", "audiocraft"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    if options.json:
        print(json.dumps(versions, indent=2))
    else:
        for name, text in versions.items():
            print(f"{name:<11} {text}")
    return 0
