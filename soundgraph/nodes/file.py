"""Take a recording from a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from soundgraph.audio.containers import decode
from soundgraph.core.errors import NodeError
from soundgraph.core.params import FileRef, Params
from soundgraph.nodes import Kind

if TYPE_CHECKING:
    from soundgraph.audio.artifact import Audio


class File(Params):
    path: FileRef = Field(
        min_length=1,
        description="the recording (wav, flac, ogg, aiff, mp3), relative to the scene's file, "
        'with "/" between folders',
    )


def render(node: File, inputs: list[Audio]) -> Audio:
    return decode.read(Path(node.path))


def inspect(node: File) -> None:
    try:
        decode.inspect(Path(node.path))
    except decode.UnreadableError as error:
        # The message about the scene names the file already, as the user wrote it.
        raise NodeError(error.reason) from error


def decoder(node: File) -> str:
    return decode.version(Path(node.path))


def programs(node: File) -> list[str]:
    return decode.programs(Path(node.path))


KIND = Kind(version=1, params=File, render=render, inspect=inspect, decoder=decoder, programs=programs)
