"""What is found damaged in a cache, kept until somebody tells of it."""

from __future__ import annotations

from collections import deque


class Damage:
    """Lines to be told. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque()

    def add(self, line: str) -> None:
        self._lines.append(line)

    def of_file(self, name: str, is_aside: bool) -> None:
        what = "was damaged and is set aside" if is_aside else "is damaged, and cannot be set aside"
        self.add(f"{name} {what}")

    def of_index(self) -> None:
        self.add("index/cache.db was damaged and is set aside; it is made again from the files of the records")

    def told(self) -> list[str]:
        """The lines since this was last asked."""
        lines = []
        while self._lines:
            lines.append(self._lines.popleft())
        return lines
