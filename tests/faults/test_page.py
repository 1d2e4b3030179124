"""docs/trust.md: what it names is there."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def test_every_promise_names_tests_that_exist() -> None:
    text = (REPOSITORY / "docs" / "trust.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| **")]
    assert rows
    for row in rows:
        named = re.findall(r"`(tests/[^`]+)`", row)
        assert named, row
        assert all((REPOSITORY / path).is_file() for path in named), row
