"""Which names and relative paths a user may write: the same ones on every system that a team works on."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

_NAME = re.compile(r"[\w-]{1,100}")
# Control characters, those that turn or hide text, halves of a pair, and what Windows does not allow.
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff<>:"|?*]')

MAX_PATH = 1000
"""Characters. Each folder of a path is looked at by itself."""

NAME_TAKES = "takes letters, digits, _ and -, at most 100 of them"
NAME_RULE = f"is not a name: it {NAME_TAKES}"
# What Windows takes for a device, whatever follows the dot.
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def folded(path: str) -> str:
    """The path as Windows and macOS compare it: neither case nor the Unicode form of a letter makes a difference.

    "É" may be one character (NFC), or an E and an accent to be put on it (NFD). Two paths are one file where they are
    equal in this form, which is that of canonical caseless matching (Unicode, 3.13).
    """
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())


def is_spelled_as_path(name: str) -> bool:
    """Whether a name that may be a path is one: of a model, a published id or its folder. Nothing is looked up."""
    return name.startswith(("./", "../", "/")) or name in (".", "..")


def is_below(path: str, folder: str) -> bool:
    """Whether a path, once folded, is a folder or lies in it. Both are normal, and start at the same place."""
    path, folder = (folded(text.replace(os.sep, "/")).rstrip("/") for text in (path, folder))
    return path == folder or path.startswith(f"{folder}/")


def real(path: Path) -> Path:
    """The path without links, as far as they lead somewhere. `Path.resolve` fails on a link that leads to itself."""
    return Path(os.path.realpath(path))


def spelled(path: Path) -> Path:
    """The path as it is spelled on the disk, where its names are there in another Unicode form alone; else as it is.

    A file system of macOS does this by itself, and an archive that was packed there brings names of its form along.
    """
    if os.path.lexists(path) or not path.name:
        return path
    folder = spelled(path.parent)
    try:
        names = os.listdir(folder)  # noqa: PTH208
    except OSError:
        return path
    form = unicodedata.normalize("NFC", path.name)
    same = [name for name in names if unicodedata.normalize("NFC", name) == form]
    return folder / same[0] if len(same) == 1 else path


def is_name(name: str) -> bool:
    """Whether a node, an export or an included file's namespace may be called that."""
    return _NAME.fullmatch(name) is not None


def wrong_with(path: str, upwards: bool = False) -> str:
    """Why `path` cannot be a relative path here, to be put after it; "" if it can.

    upwards: whether it may climb with "..", as from a scene to the recordings beside its folder.
    """
    if not path:
        return "must not be empty"
    if len(path) > MAX_PATH:
        return f'has over {MAX_PATH:,} characters ("{path[:20]}…")'
    if "\\" in path:
        return f'"{path}" must have "/" between its folders, not "\\"'
    if path.startswith("/") or re.match(r"[A-Za-z]:", path):
        return f'"{path}" must be relative, not absolute'
    if _UNSAFE.search(path):
        return f'"{_UNSAFE.sub("?", path)}" holds a character that not every system allows in a file name'
    parts = path.split("/")
    if not all(parts):
        return f'"{path}" has an empty part'
    for part in parts:
        if part == ".." and upwards:
            continue
        if part == "..":
            return f'"{path}" must not climb out with ".."'
        if part == "." and upwards:
            continue
        if part.startswith("."):
            return f'"{path}" must not name what is hidden ("{part}")'
        if part.endswith((" ", ".")):
            return f'"{path}" has a part that ends in a space or a dot'
        if _DEVICE.fullmatch(part):
            return f'"{path}" has a part that Windows takes for a device ("{part}")'
        if len(part.encode()) > 200:
            return f'has a part of more than 200 bytes ("{part[:20]}…")'
    return ""
