"""Meters that share nothing with the package: scipy's resampler with its own filters, ffmpeg, and libebur128."""

from __future__ import annotations

import ctypes
import ctypes.util
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from soundgraph.audio.artifact import Audio


def scipy_true_peak_db(audio: Audio, reach: int, beta: float = 8.0, cutoff: float = 1.0) -> float:
    """At eight times the rate, by a windowed sinc that reaches so many samples to either side."""
    from scipy import signal

    taps = signal.firwin(16 * reach + 1, cutoff / 8, window=("kaiser", beta))
    padded = np.pad(audio.samples.astype(np.float64), ((0, 0), (reach + 2, reach + 2)))
    return float(20 * np.log10(np.abs(signal.resample_poly(padded, 8, 1, axis=1, window=taps)).max()))


def ffmpeg_true_peak_db(audio: Audio, folder: Path) -> float:
    """As its EBU R128 filter prints it, to a tenth of a dB."""
    path = folder / "metered.wav"
    path.write_bytes(audio.to_wav())
    return ffmpeg_true_peak_db_of(path)


def ffmpeg_true_peak_db_of(path: Path) -> float:
    """The same of a file in any format."""
    return float(re.findall(r"Peak:\s+(\S+) dBFS", _ebur128(path, "peak=true"))[-1])


def ffmpeg_lufs(audio: Audio, folder: Path) -> float:
    """Integrated loudness, to 0.001 LU."""
    path = folder / "metered.wav"
    path.write_bytes(audio.to_wav())
    printed = _ebur128(path, "metadata=1,ametadata=mode=print:key=lavfi.r128.I")
    return float(re.findall(r"lavfi.r128.I=(\S+)", printed)[-1])


def _ebur128(path: Path, options: str) -> str:
    """What ffmpeg prints. Skips the test where there is none."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    command = ["ffmpeg", "-hide_banner", "-nostats", "-i", str(path), "-af", f"ebur128={options}", "-f", "null", "-"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr


_MODE_I = 5  # EBUR128_MODE_I of ebur128.h


def libebur128_lufs(audio: Audio, places: Sequence[int] = ()) -> float:
    """Integrated loudness by libebur128; places: what its channels are, as `enum channel` of its header has it.

    Skips the test where there is no libebur128.
    """
    name = ctypes.util.find_library("ebur128")
    if name is None:
        pytest.skip("libebur128 is not installed")
    library = ctypes.CDLL(name)
    library.ebur128_init.restype = ctypes.c_void_p
    library.ebur128_init.argtypes = [ctypes.c_uint, ctypes.c_ulong, ctypes.c_int]
    library.ebur128_add_frames_float.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
    library.ebur128_set_channel.argtypes = [ctypes.c_void_p, ctypes.c_uint, ctypes.c_int]
    library.ebur128_loudness_global.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    state = ctypes.c_void_p(library.ebur128_init(audio.channels, audio.sample_rate, _MODE_I))
    for channel, place in enumerate(places):
        assert library.ebur128_set_channel(state, channel, place) == 0
    frames = np.ascontiguousarray(audio.samples.T)
    assert library.ebur128_add_frames_float(state, frames.ctypes.data, len(frames)) == 0
    found = ctypes.c_double()
    assert library.ebur128_loudness_global(state, ctypes.byref(found)) == 0
    library.ebur128_destroy(ctypes.byref(state))
    return found.value
