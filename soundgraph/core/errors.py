"""Every error a user can meet: its words, its place, what to do next, and its exit code."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from soundgraph.core.text import listed, visible

if TYPE_CHECKING:
    from pathlib import Path

EXIT_OK = 0
EXIT_NODE_FAILED = 1
EXIT_WRONG_INPUT = 2
EXIT_WORK_TO_DO = 3
EXIT_INTERRUPTED = 130


_COMPARED = 200
"""Characters of a name that is compared with others: it takes time by the product of their lengths."""


@dataclass(frozen=True, order=True)
class Mistake:
    """One thing the user wrote that cannot be built."""

    file: str
    """As the user would type it, relative to the project's root; "" when there is none (a dict, the command line)."""
    line: int
    """From 1; 0 when unknown."""
    where: str
    """The TOML table, such as "nodes.dark_rain" or "exports.theme"; "" when the file as a whole is meant."""
    what: str
    """One line, no full stop."""
    hint: str = ""
    """What to do next, one line; "" when `what` says it already."""
    keys: tuple[str | int, ...] = field(default=(), compare=False)
    """What leads to the field in the file, as in ("nodes", "rain", "cutoff_hz"); () when the file as a whole is meant,
    or what is wrong stands in none. For programs: it is no part of the text, and two mistakes that read the same are
    one."""

    def __str__(self) -> str:
        file = visible(self.file)
        place = f"{file}:{self.line}" if file and self.line else file
        text = ": ".join(part for part in (place, self.where, self.what) if part)
        return f"{text}\n  {self.hint}" if self.hint else text


MOST_MISTAKES = 1000
"""Of a file, that are told: a stranger's may hold a hundred thousand, and nobody reads those."""


class Mistakes(list[Mistake]):
    """The mistakes of a file, as they are found. Raises SceneError with them when there are too many to go on."""

    def append(self, mistake: Mistake) -> None:
        super().append(mistake)
        if len(self) > MOST_MISTAKES:
            del self[MOST_MISTAKES:]
            more = f"there are more mistakes than these {MOST_MISTAKES:,}; the rest was not looked at"
            raise SceneError([*self, Mistake(mistake.file, 0, "", more)])

    def extend(self, mistakes: Iterable[Mistake]) -> None:
        for mistake in mistakes:
            self.append(mistake)

    def __iadd__(self, mistakes: Iterable[Mistake]) -> Self:  # type: ignore[override, misc]
        self.extend(mistakes)
        return self


class SoundgraphError(Exception):
    """The base of all errors that are not bugs. `str()` of it is what the user reads."""

    exit_code = EXIT_NODE_FAILED


class SceneError(SoundgraphError):
    """What was asked for cannot be built as it is written. Holds all the mistakes, sorted by place.

    read: the files that were read until they were found, or looked for and absent: an edit of one may mend it.
    """

    exit_code = EXIT_WRONG_INPUT

    def __init__(self, mistakes: Iterable[Mistake], read: Iterable[Path] = ()):
        self.read = tuple(read)
        self.mistakes: list[Mistake] = sorted(set(mistakes))
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


class UsageError(SoundgraphError):
    """The command line, or a call of the Python API, asks for something that does not exist."""

    exit_code = EXIT_WRONG_INPUT

    def __init__(self, what: str, hint: str = ""):
        super().__init__(f"{what}\n  {hint}" if hint else what)


class PluginError(UsageError):
    """What an installed package offers cannot be used. `what` is one line that names the package."""

    def __init__(self, what: str, hint: str = ""):
        super().__init__(what, hint)
        self.what, self.hint = what, hint


class NodeError(SoundgraphError):
    """A node could not be rendered: the input was fine when it was checked, and broke while it was used.

    Raised by a kind's `render` or a backend with the plain reason; the builder adds which node it was.
    """


class BuildError(SoundgraphError):
    """Nodes or exports failed. failures: why, by node id or "scene:export". What was finished is kept."""

    def __init__(self, failures: Mapping[str, str]):
        self.failures = dict(failures)
        super().__init__("\n".join(f"{name}: {reason}" for name, reason in self.failures.items()))


class ResourceError(SoundgraphError):
    """The system has no more of something: threads, memory, processes. What was finished is kept."""

    def __init__(self, what: str, hint: str = ""):
        super().__init__(f"{what}\n  {hint}" if hint else what)


