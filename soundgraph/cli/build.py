"""Run what changed and deliver the files.

A target is a scene file, a folder, a scene's id, or a pattern of ids; with ":name" after it, a node or an export of it.
Without targets, every scene under graphs/ is built.
"""

from __future__ import annotations

from soundgraph import noop, stamp, targets
from soundgraph.cli import common

TYPE_CHECKING = False  # as in `common`
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from soundgraph.backends import Device
    from soundgraph.tracing import Recorder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    common.add_scene_arguments(parser)
    common.add_policy_argument(parser)
    common.add_load_arguments(parser)
    parser.add_argument("--release", action="store_true", help="refuse to deliver anything that a draft is part of")
    parser.add_argument(
        "-j", "--jobs", type=common.count, metavar="N", help="process N nodes at once (default: processors)"
    )
    parser.add_argument(
        "-k", "--keep-going", action="store_true", help="go on with what does not need the node that failed"
    )
    parser.add_argument(
        "--force", action="store_true", help="run everything again, and say whether it came out the same"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser.add_argument(
        "--trace", metavar="FILE", help="write what took how long, for chrome://tracing or https://ui.perfetto.dev"
    )


class Options:
    """What argparse would give for a command line of targets and the flags below."""

    jobs = None
    policy = None
    device: Device = "auto"
    memory_budget = None
    force = False
    trace = None
    define: Sequence[str] = ()

    def __init__(self, words: Sequence[str]):
        self.targets = [word for word in words if word[:1] != "-"]
        self.draft, self.release = "--draft" in words, "--release" in words
        self.keep_going, self.json = "--keep-going" in words or "-k" in words, "--json" in words


_PLAIN = {"--draft", "--release", "--keep-going", "-k", "--json"}


def plain_options(words: Sequence[str]) -> Options | None:
    """The options of a command line without anything that has a value; None for any other, which argparse is to read.

    Importing argparse, and what it imports in turn, takes a third of a build with nothing to do.
    """
    return Options(words) if all(word in _PLAIN for word in words if word[:1] == "-") else None


def run(options: Options | argparse.Namespace) -> int:
    if options.trace is None:
        return _run(options, None)
    from soundgraph.cli import traced

    return traced.run(options.trace, lambda trace: _run(options, trace))


def _run(options: Options | argparse.Namespace, trace: Recorder | None) -> int:
    common.refuse_draft_release(options.draft, options.release)
    root = targets.project_root(options.targets)
    wanted = targets.select(root, options.targets)
    config = noop.config_of(
        draft=options.draft,
        release=options.release,
        overrides=options.define,
        targets=options.targets,
        policy=options.policy,
    )
    stamps = stamp.load(root, config)
    clean = noop.clean_scenes(stamps, wanted) if stamps is not None and not options.force else {}
    if trace is not None:
        trace.lap("stamps", common.n(len(wanted), "scene"))
    if stamps is not None and noop.is_complete(stamps, clean, wanted, options.targets):
        if stamps.rehashed:
            common.save_stamps(stamps, config)
        return _nothing_to_do(clean, root, options.json)

    from soundgraph.cli import building

    if trace is not None:
        trace.lap("imports", "what a build needs")
    if options.define:
        clean = {}  # an override has to match in some scene, so all are read
    dirty = [scene for scene in wanted if scene.id not in clean]
    return building.run(options, root, dirty, clean, config, stamps, trace)


def _nothing_to_do(clean: dict[str, stamp.SceneStamp], root: str, as_json: bool) -> int:
    nodes, files = noop.counts(clean)
    if as_json:
        from soundgraph.cli import idle

        idle.print_events(clean, root)
        idle.print_summary(nodes, files, len(clean))
        return 0
    name = next(iter(clean)) if len(clean) == 1 else common.n(len(clean), "scene")
    print(f"{name}: nothing to do ({common.n(nodes, 'node')}, {common.n(files, 'file')} current)")
    return 0
