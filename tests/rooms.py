"""The rooms of the package: how many modules each has, in how many rows they stand, class names that stand twice, and
modules of ours that are called by another name.

Run it: `python -m tests.rooms`. `test_rooms.py` holds what must be so; which room may import which is the import
linter's business (pyproject.toml).
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import networkx as nx

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "soundgraph"
MOST_ROWS = 4

FOLDERS = ("soundgraph", "tests", "docs")
"""Where there is Python."""


def modules() -> dict[str, Path]:
    """Each module's path, by its name without "soundgraph."."""
    return {name_of(path): path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE}


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")


def imports(path: Path, known: dict[str, Path]) -> Iterator[str]:
    """The modules of the package that a file imports, but for those that only its annotations need."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    unused = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and id(node) not in unused:
            base = (node.module or "").partition("soundgraph.")[2]
            for alias in node.names:
                inner = f"{base}.{alias.name}".lstrip(".")
                if inner in known or base in known:
                    yield inner if inner in known else base


def room_graph(room: str) -> nx.DiGraph[str]:
    """What of a room imports what: its files and folders, a folder being one thing."""
    known = modules()
    inside = {name: path for name, path in known.items() if name.startswith(f"{room}.")}
    graph: nx.DiGraph[str] = nx.DiGraph()
    for name, path in inside.items():
        here = name.split(".")[1]
        graph.add_node(here)
        for other in imports(path, known):
            if other in inside and other.split(".")[1] != here:
                graph.add_edge(here, other.split(".")[1])
    return graph


def rows(graph: nx.DiGraph[str]) -> list[list[str]]:
    """From the bottom up; each imports only from rows below its own. Raises NetworkXUnfeasible where that cannot be."""
    height: dict[str, int] = {}
    for name in reversed(list(nx.topological_sort(graph))):
        height[name] = max((height[below] + 1 for below in graph.successors(name)), default=0)
    by_height: list[list[str]] = [[] for _ in range(max(height.values(), default=-1) + 1)]
    for name in sorted(height):
        by_height[height[name]].append(name)
    return by_height


def rooms() -> list[str]:
    return sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))


def classes_twice() -> dict[str, list[str]]:
    """The modules of each class name that is defined more than once."""
    places = defaultdict(list)
    for name, path in modules().items():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                places[node.name].append(name)
    return {name: sorted(modules) for name, modules in sorted(places.items()) if len(modules) > 1}


def aliases(folder: Path) -> list[str]:
    """Where a file below `folder` imports a module of ours under another name, as "file:line: import"."""
    places = []
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                whole = [alias.name for alias in node.names if alias.asname]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                whole = [f"{node.module}.{alias.name}" for alias in node.names if alias.asname]
            else:
                continue
            if any(_is_module(name) for name in whole):
                places.append(f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}")
    return places


def _is_module(name: str) -> bool:
    place = ROOT.joinpath(*name.split("."))
    return place.is_dir() or place.with_name(f"{place.name}.py").is_file()


def main() -> None:
    for room in rooms():
        graph = room_graph(room)
        count = sum(name.split(".")[0] == room for name in modules())
        print(f"{room}: {count} modules, {len(rows(graph))} rows")
        for row in reversed(rows(graph)):
            print(f"    {' '.join(row)}")
    for name, places in classes_twice().items():
        print(f"class {name} stands in {', '.join(places)}")
    for folder in FOLDERS:
        for place in aliases(ROOT / folder):
            print(place)


if __name__ == "__main__":
    main()
