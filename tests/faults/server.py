"""A process that has everything imported, and forks one build after another: each starts in a few milliseconds.

Reads a JSON object a line and answers each with one. `faulty` is its other end.
"""

from __future__ import annotations

import ctypes
import faulthandler
import functools
import gc
import importlib
import json
import os
import signal
import sqlite3
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, NoReturn

# A build here takes a tenth of a second. One that hangs says where, and ends.
DEADLINE_S = 120.0

# As `faults.c` has them.
ACTIONS = {"count": 0, "kill": 1, "tear": 2, "fail": 3, "fail_on": 4, "term": 5, "stop": 6}


def main() -> None:
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from soundgraph.project import build_state
    from tests.faults import studio

    build_state.fingerprint = functools.cache(build_state.fingerprint)
    studio.install()
    gc.freeze()
    for line in sys.stdin:
        print(json.dumps(_answer(json.loads(line))), flush=True)


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    if asked["do"] == "import":
        for name in asked["names"]:
            with suppress(Exception):
                importlib.import_module(name)
        return {}
    if asked["do"] == "start":
        number = os.fork()
        if number == 0:
            _child(asked)
        return {"pid": number}
    if asked["do"] == "stopped":
        return {"stopped": os.WIFSTOPPED(os.waitpid(asked["pid"], os.WUNTRACED)[1])}
    _, status = os.waitpid(asked["pid"], 0)
    return {"code": os.waitstatus_to_exitcode(status)}


def _child(asked: dict[str, Any]) -> NoReturn:
    code = 99
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        out = os.open(asked["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        err = os.open(asked["err"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, stream in enumerate((nothing, out, err)):
            os.dup2(stream, number)
            os.close(stream)
        faulthandler.dump_traceback_later(DEADLINE_S, exit=True)
        os.chdir(asked["folder"])
        os.environ.update(asked["env"])
        from soundgraph import cli

        for module, name in asked["broken"]:
            setattr(importlib.import_module(module), name, _no_locks)
        if asked["arm"]:
            _arm(**asked["arm"])
        try:
            code = cli.main(asked["arguments"])
        except BaseException:
            sys.excepthook(*sys.exc_info())
            code = 98
        if "SOUNDGRAPH_MODULES" in asked["env"]:
            Path(asked["env"]["SOUNDGRAPH_MODULES"]).write_text("\n".join(sys.modules))
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        # As a kill would: nothing is tidied up that a build does not tidy up itself.
        os._exit(code)


def _no_locks(*_: object) -> NoReturn:
    raise OSError(37, "No locks available")


def _arm(folder: str, which: str, action: str, at: int, error: int, log: str) -> None:
    number = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    if os.environ.get("LD_PRELOAD"):
        arm = ctypes.CDLL(None).faults_arm
        arm(os.fsencode(folder), which.encode(), ACTIONS[action], ctypes.c_long(at), error, number)
    else:
        _Audit(folder, which.split(), action, at, error, number)


class _Audit:
    """The same in Python, where there is no C compiler: what Python opens, renames, removes and syncs, and each
    statement that the index runs. Writes themselves are not seen, so none is torn."""

    _EVENTS: ClassVar = {"os.remove": "unlink", "os.rmdir": "unlink", "os.mkdir": "mkdir", "os.truncate": "truncate"}

    def __init__(self, folder: str, which: list[str], action: str, at: int, error: int, log: int):
        self.folder, self.which, self.action, self.at, self.error, self.log = folder, which, action, at, error, log
        self.steps = 0
        sync, connect, step = os.fsync, sqlite3.connect, self.step

        def fsync(file: int) -> None:
            self.step("sync", [folder])
            sync(file)

        class Connection(sqlite3.Connection):
            def execute(self, statement: str, *more: Any) -> sqlite3.Cursor:
                if not statement.startswith(("SELECT", "PRAGMA")):
                    step("write", [f"{folder}/index"])
                return super().execute(statement, *more)

        os.fsync = fsync
        sqlite3.connect = functools.partial(connect, factory=Connection)
        sys.addaudithook(self.hear)

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(path, str | bytes) and flags & (os.O_WRONLY | os.O_RDWR):
                made = flags & os.O_TRUNC or not os.path.exists(path)  # noqa: PTH110 - a Path would be audited again
                self.step("create" if made else "open", [path])
        elif event == "os.rename":
            self.step("rename", [arguments[1], arguments[0]])
        elif event in self._EVENTS:
            self.step(self._EVENTS[event], [arguments[0]])

    def step(self, what: str, paths: Iterable[Any]) -> None:
        names = [os.path.abspath(os.fsdecode(path)) for path in paths]  # noqa: PTH100 - as above
        if not names[0].startswith(self.folder) or what not in self.which:
            return
        names[0] = names[0].removeprefix(self.folder)
        self.steps += 1
        os.write(self.log, f"{self.steps}\t{what}\t{names[0]}\t{''.join(names[1:])}\n".encode())
        if self.steps < self.at or self.action == "count" or (self.steps > self.at and self.action != "fail_on"):
            return
        if self.action in ("kill", "tear"):
            os.kill(os.getpid(), signal.SIGKILL)
        if self.action in ("term", "stop"):
            os.kill(os.getpid(), signal.SIGTERM if self.action == "term" else signal.SIGSTOP)
            return
        raise OSError(self.error, os.strerror(self.error))


if __name__ == "__main__":
    main()
