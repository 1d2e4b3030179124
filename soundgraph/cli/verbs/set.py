"""Change fields of a scene's file: the line of each, and nothing else in it.

Keys are as after -D: soundgraph set hall nodes.rain.prompt="soft rain". What would make the scene wrong is not written.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from soundgraph.core.text import visible_lines

if TYPE_CHECKING:
    from soundgraph.session.scene_edits import SceneEdit


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scene", metavar="SCENE", help="scene file, or scene")
    parser.add_argument("assignments", nargs="*", metavar="KEY=VALUE", help='as in nodes.rain.prompt="soft rain"')
    parser.add_argument(
        "--unset",
        action="append",
        default=[],
        metavar="KEY",
        help="take a field or a table out; may be given several times",
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would be written, and write nothing")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")


def run(options: argparse.Namespace) -> int:
    from pathlib import Path

    from soundgraph.core.errors import EXIT_OK, UsageError, quote
    from soundgraph.project import targets
    from soundgraph.project.config import load_project
    from soundgraph.session import scene_edits

    if not options.assignments and not options.unset:
        raise UsageError("nothing to set", 'as in: soundgraph set hall nodes.rain.prompt="soft rain"')
    root = targets.project_root([options.scene])
    wanted = targets.select(root, [options.scene])
    if len(wanted) != 1 or wanted[0].items or not wanted[0].named:
        raise UsageError(f"{quote(options.scene)} is not one scene", "name its file, or its id")
    edit = scene_edits.edit(load_project(Path(root)), Path(root) / wanted[0].path, options.assignments, options.unset)
    if not options.dry_run and edit.new != edit.old:
        edit.write()
    _tell(edit, options.json)
    return EXIT_OK


def _tell(edit: SceneEdit, as_json: bool) -> None:
    changes = list(edit.changes())
    for change in changes:
        if as_json:
            event = {"event": "edit", "file": edit.file, **change._asdict()}
            print(json.dumps(event, ensure_ascii=False))
            continue
        print(f"{edit.file}:{change.line}")
        for sign, lines in (("-", change.old), ("+", change.new)):
            for line in lines:
                print(visible_lines(f"  {sign} {line}"))
    if not changes and not as_json:
        print(f"{edit.file}: nothing to change")
