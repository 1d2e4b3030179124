"""The command lines of sox and ffmpeg, and what the same program costs when it does nothing."""

from __future__ import annotations

import struct
from pathlib import Path

from tests.bench.kinds.cases import FFMPEG, SOX, Case, Peer

MADE = "made.wav"

_SOX_OUT = ["-e", "floating-point", "-b", "32"]
_FFMPEG = ["ffmpeg", "-nostdin", "-v", "error", "-y"]
_FFMPEG += ["-threads", "1", "-filter_threads", "1", "-filter_complex_threads", "1"]


def command(case: Case, peer: Peer) -> list[str]:
    """What a peer is run with, in the folder of the sounds; it writes `MADE`."""
    files = [f"{name}.wav" for name in case.sounds]
    if peer.tool == SOX:
        effects = peer.does.split() * peer.times
        if effects[0] == "-m":
            return ["sox", "-D", *effects, *_SOX_OUT, MADE]
        if not files:
            return ["sox", "-D", "-n", "-r", "48000", "-c", "2", *_SOX_OUT, MADE, *effects]
        return ["sox", "-D", *files, *_SOX_OUT, MADE, *effects]
    graph = ",".join([peer.does] * peer.times)
    if not files:
        return [*_FFMPEG, "-f", "lavfi", "-i", graph, "-c:a", "pcm_f32le", MADE]
    sources = [word for name in files for word in ("-i", name)]
    return [*_FFMPEG, *sources, "-filter_complex", graph, "-c:a", "pcm_f32le", MADE]


def idle(case: Case, peer: Peer) -> list[tuple[float, list[str]]]:
    """Commands with weights, whose sum is what starting, reading the inputs and writing the result costs the program.

    Half of copying a file counts as reading it, half as writing it. Where the result is as long as the one input, the
    sum is that of a plain copy; each copy starts the program, which is put right by copies of nothing.
    """
    inputs = [f"{name}.wav" for name in case.sounds]
    if inputs == ["stereo.wav"] and case.kind not in ("mono", "resample", "stretch"):
        return [(1.0, _copy(peer, "stereo.wav"))]
    found = [(0.5, _copy(peer, name)) for name in [*inputs, "result.wav"]]
    return [*found, (1.0 - len(found) / 2, _copy(peer, "nothing.wav"))]


def _copy(peer: Peer, name: str) -> list[str]:
    if peer.tool == SOX:
        return ["sox", "-D", name, *_SOX_OUT, "copy.wav"]
    assert peer.tool == FFMPEG
    return [*_FFMPEG, "-i", name, "-c:a", "pcm_f32le", "copy.wav"]


def length(path: Path) -> int:
    """Samples of a channel of a float32 WAV file, by its size: programs put other chunks before the samples."""
    data = path.read_bytes()
    at = 12
    channels = 1
    while data[at : at + 4] != b"data":
        if data[at : at + 4] == b"fmt ":
            (channels,) = struct.unpack_from("<H", data, at + 10)
        at += 8 + struct.unpack_from("<I", data, at + 4)[0]
    return (len(data) - at - 8) // (4 * channels)
