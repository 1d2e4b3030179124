"""A made-up package that offers soundgraph what it does not have, and how a test installs it."""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path

TOYS = Path(__file__).parent / "toy-sounds"


def install(site: Path, source: Path = TOYS) -> Path:
    """Puts a package into a folder for `PYTHONPATH`, as pip would. source: the folder with its pyproject.toml.

    Returns the folder with its code.
    """
    project = tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (folder,) = (path for path in source.iterdir() if path.is_dir())
    code = site / folder.name
    shutil.copytree(folder, code, ignore=shutil.ignore_patterns("__pycache__"))
    points = [
        (group, f"{point} = {value}")
        for group, offered in project["entry-points"].items()
        for point, value in offered.items()
    ]
    offer(site, project["name"], project["version"], points)
    return code


def offer(site: Path, name: str, version: str, points: list[tuple[str, str]]) -> None:
    """Writes what an installed distribution says of itself. points: (group, "name = module:attribute")."""
    about = site / f"{re.sub('[-_.]+', '_', name).lower()}-{version}.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    lines = [line for group, point in points for line in (f"[{group}]", point)]
    (about / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
