"""Build, and build again after each edit of a scene, a recording or anything else that was read.

Mistakes are shown, and the next edit is waited for. Models stay loaded between builds. Ctrl-C ends it, with exit
code 130.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from soundgraph import cli
from soundgraph.cli import shared_arguments
from soundgraph.cli.verbs import build
from soundgraph.core.errors import EXIT_INTERRUPTED, EXIT_OK, SceneError
from soundgraph.core.text import counted, first_of
from soundgraph.project import targets, watching
from soundgraph.project.build_request import BuildRequest, UpToDateCheck

if TYPE_CHECKING:
    from soundgraph.core.events import ScenesRead
    from soundgraph.execution.loaded_models import LoadedModels
    from soundgraph.project.watching import Aim, Events


def add_arguments(parser: argparse.ArgumentParser) -> None:
    shared_arguments.add_scene_arguments(parser)
    shared_arguments.add_policy_argument(parser)
    shared_arguments.add_load_arguments(parser)
    build.add_run_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser.add_argument(
        "--poll", action="store_true", help="look at the files once a second, where the system tells nothing of changes"
    )


def run(options: argparse.Namespace) -> int:
    request = build.request_of(options)
    root = targets.project_root(options.targets)
    if options.targets:
        targets.select(root, options.targets)  # of a name that means nothing there is nothing to wait for
    watcher = Watcher(request, root, options.json)
    events: Events = watching.Polled() if options.poll else watching.Heard(cli.say)
    try:
        watching.watch(root, events, watcher.build)
    except KeyboardInterrupt:
        pass
    finally:
        watcher.unload()
    return EXIT_INTERRUPTED


class Watcher:
    """The builds of a watch, and what stays from one to the next: models, and which files are to be watched.

    root: of the project.
    """

    def __init__(self, request: BuildRequest, root: str, as_json: bool):
        self._request, self._root, self._as_json = request, root, as_json
        self._files: list[str] = []  # that the last build which knew them read
        self._models: LoadedModels | None = None
        self._clean: list[str] = []  # files of scenes that the build at hand need not look at
        self._code = EXIT_OK  # of the last build
        self._aim: Aim

    def build(self, aim: Aim, changed: frozenset[str]) -> bool:
        """Builds once; whether to go on. changed: why, none for the first."""
        self._aim = aim
        if changed:
            self._tell_change(changed)
        try:
            code = self._build(first=not changed)
        except Exception as error:
            told = cli.tell(error, self._as_json)
            if told is None:
                raise
            code = told
            read = error.read if isinstance(error, SceneError) else ()
            aim([*self._files, *map(str, read)], None)
        self._code = code
        if code == EXIT_INTERRUPTED:
            return False
        gc.unfreeze()  # what a build froze is garbage once it is over
        gc.collect()
        self._tell_waiting(code, first=not changed)
        return True

    def _build(self, first: bool) -> int:
        check = UpToDateCheck(self._request)
        self._clean = _files_of(check)
        if not check.is_current:
            from soundgraph.cli import run_build
            from soundgraph.execution.loaded_models import LoadedModels

            self._models = self._models or LoadedModels(self._request.device)
            return run_build.run(
                self._request, check, as_json=self._as_json, models=self._models, watch=self._watch_read
            )
        self._watch(self._clean, None)
        if first or self._code != EXIT_OK:  # what was wrong is mended
            return build.nothing_to_do(self._request, check, self._as_json)
        return EXIT_OK  # a change that was none: a file that was touched, or written as it was

    def unload(self) -> None:
        if self._models is not None:
            self._models.unload_all()

    def _watch_read(self, event: ScenesRead) -> None:
        self._watch([*self._clean, *event.files], event.moment)

    def _watch(self, files: Iterable[str], moment: int | None) -> None:
        self._files = list(dict.fromkeys(files))
        self._aim(self._files, moment)

    def _tell_change(self, changed: frozenset[str]) -> None:
        names = sorted(_short(path, self._root) for path in changed)
        if self._as_json:
            _print(event="change", paths=names)
        else:
            print(f"changed: {first_of(names, 3)}", flush=True)

    def _tell_waiting(self, code: int, first: bool) -> None:
        if self._as_json:
            _print(event="watching", files=len(self._files), exit_code=code)
        elif first:
            print(f"watching {counted(len(self._files), 'file')}; Ctrl-C ends it", flush=True)


def _files_of(check: UpToDateCheck) -> list[str]:
    """All that was read for the scenes that are as they were left."""
    if check.stamps is None:
        return []
    paths = dict.fromkeys(path for scene in check.clean.values() for path in check.stamps.read_for(scene))
    return [os.path.join(check.root, path) for path in paths]  # noqa: PTH118 - may be absolute


def _short(path: str, root: str) -> str:
    """The path relative to the project's root, where it lies inside."""
    return Path(path).relative_to(root).as_posix() if Path(path).is_relative_to(root) else path


def _print(**event: object) -> None:
    print(json.dumps(event, ensure_ascii=False), flush=True)
