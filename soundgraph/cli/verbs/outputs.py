"""List the files that a build delivers, or with --inputs those it reads: a path a line, for make, ninja and scripts.

Nothing is built. Paths are relative to the current folder, as in `build --depfile`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator

from soundgraph.cli import shared_arguments
from soundgraph.project.build_request import BuildRequest, UpToDateCheck

TYPE_CHECKING = False
if TYPE_CHECKING:
    from soundgraph.session.session import Session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    shared_arguments.add_scene_arguments(parser)
    parser.add_argument("--all", action="store_true", help="list sidecars, and the files of manifests, too")
    parser.add_argument("--inputs", action="store_true", help="list what a build reads instead")
    parser.add_argument("-0", "--null", action="store_true", help="end each path with a zero byte instead of a line")
    shared_arguments.add_json_argument(parser)


def run(options: argparse.Namespace) -> int:
    from soundgraph.core.errors import EXIT_OK, UsageError
    from soundgraph.project.depfile import Names
    from soundgraph.session import build_files

    if options.inputs and options.all:
        raise UsageError("--inputs and --all exclude each other: what is read is listed as a whole")
    check = UpToDateCheck(BuildRequest(options.targets, overrides=options.define, draft=options.draft))
    session = None if check.is_current else _opened(options, check)
    if options.inputs:
        read = {path for rule in build_files.rules(check, session) for path in rule.inputs}
        files = [("input", path) for path in sorted(read) if os.path.isfile(os.path.join(check.root, path))]  # noqa: PTH113, PTH118
    else:
        files = list(_outputs(check, session, options.all))
    name = Names(check.root, os.getcwd())  # noqa: PTH109
    end = "\0" if options.null else "\n"
    for sort, path in files:
        line = json.dumps({"event": sort, "path": name(path)}, ensure_ascii=False) if options.json else name(path)
        sys.stdout.write(line + end)
    return EXIT_OK


def _opened(options: argparse.Namespace, check: UpToDateCheck) -> Session:
    from pathlib import Path

    from soundgraph.session import opening

    return opening.open_session(Path(check.root), check.dirty(), overrides=options.define, draft=options.draft)


def _outputs(check: UpToDateCheck, session: Session | None, with_all: bool) -> Iterator[tuple[str, str]]:
    """(what it is, its path relative to the root) of each file, scene by scene in the order asked for."""
    from soundgraph.session import build_files

    audio = {rule.scene: rule.outputs for rule in build_files.rules(check, session)}
    manifests = build_files.manifests(check, session) if with_all else {}
    for scene in check.wanted:
        for path in audio.get(scene.id, ()):
            yield "export", path
            if with_all:
                yield "sidecar", f"{path}.json"
        for path in manifests.get(scene.id, ()):
            yield "manifest", path
