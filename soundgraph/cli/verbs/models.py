"""List the models: what each makes, what it needs, whether it is on this machine. Or fetch one.

pull: fetch the weights of a model, by its id or a name from [models], and pin what was fetched in soundgraph.lock.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from soundgraph.cli import shared_arguments
from soundgraph.core.path_names import is_spelled_as_path

if TYPE_CHECKING:
    from soundgraph.backends import Model
    from soundgraph.project.config import Project


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=("list", "pull"), default="list")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="what to pull, such as music or facebook/audiogen-medium"
    )
    shared_arguments.add_json_argument(parser)


def run(options: argparse.Namespace) -> int:
    from pathlib import Path

    from soundgraph.core.errors import EXIT_OK, UsageError
    from soundgraph.project import targets
    from soundgraph.project.config import load_project

    project = load_project(Path(targets.project_root([])))
    if options.action == "pull":
        if not options.names:
            raise UsageError("pull needs the name of a model", "soundgraph models lists them")
        # All names are looked up first: a typing error is told before anything is fetched.
        models = [_resolve(name, project) for name in options.names]
        for model in dict.fromkeys(models):
            _pull(model, project, options.json)
        return EXIT_OK
    if options.names:
        raise UsageError("list takes no names; soundgraph models pull NAME fetches a model")
    _list(project, options.json)
    return EXIT_OK


# Listing


def _list(project: Project, as_json: bool) -> None:
    logical: dict[str, list[str]] = {}
    for name, model_id in project.models.items():
        logical.setdefault(model_id, []).append(name)
    unusable: list[str] = []
    rows = [_row(model, logical.get(model.id, []), project) for model in _models(project, unusable)]
    if as_json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    head = ("name", "family", "rate", "channels", "longest", "takes", "memory", "licence", "here", "pinned")
    table = [head, *(_cells(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for cells in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
    print()
    for row in rows:
        for name in row["names"]:
            print(f"{name} is {row['id']}")
    print("memory: about what it takes in float32; in float16 the language model takes half of its share")
    for row in rows:
        if row["package"]:
            print(f"{row['id']} is of package {row['package']}")
    for row in rows:
        if row["here"] and row["trouble"]:
            print(f"{row['id']}: {row['trouble']}")
    for error in unusable:
        print(error)


def _models(project: Project, unusable: list[str]) -> Iterator[Model]:
    """The published models, and the folders of checkpoints that have a name in the project.

    unusable: gets what is wrong with a folder, or a package, which is no reason not to list the rest.
    """
    from soundgraph import backends
    from soundgraph.core.errors import UsageError

    for name in [*backends.names(), *backends.BACKENDS.from_packages()]:
        for known in backends.models_of(name):
            if not known.draft:
                yield backends.find(known.id, project.sources) or known
    unusable += [refusal.what for _, refusal in backends.BACKENDS.refused()]
    for model_id in dict.fromkeys(project.models.values()):
        if is_spelled_as_path(model_id):
            try:
                yield _resolve(model_id, project)
            except UsageError as error:
                unusable.append(str(error).partition("\n")[0])


def _row(model: Model, names: list[str], project: Project) -> dict[str, Any]:
    from soundgraph import backends

    pin = project.pins.get(model.id)
    return {
        "id": model.id,
        "package": backends.BACKENDS.package(model.backend),
        "names": sorted(names),
        "family": model.family,
        "sample_rate": model.sample_rate,
        "channels": model.channels,
        "max_duration_s": model.max_duration_s,
        "longer": model.longer,
        "conditioning": list(model.conditioning),
        "memory_bytes": dict(model.memory),
        "licence": model.licence,
        "here": model.here,
        "identity": model.identity,
        "revision": model.revision,
        "pinned": pin is not None,
        "trouble": model.trouble,
    }


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    from soundgraph.core.units import size_words

    memory = row["memory_bytes"].get("float32", 0)
    longest = f"{row['max_duration_s']:g} s" if row["max_duration_s"] is not None else "any"
    return (
        row["id"],
        row["family"],
        f"{row['sample_rate'] / 1000:g} kHz",
        "stereo" if row["channels"] == 2 else "mono",
        # Longer pieces are made window by window, where the model can go on from what it made.
        f"any, by {longest}" if row["longer"] and row["max_duration_s"] is not None else longest,
        ", ".join(row["conditioning"]),
        size_words(memory),
        row["licence"] or "not said",
        "yes" if row["here"] else "no",
        (row["revision"] or row["identity"])[:12] if row["pinned"] else "no",
    )


# Pulling


def _resolve(name: str, project: Project) -> Model:
    from soundgraph.core.errors import UsageError, quote
    from soundgraph.project import model_names

    try:
        model = project.licensed(model_names.resolve(name, project.models, sources=project.sources))
    except model_names.UnknownModelError as error:
        raise UsageError(f"model {error}", error.hint or "soundgraph models lists them") from error
    if model.draft:
        raise UsageError(f"{quote(name)} is made by soundgraph itself: there is nothing to fetch")
    return model


def _pull(model: Model, project: Project, as_json: bool) -> None:
    from soundgraph import backends
    from soundgraph.core.units import size_words
    from soundgraph.project import lockfile

    backend = backends.get(model.backend)
    size = backend.download_size(model, project.sources)
    here = size == 0 and model.here
    if not as_json:
        amount = "" if size is None else f", {size_words(size)}"
        what = "what is damaged" if model.here else model.trouble
        print(f"{model.id}: {'is here' if here else f'fetching {what}{amount}'}", flush=True)
    with _bar(model.id, shown=not as_json and not here and shared_arguments.coloured(sys.stdout)) as report:
        pin = backend.pull(model, project.sources, report)
    before = project.pins.get(model.id)
    published = not is_spelled_as_path(model.id)
    if published:
        lockfile.pin(project.root / lockfile.LOCK_FILE, model.id, pin)
    if as_json:
        facts = {"model": model.id, "revision": pin.revision, "digest": pin.digest, "others": list(pin.others)}
        print(json.dumps({**facts, "fetched_bytes": size, "pinned": published}, ensure_ascii=False), flush=True)
    elif published:
        was = f", before it was {before.digest[:12]}" if before is not None and before.digest != pin.digest else ""
        at = f" at revision {pin.revision[:12]}" if pin.revision else ""
        print(f"{model.id}: pinned in {lockfile.LOCK_FILE}{at}, weights {pin.digest[:12]}{was}")
    else:
        print(f"{model.id}: whole, weights {pin.digest[:12]}; a folder is not pinned")


@contextmanager
def _bar(name: str, shown: bool) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal, nothing elsewhere."""
    if not shown:
        yield lambda done, whole: None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), transient=True) as progress:
        task = progress.add_task(name, total=None)
        yield lambda done, whole: progress.update(task, completed=done, total=whole)