NO_THREADS = (
    "the system gives no more threads or processes",
    "a limit is reached: see `ulimit -u` and `ulimit -v`, or the limits of the container",
)
_NO_FILES = "the system opens no more files at once", "a limit is reached: see `ulimit -n`"
_LACKING = {
    errno.EMFILE: _NO_FILES,
    errno.ENFILE: _NO_FILES,
    errno.ENOMEM: ("there is not enough memory for it", ""),
}
_NOT_MAPPED = ("annot allocate memory", "failed to map segment", "annot create shared object descriptor")


class StoreError(SoundgraphError):
    """The cache cannot be read or written."""


class UnwritableError(StoreError):
    """The cache can be read, and nothing can be put into it. Found out before anything runs."""


class BusyError(StoreError):
    """Somebody else has held the cache's index for so long that waiting again would take as long for nothing."""


def unexpected(error: BaseException) -> str:
    """An error that nobody foresaw, as one line: what it is, and where in soundgraph it came up, innermost last."""
    import traceback
    from pathlib import Path

    what = first_line(error)
    package_folder = Path(__file__).parents[1]
    places = [
        f"{path.relative_to(package_folder).as_posix()}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if package_folder in (path := Path(frame.filename)).parents
    ]
    place = f" ({' > '.join(places[-4:])})" if places else ""
    if package := _plugin_at_fault(error):
        return f"a bug in package {quote(package)}, please report it there: {what}{place}"
    return f"a bug in soundgraph, please report it: {what}{place}"


def first_line(error: BaseException) -> str:
    """The type of an error that is in nobody's own words, and the first line of what it says."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {visible(lines[0])[:200]}" if lines else type(error).__name__


def _plugin_at_fault(error: BaseException) -> str:
    """The plug-in in whose code an error came up; "" if that is none."""
    import sys
    import traceback

    registry = sys.modules.get("soundgraph.core.registry")  # where it was not imported, no plug-in was
    if registry is None:
        return ""
    for frame in traceback.extract_tb(error.__traceback__):
        if package := registry.package_of(frame.filename):
            return str(package)
    return ""


def lacking(error: BaseException) -> ResourceError | None:
    """What the system had no more of, if that is what an exception says; those of libraries are of many types."""
    if isinstance(error, ResourceError):
        return error
    if isinstance(error, MemoryError):
        return ResourceError("there is not enough memory for it")
    if isinstance(error, OSError) and error.errno in _LACKING:
        return ResourceError(*_LACKING[error.errno])
    # What starting a program says, which has no name then; not what writing to a pipe that is full does.
    if isinstance(error, BlockingIOError) and not hasattr(error, "characters_written"):
        return ResourceError(*NO_THREADS)
    text = str(error)
    if isinstance(error, RuntimeError) and "can't start new thread" in text:
        return ResourceError(*NO_THREADS)
    if isinstance(error, ImportError) and any(words in text for words in _NOT_MAPPED):
        return ResourceError("there is not enough memory to load a library", text)
    return None


def quote(name: object) -> str:
    return f'"{name}"'


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """'; did you mean "rain"?' when a candidate is close to `name`, otherwise ''. Meant to be appended to `what`."""
    import unicodedata

    close = closest(name, candidates)
    if close and not name.isascii() and unicodedata.normalize("NFC", name) == unicodedata.normalize("NFC", close):
        # The two look the same.
        return f"; there is {quote(close)}, whose letters are of another Unicode form (NFC, NFD): type it anew"
    return f"; did you mean {quote(close)}?" if close else ""


def closest(name: str, candidates: Iterable[str]) -> str:
    """The candidate that is close to `name`, "" if none is. One that differs in capitals only comes first."""
    import difflib

    if len(name) > _COMPARED:
        return ""
    names = [candidate for candidate in candidates if len(candidate) <= _COMPARED]
    # To a comparison of letters "REC" and "rec" have nothing in common; to Windows and macOS they are one file.
    alike = [candidate for candidate in names if candidate.casefold() == name.casefold()]
    return next(iter(alike or difflib.get_close_matches(name, names, n=1, cutoff=0.6)), "")


class Hints:
    """`did_you_mean` for the first of many mistakes: a search among thousands of names takes half a second."""

    MOST = 10

    def __init__(self) -> None:
        self._given = 0

    def __call__(self, name: str, candidates: Iterable[str]) -> str:
        self._given += 1
        return did_you_mean(name, candidates) if self._given <= self.MOST else ""


def one_of(candidates: Sequence[str]) -> str:
    """'"a", "b" or "c"'."""
    return listed([quote(name) for name in candidates], "or")
