"""House presets of exports: a name for where a sound is used, and the levels that usually go with it."""

from __future__ import annotations

from typing import Any, Literal

Preset = Literal["console", "mobile", "dialogue", "ui", "music", "raw"]

PRESETS: dict[str, dict[str, Any]] = {
    "console": {"loudness_lufs": -23.0, "true_peak_dbtp": -1.0},
    "mobile": {"loudness_lufs": -18.0, "true_peak_dbtp": -1.0},
    "dialogue": {"loudness_lufs": -21.0, "true_peak_dbtp": -2.0},
    "ui": {"true_peak_dbtp": -6.0},
    "music": {"loudness_lufs": -24.0, "true_peak_dbtp": -1.0},
    "raw": {"headroom": "none"},
}
"""What an export that names a preset gets where it says nothing itself.

They are habits of this house, no standard: what platforms and ASWG-R001 ask for is the loudness of a whole title over
half an hour of play, which no single asset has. `ui` has no loudness, since most of its sounds are under 400 ms.
"""
