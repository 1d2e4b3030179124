"""Delivered sounds as manifests get to see them, for the tests of engines."""

from __future__ import annotations

from typing import Any

from soundgraph import engines
from soundgraph.engines import Handout, Sound

HOSTILE = "Ωm \"q\" 'a' \\ ${x} `y` </script> \"\"\" ''' @MENU@ \u2028\u202e tab\there\nline 😀 %s {0}"
"""Text that would get out of a string of any of the languages, were it not quoted."""


def sound(file: str = "gravel.wav", **fields: Any) -> Sound:
    """A sound of one second at 48 kHz; facts may be given by name."""
    stem, _, extension = file.rpartition("/")[2].rpartition(".")
    name = fields.pop("name", stem)
    take = fields.pop("take", None)
    identity = fields.pop("id", f"steps:{name}")
    facts = {
        "duration_s": 1.0,
        "sample_rate": 48000,
        "channels": 1,
        "loudness_lufs": -23.04,
        "true_peak_dbtp": -1.0,
        **fields,
    }
    return Sound(file, name, take, extension, facts, identity)


def takes(count: int = 3, extension: str = "wav", name: str = "gravel", **fields: Any) -> list[Sound]:
    """An export with takes, in footsteps/."""
    numbers = range(1, count + 1)
    return [sound(f"footsteps/{name}_{each:02}.{extension}", name=name, take=each, **fields) for each in numbers]


def deliver(engine: str, path: str, sounds: list[Sound], **params: Any) -> dict[str, bytes]:
    """The files of a manifest, as a build makes them."""
    found = engines.get(engine)
    return found.files(Handout(found.params(**params), path, engines.choose(engine, sounds)))


def text(engine: str, path: str, sounds: list[Sound], wanted: str, **params: Any) -> str:
    """One file of a manifest."""
    return deliver(engine, path, sounds, **params)[wanted].decode("utf-8")
