"""Run what changed and deliver the files.

A target is a scene file, a folder, a scene's id, or a pattern of ids; with ":name" after it, a node or an export of it.
Without targets, every scene under graphs/ is built.
"""

from __future__ import annotations

from soundgraph.cli import shared_arguments
from soundgraph.core.text import counted
from soundgraph.project import build_state, up_to_date
from soundgraph.project.build_request import BuildRequest, UpToDateCheck

TYPE_CHECKING = False  # as in `build_state`
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from soundgraph.backends import Device
    from soundgraph.core.tracing import Recorder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    shared_arguments.add_scene_arguments(parser)
    shared_arguments.add_policy_argument(parser)
    shared_arguments.add_load_arguments(parser)
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
        "-j", "--jobs", type=shared_arguments.count, metavar="N", help="process N nodes at once (default: processors)"
    )
    parser.add_argument(
        "-k", "--keep-going", action="store_true", help="go on with what does not need the node that failed"
    )
    parser.add_argument(
        "--keep-nothing",
        action="store_true",
        help="keep no results: for the files alone, from a cache that is not written",
    )


class PlainOptions:
    """What argparse would give for a command line without values."""

    policy = None
    device: Device = "auto"
    memory_budget = None
    jobs = None
    force = False
    keep_nothing = False
    overwrite = False
    trace = None
    depfile: str | None = None
    since = None
    define: Sequence[str] = ()

    def __init__(self, words: Sequence[str], names: Sequence[str]):
        """names: targets, whatever they begin with."""
        self.targets = [*(word for word in words if word[:1] != "-"), *names]
        self.draft, self.release = "--draft" in words, "--release" in words
        self.keep_going, self.json = "--keep-going" in words or "-k" in words, "--json" in words


_PLAIN = {"--draft", "--release", "--keep-going", "-k", "--json"}


def plain_options(words: Sequence[str]) -> PlainOptions | None:
    """The options of a command line without anything that has a value; None for any other, which argparse is to read.

    Importing argparse, and what it imports in turn, takes a third of a build with nothing to do.
    """
    options, names = words, words[:0]
    if "--" in words:  # all behind it are names
        place = words.index("--")
        options, names = words[:place], words[place + 1 :]
    return PlainOptions(options, names) if all(word in _PLAIN for word in options if word[:1] == "-") else None


def request_of(options: PlainOptions | argparse.Namespace) -> BuildRequest:
    """What the options of a verb that builds ask for. Raises UsageError for what excludes each other."""
    shared_arguments.refuse_draft_release(options.draft, options.release)
    return BuildRequest(
        options.targets,
        overrides=options.define,
        draft=options.draft,
        release=options.release,
        policy=options.policy,
        since=getattr(options, "since", None),  # `watch` has none of these three
        force=getattr(options, "force", False),
        depfile=getattr(options, "depfile", None),
        keep_going=options.keep_going,
        keep_nothing=options.keep_nothing,
        overwrite=options.overwrite,
        jobs=options.jobs,
        device=options.device,
        memory_budget=options.memory_budget,
    )


def run(options: PlainOptions | argparse.Namespace) -> int:
    if options.trace is None:
        return _run(options, None)
    from soundgraph.cli import run_traced

    return run_traced.run(options.trace, lambda trace: _run(options, trace))


def _run(options: PlainOptions | argparse.Namespace, trace: Recorder | None) -> int:
    if options.depfile is not None:
        from soundgraph.project import depfile

        shared_arguments.refuse_to_replace(options.depfile, "depfile", depfile.may_begin)
    request = request_of(options)
    check = UpToDateCheck(request)
    if trace is not None:
        trace.lap("stamps", counted(len(check.wanted), "scene"))
    if check.is_current:
        if request.since is not None:
            _check_revision(check.root, request.since)
        return nothing_to_do(request, check, options.json)

    from soundgraph.core import interrupts

    with interrupts.raised():
        shared_arguments.import_numpy()
        from soundgraph.cli import run_build

        interrupts.check()
        if trace is not None:
            trace.lap("imports", "what a build needs")
        return run_build.run(request, check, as_json=options.json, recorder=trace)


def _check_revision(root: str, name: str) -> None:
    """Raises UsageError for what is no revision: a slip is told whether or not there is anything to do."""
    from pathlib import Path

    from soundgraph.core import interrupts
    from soundgraph.project import git_repository

    with interrupts.raised(), git_repository.of(Path(root)).opened() as git:
        git.commit(name)


def nothing_to_do(request: BuildRequest, check: UpToDateCheck, as_json: bool) -> int:
    """Says so, and leaves all as a build would."""
    if check.stamps is not None and check.stamps.rehashed:
        check.save(check.stamps)
    if request.depfile is not None:
        from soundgraph.project import depfile
        from soundgraph.session import build_files

        depfile.write(request.depfile, build_files.rules(check, None), check.root)
    _tell(check.clean, check.root, as_json)
    return 0


def _tell(clean: dict[str, build_state.SceneStamp], root: str, as_json: bool) -> None:
    nodes, files = up_to_date.counts(clean)
    if as_json:
        from soundgraph.cli import up_to_date_output

        up_to_date_output.print_events(clean, root)
        up_to_date_output.print_summary(nodes, files, len(clean))
        return
    name = next(iter(clean)) if len(clean) == 1 else counted(len(clean), "scene")
    print(f"{name}: nothing to do ({counted(nodes, 'node')}, {counted(files, 'file')} current)")
