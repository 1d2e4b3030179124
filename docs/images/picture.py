"""Draws a sound file as an SVG: its waveform, and its spectrogram up to half the sample rate.

python docs/images/picture.py build/draft/rainy_forest.wav docs/images/rainy_forest_sound.svg
"""

from __future__ import annotations

import base64
import struct
import sys
import zlib
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WIDTH, WAVE_HEIGHT, SPECTRUM_HEIGHT = 720, 90, 200
LEFT, TOP, GAP = 48, 26, 14
WINDOW = 2048
FLOOR_DB = 80.0
LOWEST_HZ = 40.0

# From dark to bright, at equal distances; in between the colours are interpolated.
COLOURS = np.array([(13, 17, 33), (46, 33, 92), (122, 44, 116), (203, 72, 92), (247, 150, 80), (252, 236, 175)], float)


def main() -> None:
    source, target = map(Path, sys.argv[1:3])
    samples, rate = soundfile.read(source, always_2d=True)
    target.write_text(picture(samples.T, rate, source.name), encoding="utf-8")
    print(f"{target}: {target.stat().st_size / 1000:.0f} kB")


def picture(samples: Floats, rate: int, title: str) -> str:
    """samples: shaped (channels, n)."""
    seconds = samples.shape[1] / rate
    png = base64.b64encode(image(spectrogram(samples.mean(axis=0), rate))).decode()
    spectrum_top = TOP + WAVE_HEIGHT + GAP
    height = spectrum_top + SPECTRUM_HEIGHT + 24
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 24}" height="{height}"'
        ' font-family="sans-serif" font-size="11" fill="#555">',
        f'<rect width="100%" height="{height}" fill="#fff"/>',
        f'<text x="{LEFT}" y="16" font-size="12" fill="#222">{title}: {seconds:g} s at {rate} Hz, '
        f"{'stereo' if len(samples) == 2 else 'mono'}</text>",
        f'<path d="{outline(samples)}" fill="#3d6c9e"/>',
        f'<text x="{LEFT - 6}" y="{TOP + 8}" text-anchor="end">0 dBFS</text>',
        f'<image x="{LEFT}" y="{spectrum_top}" width="{WIDTH}" height="{SPECTRUM_HEIGHT}"'
        f' preserveAspectRatio="none" href="data:image/png;base64,{png}"/>',
    ]
    for hz in (100, 1000, 10000):
        if hz < rate / 2:
            y = spectrum_top + SPECTRUM_HEIGHT * (1 - np.log(hz / LOWEST_HZ) / np.log(rate / 2 / LOWEST_HZ))
            label = f"{hz} Hz" if hz < 1000 else f"{hz // 1000} kHz"
            parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.0f}" text-anchor="end">{label}</text>')
    step = next(step for step in (0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60) if seconds / step <= 16)
    for tick in np.arange(0, seconds + step / 100, step):
        x = LEFT + WIDTH * tick / seconds
        parts.append(f'<text x="{x:.0f}" y="{height - 8}" text-anchor="middle">{tick:g} s</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def outline(samples: Floats) -> str:
    """The least and greatest sample of each column, as a closed path."""
    columns = np.array_split(samples, WIDTH // 2, axis=1)
    middle = TOP + WAVE_HEIGHT / 2
    upper = [f"{LEFT + 2 * i},{middle - column.max() * WAVE_HEIGHT / 2:.1f}" for i, column in enumerate(columns)]
    lower = [f"{LEFT + 2 * i},{middle - column.min() * WAVE_HEIGHT / 2:.1f}" for i, column in enumerate(columns)]
    return f"M{' '.join([*upper, *reversed(lower)])}Z"


def spectrogram(mono: Floats, rate: int) -> Floats:
    """Levels from 0 (the floor) to 1 (the loudest), shaped (SPECTRUM_HEIGHT, WIDTH / 2), low frequencies last."""
    starts = np.linspace(-WINDOW / 2, len(mono) - WINDOW / 2, WIDTH // 2).astype(int)
    padded = np.pad(mono, WINDOW)
    frames = np.stack([padded[start + WINDOW : start + 2 * WINDOW] for start in starts])
    power = np.abs(np.fft.rfft(frames * np.hanning(WINDOW), axis=1)) ** 2
    edges = np.geomspace(LOWEST_HZ, rate / 2, SPECTRUM_HEIGHT + 1) / (rate / WINDOW)
    rows = []
    for low, high in pairwise(edges):
        first = min(int(low), power.shape[1] - 1)
        rows.append(power[:, first : max(first + 1, int(high))].mean(axis=1))
    level_db = 10 * np.log10(np.array(rows[::-1]) + 1e-20)
    return np.asarray(np.clip(1 + (level_db - level_db.max()) / FLOOR_DB, 0, 1))


def image(levels: Floats) -> bytes:
    """A PNG with a palette of 64 colours."""
    palette = np.stack([np.interp(np.linspace(0, 5, 64), range(6), COLOURS[:, i]) for i in range(3)], axis=1)
    pixels = np.rint(levels * 63).astype(np.uint8)
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    height, width = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = (
        (b"IHDR", header),
        (b"PLTE", palette.astype(np.uint8).tobytes()),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


if __name__ == "__main__":
    main()
