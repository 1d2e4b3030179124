"""What several verbs share: arguments, and opening what they ask for."""

from __future__ import annotations

import gc
import os

TYPE_CHECKING = False  # what typing.TYPE_CHECKING is, without importing it: the no-op path goes through here
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from typing import TextIO

    from soundgraph.session.session import Session

_LINE = 1 << 20
"""Bytes of a file's first line, at most."""


def add_target_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="scene file, folder, scene, scene:node, pattern")


def add_scene_arguments(parser: argparse.ArgumentParser) -> None:
    add_target_argument(parser)
    parser.add_argument(
        "-D",
        dest="define",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help='set a field, as in -D scene.seed=9 or -D nodes.rain.prompt="soft rain"; may be given several times',
    )
    parser.add_argument("--draft", action="store_true", help="render stand-ins instead of loading models")


def add_policy_argument(parser: argparse.ArgumentParser) -> None:
    """Of the verbs that `[policy]` of soundgraph.toml concerns."""
    parser.add_argument(
        "--policy",
        choices=["commercial"],  # `config.POLICIES`: not imported, since the no-op path goes through here
        help="refuse what may not be used so: commercial refuses weights whose licence does not allow commercial use",
    )


def add_device_argument(parser: argparse.ArgumentParser) -> None:
    """Of the verbs that load models."""
    parser.add_argument(
        "--device",
        choices=["auto", "cuda", "mps", "cpu"],
        default="auto",
        help="where models are loaded: the first of cuda, mps and cpu that is there, unless one is named",
    )


def add_load_arguments(parser: argparse.ArgumentParser) -> None:
    """Of the verbs that load models in an order of their own, or say how they would be loaded."""
    add_device_argument(parser)
    parser.add_argument(
        "--memory-budget",
        type=size,
        metavar="SIZE",
        help='how much memory loaded models may take, such as "12 GB"; one model at a time if not given',
    )


def size(text: str) -> int:
    """The value of --memory-budget, in bytes."""
    import argparse

    from soundgraph.core.units import parse_bytes

    try:
        n_bytes = parse_bytes(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if n_bytes < 1:
        raise argparse.ArgumentTypeError("must be over 0")
    return n_bytes


_UNITS_S = {
    **dict.fromkeys(("s", "second", "seconds"), 1),
    **dict.fromkeys(("min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86400),
    **dict.fromkeys(("w", "week", "weeks"), 7 * 86400),
}


def age(text: str) -> float:
    """The value of --older-than, in seconds: "30 days", "12h"."""
    import argparse
    import re

    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?) ?([a-z]+)", text.strip())
    if not match or match[2] not in _UNITS_S:
        raise argparse.ArgumentTypeError(f'"{text}" is not an age such as "30 days" or "12h"')
    return float(match[1]) * _UNITS_S[match[2]]


def add_json_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")


def import_numpy() -> None:
    """Has numpy start no threads of its own for sums that go through BLAS: there are none here.

    Where the system gives no more threads, its OpenBLAS would print six lines and send this process a Ctrl-C. The
    variable is gone afterwards: torch has a library of that name, too, on some processors.
    """
    name = "OPENBLAS_NUM_THREADS"
    if name in os.environ:
        return
    os.environ[name] = "1"
    try:
        __import__("numpy")
    finally:
        del os.environ[name]


def release_collector() -> None:
    """Lets Python look for garbage again, which `main` keeps it from, among what is made from now on."""
    gc.freeze()
    gc.enable()


def open_session(options: argparse.Namespace, *, beside_all: bool = False) -> Session:
    """The session over what `options` of `add_scene_arguments` ask for. beside_all: as of `opening.open_session`."""
    from pathlib import Path

    from soundgraph.project import targets
    from soundgraph.session import opening

    root = targets.project_root(options.targets)
    wanted = targets.select(root, options.targets)
    require = getattr(options, "policy", None)  # which not every verb has
    return opening.open_session(
        Path(root),
        wanted,
        overrides=options.define,
        draft=options.draft,
        require=require,
        beside_all=beside_all,
    )


def refuse_to_replace(path: str, what: str, is_one: Callable[[bytes], bool]) -> None:
    """Raises UsageError for something that is there and is not `what`: mostly a scene, meant as a target.

    is_one: tells by the first line, which is empty in an empty file.
    """
    from pathlib import Path

    from soundgraph.core.errors import UsageError

    there = Path(path)
    try:
        if not there.exists() or there.is_dir():  # no folder is ever replaced
            return
        if there.is_file():  # a pipe may have nothing to read, for ever
            with there.open("rb") as file:
                if is_one(file.readline(_LINE)):
                    return
    except (OSError, ValueError):  # writing it will say what is wrong
        return
    raise UsageError(f"cannot write the {what} {path}: it is there, and is no {what}")


def refuse_draft_release(draft: bool, release: bool) -> None:
    if draft and release:
        from soundgraph.core.errors import UsageError

        raise UsageError("--draft and --release exclude each other: a release must not deliver drafts")


def count(text: str) -> int:
    """The value of -j."""
    import argparse

    if not text.isdecimal() or not 1 <= int(text) <= 256:
        raise argparse.ArgumentTypeError(f'"{text}" is not a number from 1 to 256')
    return int(text)


def processors() -> int:
    """How many of them this process may use."""
    from soundgraph.core import system

    return len(system.processors())


def coloured(stream: TextIO) -> bool:
    """Whether a terminal is there to show colours. https://no-color.org"""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
