"""Runs what the pages in docs/ and the README show of a terminal, and compares it or writes down what was printed.

    python docs/transcripts.py            says which blocks are out of date
    python docs/transcripts.py --write    brings them up to date

A block of ```console holds commands, each on a line that begins with "$ ", and under each what it prints. The blocks of
a page are run one after another in a fresh copy of graphs/. Lines may come in any order, since nodes run side by side,
and take any time; a line "…" stands for some that are left out.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
REPOSITORY = FOLDER.parent
LEFT_OUT = "…"

_BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)
_TIME = re.compile(r"  [\d.]+ s$|(?<=about )[\d.]+ (?:s|min)", re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """A command, the lines that a page shows under it, and those that it printed."""

    command: str
    shown: list[str]
    printed: list[str]

    @property
    def agrees(self) -> bool:
        shown = Counter(_TIME.sub("", line) for line in self.shown if line != LEFT_OUT)
        printed = Counter(_TIME.sub("", line) for line in self.printed)
        return shown <= printed if LEFT_OUT in self.shown else shown == printed


def pages() -> list[Path]:
    """Those that hold a transcript."""
    found = [REPOSITORY / "README.md", *sorted(FOLDER.rglob("*.md"))]
    return [page for page in found if _BLOCK.search(page.read_text(encoding="utf-8"))]


def commands(text: str) -> list[str]:
    return [command for block in _BLOCK.findall(text) for command, _ in _steps(block)]


def run(text: str, folder: Path) -> list[list[Step]]:
    """The steps of each block of a page. folder: an empty one to work in."""
    shutil.copytree(REPOSITORY / "graphs", folder / "graphs")
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "120",
        "NO_COLOR": "1",
        **{f"GIT_{who}_{what}": "nobody" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    blocks = []
    for block in _BLOCK.findall(text):
        steps = []
        for command, shown in _steps(block):
            done = subprocess.run(
                command, shell=True, cwd=folder, env=environment, text=True, stdout=-1, stderr=subprocess.STDOUT
            )
            steps.append(Step(command, shown, done.stdout.splitlines()))
        blocks.append(steps)
    return blocks


def _steps(block: str) -> Iterator[tuple[str, list[str]]]:
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, *shown = part.rstrip("\n").split("\n")
        yield command, shown


def main() -> int:
    write = sys.argv[1:] == ["--write"]
    stale = 0
    for page in pages():
        text = page.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            blocks = run(text, Path(folder))
        wrong = [step for steps in blocks for step in steps if not step.agrees]
        stale += len(wrong)
        for step in wrong:
            by_hand = write and LEFT_OUT in step.shown
            print(f"{page.relative_to(REPOSITORY)}: $ {step.command}{': to be edited by hand' if by_hand else ''}")
        if wrong and write:
            fresh = iter(blocks)
            page.write_text(_BLOCK.sub(lambda match: _text(next(fresh)), text), encoding="utf-8")  # noqa: B023
    return 1 if stale and not write else 0


def _text(steps: list[Step]) -> str:
    lines = []
    for step in steps:
        keep = step.agrees or LEFT_OUT in step.shown
        lines += [f"$ {step.command}", *(step.shown if keep else step.printed)]
    return "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
