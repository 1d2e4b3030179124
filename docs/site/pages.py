"""What the site needs beyond the pages as they are: a first page, and code blocks whose marks only tests read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

_REPOSITORY = Path(__file__).resolve().parents[2]


def on_files(files: Files, config: Any) -> Files:
    """The README is the first page; its links into docs/ are links beside it."""
    text = (_REPOSITORY / "README.md").read_text(encoding="utf-8")
    files.append(File.generated(config, "index.md", content=text.replace("](docs/", "](")))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Without the word behind a block's language, which tells tests how to read it; and without links out of docs/."""
    markdown = re.sub(r"^( *```\w+) \S+$", r"\1", markdown, flags=re.MULTILINE)
    return re.sub(r"\[([^\]\n]+)\]\((?:\.\./)*(?:graphs|tests|soundgraph|LICENSE)[^)]*\)", r"\1", markdown)
