"""True-peak meters that share nothing with the package: scipy's resampler with its own filters, and ffmpeg."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np

from soundgraph.audio import Audio


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
    command = ["ffmpeg", "-hide_banner", "-i", str(path), "-af", "ebur128=peak=true", "-f", "null", "-"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return float(re.findall(r"Peak:\s+(\S+) dBFS", printed)[-1])
