"""Which backend serves a model, and which of them make drafts."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from soundgraph import backends
from soundgraph.core.errors import PluginError
from tests.plugins import offer


def test_draft_is_what_the_backend_says_of_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    model = backends.find("draft/music")
    assert model is not None
    assert model.draft
    assert (backends.is_draft("draft"), backends.is_draft("audiocraft")) == (True, False)
    monkeypatch.setattr(backends.get("draft"), "draft", False)
    assert not model.draft
    assert not dataclasses.replace(model, backend="audiocraft").draft


def test_a_backend_that_is_not_here_made_takes() -> None:
    """They may have cost hours elsewhere: nobody throws them away as cheap."""
    assert not backends.is_draft("of another machine")


ODD = """from soundgraph.core.params import NodeRef, Params
class BACKEND:
    name, version, draft = 'odd', 1, False
"""


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("BACKEND = 3", "has no name that is a text"),
        ("class BACKEND:\n    name, version = 'odd', 1", "has no draft that is true or false"),
        (ODD, "has no params that are soundgraph.core.params.Params"),
        (ODD.replace("False", "False\n    params = Params"), "has no models: see soundgraph.backends.Backend"),
        (
            ODD.replace("False", "False\n    class params(Params):\n        seed: int = 0"),
            'takes "seed" in a way of its own, and every generate node has that',
        ),
        (
            ODD.replace("False", "False\n    class params(Params):\n        sung_by: NodeRef | None = None"),
            'takes "sung_by", which names a node or a file',
        ),
        ("raise OSError('no such card')", "cannot be loaded: OSError: no such card"),
    ],
)
def test_one_of_a_package_that_cannot_be_used_is_told_of_and_makes_no_drafts(
    install: Callable[[str], None], code: str, wrong: str
) -> None:
    install(code)
    with pytest.raises(PluginError) as caught:
        backends.get("odd")
    assert caught.value.what == f'backend "odd" of package "odd-audio" {wrong}'
    assert not backends.is_draft("odd")


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Installs a package that brings a backend with that code."""

    def install(code: str) -> None:
        offer(tmp_path, "Odd.Audio", "1.0", [("soundgraph.backends", "odd = odd_audio:BACKEND")])
        (tmp_path / "odd_audio.py").write_text(code, encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, "odd_audio", raising=False)

    return install
