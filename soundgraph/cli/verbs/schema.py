"""Print the JSON Schema of scene files (or of soundgraph.toml), for completion and checking in an editor.

With Taplo or Even Better TOML, write it to a file and name that in the first line of a scene:
#:schema ../scene.schema.json
"""

from __future__ import annotations

import argparse
import json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--project", action="store_true", help="the schema of soundgraph.toml")


def run(options: argparse.Namespace) -> int:
    from soundgraph.scene import json_schema

    print(json.dumps(json_schema.project_schema() if options.project else json_schema.json_schema(), indent=2))
    return 0
