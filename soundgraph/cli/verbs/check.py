"""Find all mistakes in scenes at once, and what looks like one, without running anything. For CI.

Mistakes end with exit code 2. Warnings do not, unless --strict is given.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from soundgraph.cli import shared_arguments
from soundgraph.core.text import counted


def add_arguments(parser: argparse.ArgumentParser) -> None:
    shared_arguments.add_scene_arguments(parser)
    shared_arguments.add_policy_argument(parser)
    shared_arguments.add_json_argument(parser)
    parser.add_argument("--release", action="store_true", help="take an export with a draft upstream for a mistake")
    parser.add_argument("--strict", action="store_true", help="take warnings for mistakes")


def run(options: argparse.Namespace) -> int:
    from soundgraph.core.errors import EXIT_OK, EXIT_WRONG_INPUT, SceneError
    from soundgraph.core.text import json_line
    from soundgraph.session import refusals
    from soundgraph.session.lint import warnings

    shared_arguments.refuse_draft_release(options.draft, options.release)
    session = shared_arguments.open_session(options, beside_all=True)
    refusals.check_folders(session)
    refused = [*refusals.of_policy(session), *(refusals.of_release(session) if options.release else ())]
    if refused:
        raise SceneError(refused)
    scene_warnings = warnings(session)
    for warning in scene_warnings:
        if options.json:
            print(json_line({"event": "warning", **asdict(warning)}))
        else:
            print(f"warning: {warning}")
    nodes, scenes = len(session.graph), len(session.scenes)
    if options.json:
        print(json.dumps({"event": "summary", "scenes": scenes, "nodes": nodes, "warnings": len(scene_warnings)}))
    else:
        warned = f", {counted(len(scene_warnings), 'warning')}" if scene_warnings else ""
        print(f"{counted(scenes, 'scene')}, {counted(nodes, 'node')}: no mistakes{warned}")
    return EXIT_WRONG_INPUT if options.strict and scene_warnings else EXIT_OK
