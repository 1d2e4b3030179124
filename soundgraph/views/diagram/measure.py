"""How wide text may become in whatever sans-serif font a viewer has, and text cut so that it fits."""

from __future__ import annotations

import unicodedata

# Widths in em, no smaller than those of DejaVu Sans and Verdana, the widest fonts in common use. A picture does not
# carry its font along, so what fits in these fits in Helvetica, Arial, Segoe UI and Inter all the more.
_CLASSES = {
    0.31: "'ijl",
    0.37: " .,:;I|·",
    0.44: "!()[]/\\ftr-",
    0.50: '_*"°‘’“”`',
    0.60: "cksvxyzLJ?",
    0.85: "+<=>~^#wOQGDNHUVX&ABCKMRSPEFYZ",
    1.00: "mMW%@—…→",
}
_WIDTHS = {char: width for width, chars in _CLASSES.items() for char in chars}
_OTHER_ASCII = 0.65
_OTHER = 1.17
_WIDE = 1.3  # emoji are wider than they are high in some fonts
_BOLD = 1.14


def width(text: str, size_px: float, bold: bool = False) -> float:
    """An upper bound of the width of `text` in px."""
    ems = sum(_WIDTHS.get(char) or _unlisted(char) for char in text)
    return ems * size_px * (_BOLD if bold else 1.0)


def fit(text: str, size_px: float, limit_px: float, bold: bool = False) -> str:
    """As much of `text` as is no wider than `limit_px`, with "…" in place of what is gone."""
    if width(text, size_px, bold) <= limit_px:
        return text
    kept = len(text)
    while kept and width(text[:kept].rstrip() + "…", size_px, bold) > limit_px:
        kept -= 1
    return text[:kept].rstrip() + "…"


def wrap(text: str, size_px: float, limit_px: float, lines: int, breaks: str = " ") -> list[str]:
    """`text` in at most `lines` lines no wider than `limit_px`, broken where it holds `breaks` if that can be."""
    wrapped: list[str] = []
    words = text.split(breaks)
    while words and len(wrapped) < lines - 1:
        many = 1
        while many < len(words) and width(breaks.join(words[: many + 1]), size_px) <= limit_px:
            many += 1
        line = breaks.join(words[:many]) + (breaks.rstrip() if many < len(words) else "")
        if width(line, size_px) > limit_px:  # a word without a break: all that is left goes to the last line
            break
        wrapped.append(line)
        words = words[many:]
    if words:
        wrapped.append(fit(breaks.join(words), size_px, limit_px))
    return wrapped


def _unlisted(char: str) -> float:
    if char.isascii():
        return _OTHER_ASCII
    if unicodedata.combining(char):
        return 0.0
    return _WIDE if unicodedata.east_asian_width(char) in "WF" or ord(char) >= 0x1F000 else _OTHER
