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
    from soundgraph.targets import Wanted
    from soundgraph.tracing import Recorder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    common.add_scene_arguments(parser)
    common.add_policy_argument(parser)
    common.add_load_arguments(parser)
    add_run_arguments(parser)
    parser.add_argument(
        "--force", action="store_true", help="run everything again, and say whether it came out the same"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser.add_argument(
        "--since", metavar="REV", help="only the exports that are not as they were at that git revision"
    )
    parser.add_argument(
        "--trace", metavar="FILE", help="write what took how long, for chrome://tracing or https://ui.perfetto.dev"
    )
    parser.add_argument(
        "--depfile", metavar="FILE", help="write what the delivered files were made from, for make and ninja"
    )


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Of the verbs that build."""
    parser.add_argument("--release", action="store_true", help="refuse to deliver anything that a draft is part of")
    parser.add_argument(
        "--overwrite", action="store_true", help="write over files in the output folder that no build delivered"
    )
    parser.add_argument(
        "-j", "--jobs", type=common.count, metavar="N", help="process N nodes at once (default: processors)"
    )
    parser.add_argument(
        "-k", "--keep-going", action="store_true", help="go on with what does not need the node that failed"
    )
    parser.add_argument(
        "--keep-nothing",
        action="store_true",
        help="keep no results: for the files alone, from a cache that is not written",
    )


class Options:
    """What argparse would give for a command line of targets and the flags below."""

    jobs = None
    policy = None
    device: Device = "auto"
    memory_budget = None
    force = False
    keep_nothing = False
    trace = None
    depfile: str | None = None
    since = None
    define: Sequence[str] = ()
    overwrite = False

    def __init__(self, words: Sequence[str], names: Sequence[str] = ()):
        """names: targets, whatever they begin with."""
        self.targets = [*(word for word in words if word[:1] != "-"), *names]
        self.draft, self.release = "--draft" in words, "--release" in words
        self.keep_going, self.json = "--keep-going" in words or "-k" in words, "--json" in words


_PLAIN = {"--draft", "--release", "--keep-going", "-k", "--json"}


def plain_options(words: Sequence[str]) -> Options | None:
    """The options of a command line without anything that has a value; None for any other, which argparse is to read.

    Importing argparse, and what it imports in turn, takes a third of a build with nothing to do.
    """
    options, names = words, words[:0]
    if "--" in words:  # all behind it are names
        place = words.index("--")
        options, names = words[:place], words[place + 1 :]
    return Options(options, names) if all(word in _PLAIN for word in options if word[:1] == "-") else None


def run(options: Options | argparse.Namespace) -> int:
    if options.trace is None:
        return _run(options, None)
    from soundgraph.cli import traced

    return traced.run(options.trace, lambda trace: _run(options, trace))


def _run(options: Options | argparse.Namespace, trace: Recorder | None) -> int:
    if options.depfile is not None:
        from soundgraph import depfile

        common.refuse_to_replace(options.depfile, "depfile", depfile.may_begin)
    asked = Asked(options)
    if trace is not None:
        trace.lap("stamps", common.n(len(asked.wanted), "scene"))
    if asked.is_current:
        if options.since is not None:
            _check_revision(asked.root, options.since)
        return nothing_to_do(asked, options)

    from soundgraph import interrupts

    with interrupts.raised():
        common.import_numpy()
        from soundgraph.cli import building

        interrupts.check()
        if trace is not None:
            trace.lap("imports", "what a build needs")
        return building.run(options, asked, trace)


def _check_revision(root: str, name: str) -> None:
    """Raises UsageError for what is no revision: a slip is told whether or not there is anything to do."""
    from pathlib import Path

    from soundgraph import interrupts, repository

    with interrupts.raised(), repository.of(Path(root)).opened() as git:
        git.commit(name)


class Asked:
    """What a call asks for, and how much of that is known to be current.

    root: of the project, absolute. wanted: the scenes. config, stamps: the state that the last such build left.
    clean: the scenes that are as they were left. is_current: whether there is nothing to do.
    Raises UsageError for targets that name nothing.
    """

    __slots__ = ("clean", "config", "is_current", "root", "stamps", "wanted")

    def __init__(self, options: Options | argparse.Namespace):
        common.refuse_draft_release(options.draft, options.release)
        self.root = targets.project_root(options.targets)
        self.wanted = targets.select(self.root, options.targets)
        self.config = noop.config_of(
            draft=options.draft,
            release=options.release,
            overrides=options.define,
            targets=options.targets,
            policy=options.policy,
        )
        self.stamps = stamps = stamp.load(self.root, self.config)
        self.clean = noop.clean_scenes(stamps, self.wanted) if stamps is not None and not options.force else {}
        if stamps is not None and stamps.has_lost_ledger():
            self.clean = {}  # what was delivered is learned again from all that is asked for
        self.is_current = stamps is not None and noop.is_complete(stamps, self.clean, self.wanted, options.targets)
        if options.define and not self.is_current:
            self.clean = {}  # an override has to match in some scene, so all are read

    def dirty(self) -> list[Wanted]:
        """The scenes to look at."""
        return [scene for scene in self.wanted if scene.id not in self.clean]


def nothing_to_do(asked: Asked, options: Options | argparse.Namespace) -> int:
    """Says so, and leaves all as a build would."""
    if asked.stamps is not None and asked.stamps.rehashed:
        common.save_stamps(asked.stamps, asked.config)
    if options.depfile is not None:
        from soundgraph import depfile
        from soundgraph.cli import listed

        depfile.write(options.depfile, listed.rules(asked, None), asked.root)
    _tell(asked.clean, asked.root, options.json)
    return 0


def _tell(clean: dict[str, stamp.SceneStamp], root: str, as_json: bool) -> None:
    nodes, files = noop.counts(clean)
    if as_json:
        from soundgraph.cli import idle

        idle.print_events(clean, root)
        idle.print_summary(nodes, files, len(clean))
        return
    name = next(iter(clean)) if len(clean) == 1 else common.n(len(clean), "scene")
    print(f"{name}: nothing to do ({common.n(nodes, 'node')}, {common.n(files, 'file')} current)")
