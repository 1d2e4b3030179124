"""The sounds that the kinds are measured on: a bed of noise with hits, swells and pauses in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from soundgraph.audio.artifact import Audio, make, n_samples
from soundgraph.audio.dsp.coloured_noise import noise

RATE = 48000
_HIT_S = 0.4
_GAP_S = 0.53
_EDGE_S = 0.5

NAMES = ("stereo", "other", "mono", "first", "second", "framed", "key", "room")


def sound(name: str, seconds: float) -> Audio:
    """One of `NAMES`, `seconds` long where nothing else is said.

    stereo, other, mono: noise at -32 dBFS that swells by ±6 dB, and twice a second a hit of up to full scale, whose
    tone and level change. first, second: halves of such a sound that overlap by a thirtieth. framed: with silence at
    both ends. key: mono, hits in silence with pauses of seconds. room: a decaying noise, a thirtieth as long.
    """
    if name == "room":
        n = n_samples(seconds / 30, RATE)
        return make(0.1 * noise("white", n, 2, RATE, 9) * np.exp(-6.9 * np.arange(n) / n), RATE)
    if name in ("first", "second"):
        seconds *= 31 / 60
    n = n_samples(seconds, RATE)
    channels = 1 if name in ("mono", "key") else 2
    seed = NAMES.index(name)
    hits = _hits(n, channels, seed)
    if name == "key":
        # Four seconds in which something is heard, two in which nothing is.
        return make(hits * (np.arange(n) % (6 * RATE) < 4 * RATE), RATE)
    swell = 10 ** (6 / 20 * np.sin(2 * np.pi * np.arange(n) / (11.3 * RATE)))
    samples = 0.025 * swell * noise("pink", n, channels, RATE, seed) + hits
    if name == "framed":
        edge = min(n_samples(_EDGE_S, RATE), n // 4)
        samples[:, :edge] = samples[:, n - edge :] = 0.0
    return make(samples, RATE)


def _hits(n: int, channels: int, seed: int) -> np.ndarray:
    """Shape (channels, n): tones and noise that begin at once and die away."""
    chance = np.random.default_rng(seed)
    result = np.zeros((channels, n))
    t = np.arange(n_samples(_HIT_S, RATE)) / RATE
    burst = chance.uniform(-1, 1, t.size)
    for at in range(n_samples(0.1, RATE), n, n_samples(_GAP_S, RATE)):
        level = 10 ** (chance.uniform(-20, 0) / 20)
        tone = np.sin(2 * np.pi * 2 ** chance.uniform(6, 12) * t)
        hit = level * np.exp(-t * chance.uniform(10, 60)) * (0.7 * tone + 0.3 * burst)
        sides = np.sqrt(chance.dirichlet(np.ones(channels)))
        room = min(t.size, n - at)
        result[:, at : at + room] += (sides[:, np.newaxis] * hit)[:, :room]
    return result


def write(folder: Path, seconds: float) -> None:
    """All sounds, each as NAME.wav for programs and as NAME.npy, which is read without a second copy in memory."""
    for name in NAMES:
        made = sound(name, seconds)
        (folder / f"{name}.wav").write_bytes(made.to_wav())
        np.save(folder / f"{name}.npy", made.samples)
    (folder / "nothing.wav").write_bytes(make(np.zeros((2, 1)), RATE).to_wav())


def read(folder: Path, name: str) -> Audio:
    return Audio(np.load(folder / f"{name}.npy"), RATE)
