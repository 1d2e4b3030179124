"""Where the ticks of an axis are, and what stands beside them."""

from __future__ import annotations

import math

_FREQUENCIES_HZ = (50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000)


def times(seconds: float, most: int) -> list[tuple[float, str]]:
    """At most `most` + 1 ticks from 0 on, at 1, 2 or 5 times a power of ten (in minutes: at whole parts of one)."""
    if seconds <= 0:
        return [(0.0, "0 s")]
    step = _step(seconds / most)
    # A step that is off by a rounding error must not lose the last tick.
    ticks = [step * i for i in range(math.floor(seconds / step + 1e-9) + 1)]
    return [(tick, clock(tick, step, seconds)) for tick in ticks]


def _step(least: float) -> float:
    if least > 5:
        minutes = (10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
        return float(next((step for step in minutes if step >= least), 10800))
    exponent = math.floor(math.log10(least))
    return next(factor * 10.0**exponent for factor in (1, 2, 5, 10) if factor * 10.0**exponent >= least * (1 - 1e-9))


def clock(seconds: float, step: float, whole: float) -> str:
    """ "1.5 s", "20 ms", or "1:30" in a sound of a minute or more: with as many decimals as `step` needs."""
    if whole >= 60 and step >= 1:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes}:{rest:02}"
    if whole < 1:
        return f"{seconds * 1000:.{_decimals(step * 1000)}f} ms"
    return f"{seconds:.{_decimals(step)}f} s"


def _decimals(step: float) -> int:
    return max(0, -math.floor(math.log10(step) + 1e-9))


def frequencies(lowest_hz: float, highest_hz: float) -> list[float]:
    """The ticks of an axis of frequencies."""
    return [float(hz) for hz in _FREQUENCIES_HZ if lowest_hz <= hz <= highest_hz]


def hertz(frequency_hz: float) -> str:
    """ "500 Hz", "2 kHz", "7.9 kHz"."""
    if frequency_hz < 999.5:
        return f"{frequency_hz:.0f} Hz"
    thousands = f"{frequency_hz / 1000:.1f}"
    return f"{thousands.removesuffix('.0')} kHz"
