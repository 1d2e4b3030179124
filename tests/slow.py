"""Which tests `make test-fast` leaves out: those that were measured to take long, one a line in `slow.txt`.

    python -m pytest tests --junitxml=times.xml && python -m tests.slow times.xml

writes the list anew. A test that is not in it counts as fast, so a new one runs at once. Folders whose tests start
processes, break things on purpose or need torch are slow as a whole, and so are those of the pages of `docs/`.
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from collections import defaultdict
from pathlib import Path

LIST = Path(__file__).with_name("slow.txt")
FOLDERS = (
    *("backends", "e2e", "faults", "hostile", "plugins", "random", "test_bench_generation.py", "test_bench_kinds.py"),
    *("test_bench_projects.py", "test_contributing.py", "test_docs.py", "test_examples.py", "test_pipelines.py"),
)
MOST_S = 0.08
"""Of one case. A function is slow when one of its cases is, or when all together take ten times as long."""


def is_slow(node_id: str, listed: frozenset[str]) -> bool:
    """node_id: as pytest has it, with the folder "tests/"."""
    path, _, name = node_id.partition("::")
    folder = path.removeprefix("tests/").partition("/")[0]
    return folder in FOLDERS or f"{path}::{name.partition('[')[0]}" in listed


def listed() -> frozenset[str]:
    return frozenset(LIST.read_text(encoding="utf-8").split())


def measured(reports: list[str]) -> list[str]:
    """The slow functions by the reports of test runs."""
    times = defaultdict(list)
    for report in reports:
        for case in ET.parse(report).getroot().iter("testcase"):
            path = case.attrib["classname"].replace(".", "/") + ".py"
            times[f"{path}::{case.attrib['name'].partition('[')[0]}"].append(float(case.attrib["time"]))
    slow = {name for name, each in times.items() if max(each) >= MOST_S or sum(each) >= 10 * MOST_S}
    return sorted(name for name in slow if not is_slow(name, frozenset()))


if __name__ == "__main__":
    LIST.write_text("".join(f"{name}\n" for name in measured(sys.argv[1:])), encoding="utf-8")
