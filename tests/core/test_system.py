"""What only some systems have is in one module; all else runs wherever Python does, as far as it can be told here."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from soundgraph.core import system
from tests import rooms

MODULES = {"fcntl", "grp", "msvcrt", "posix", "pwd", "resource", "termios", "tty", "winreg"}
CALLS = {
    "os": {
        *("chown", "fchmod", "fchown", "fork", "getegid", "geteuid", "getgid", "getpgid", "getsid", "getuid", "killpg"),
        *(
            "lchown",
            "major",
            "minor",
            "mkfifo",
            "mknod",
            "nice",
            "O_CLOEXEC",
            "O_DIRECTORY",
            "O_NOFOLLOW",
            "O_NONBLOCK",
        ),
        *("pread", "pwrite", "sched_getaffinity", "setsid", "statvfs", "sysconf", "sync", "wait", "WNOHANG"),
    },
    "signal": {
        "alarm",
        "pause",
        "pthread_kill",
        "pthread_sigmask",
        "setitimer",
        "SIGALRM",
        "SIGHUP",
        "SIGKILL",
        "SIGUSR1",
    },
}


def used(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        if isinstance(node, ast.ImportFrom) and node.module in MODULES:
            yield node.module
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            names = {node.attr} & CALLS.get(node.value.id, set())
            yield from (f"{node.value.id}.{name}" for name in names)


def test_no_other_module_calls_what_only_some_systems_have() -> None:
    elsewhere = {name: list(used(path)) for name, path in rooms.modules().items() if name != "core.system"}
    assert {name: found for name, found in elsewhere.items() if found} == {}
    assert "fcntl" in used(rooms.modules()["core.system"])  # it would be found


@pytest.mark.skipif(sys.platform == "win32", reason="what Windows has is there")
def test_without_it_the_rest_stands_in() -> None:
    """The branch for Windows, as far as it can be run here: with a msvcrt that grants everything."""
    code = """
import sys, types
sys.platform = "win32"
sys.modules["msvcrt"] = types.SimpleNamespace(LK_NBLCK=0, LK_UNLCK=1, locking=lambda *given: None)
sys.modules["fcntl"] = sys.modules["resource"] = None
from soundgraph.core import system
with open(sys.argv[1], "wb+") as file:
    system.lock_range(file.fileno(), 7, True, False)
    system.unlock_range(file.fileno(), 7)
    system.lock_whole(file)
system.sync_folder(None), system.set_group(sys.argv[1], 0), system.kill_group(1)
print(system.user_id(), system.address_limit_bytes(), system.page_bytes() > 0, len(system.processors()) > 0)
"""
    told = subprocess.run([sys.executable, "-c", code, os.devnull], capture_output=True, text=True, check=False)
    assert (told.stdout, told.stderr) == ("None None True True\n", "")


def test_this_process_is_known() -> None:
    assert system.processors()
    assert system.page_bytes() >= 512
    if hasattr(os, "geteuid"):
        assert system.user_id() == os.geteuid()
