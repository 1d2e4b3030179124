"""The command line: arguments in, text and an exit code out. One verb a file; only this part prints or exits.

A verb's file holds `add_arguments(parser)` and `run(options) -> int`. It is imported when its verb is asked for, and
imports what it needs in turn: `--help`, and a build with nothing to do, are over in a few milliseconds.
"""

from __future__ import annotations

import codecs
import gc
import io
import os
import sys

TYPE_CHECKING = False  # as in `build_state`
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable
    from typing import NoReturn, TextIO

# Kept here rather than read from the files, so that --help imports none of them.
VERBS = {
    "build": "run what changed and deliver the files",
    "watch": "build, and build again after each edit",
    "plan": "show what a build would run, and why",
    "explain": "say why a node or export would run: the field that changed, old and new",
    "diff": "say which exports change between a git revision and the working tree, and why",
    "graph": "draw the graph: text, Mermaid, DOT or SVG",
    "show": "show a sound: figures, or a picture, or a page with a player",
    "play": "play a sound",
    "outputs": "list the files that a build delivers, or those it reads",
    "report": "write a page with every export: player, waveform, figures, licence, graph",
    "check": "find all mistakes, and what looks like one, without running anything",
    "schema": "print the JSON Schema of scenes, for completion in an editor",
    "models": "list the models and what is on this machine, or fetch one",
    "kinds": "list the node kinds, or the fields of one",
    "new": "write a scene to start from",
    "set": "change fields of a scene's file, and nothing else in it",
    "verify": "make results again and compare them with those in the cache",
    "pin": "write down which takes count, so that no build puts others in their place",
    "cache": "stats, gc, verify, export, import, clear",
    "stats": "show where the time of the last builds went, and what the cache saved",
    "version": "print versions",
}

_WITHOUT_NUMPY = {"build", "models", "new", "version"}
"""The verbs that may do without: a build with nothing to do, for one."""

EXIT_INTERRUPTED = 130
"""As in `errors`, which is not imported here."""

USAGE = """usage: soundgraph [-C FOLDER] VERB [...]

A build system for game audio: scenes in, audio files out, and only what changed runs again.

{verbs}

soundgraph VERB --help says more about one.
exit codes: 0 fine, 1 a node failed, 2 the scene or the call is wrong, 3 plan --check found work to do, 130 interrupted
"""


def main(arguments: list[str] | None = None) -> int:
    """Runs a command; returns its exit code. arguments: those of this process if None."""
    words = sys.argv[1:] if arguments is None else arguments
    if arguments is None:
        _leave_ascii()
    # Until work begins nothing that is made is garbage, and looking for some takes a third of the time.
    gc.disable()
    try:
        code = _main(words)
    except KeyboardInterrupt:  # another one, while the first was told of
        code = EXIT_INTERRUPTED
    finally:
        gc.enable()
    if code == EXIT_INTERRUPTED and arguments is None:
        from soundgraph.core import interrupts

        interrupts.ignore()  # one more would find Python on its way out, and leave a traceback
    return code


def _leave_ascii() -> None:
    """Starts this program again, in the same process, where Python takes the names of files for ASCII.

    Names are bytes to the system, and UTF-8 wherever a project comes from. Python does the same by itself where the
    locale is C, unless PYTHONUTF8=0 keeps it from that: then a file could not be delivered that a scene names "épée".
    """
    again = sys.executable and sys.argv[0] not in ("", "-")  # a program that came through a pipe is read already
    if sys.getfilesystemencoding() == "ascii" and os.name == "posix" and again:
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])


def _main(words: list[str]) -> int:
    _fill_streams()
    try:
        code = _run(words)
    except KeyboardInterrupt:
        say("interrupted")
        code = EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader left, as `| head` does
        code = 1
    except Exception as error:
        told = tell(error, as_json="--json" in words)
        if told is None:
            say("this is a bug in soundgraph; please report it with what follows")
            raise
        code = told
    return code if _is_written() else code or 1


def _fill_streams() -> None:
    r"""Makes something of streams that the caller has closed, and what a stream has no letter for is written as \u…."""
    if sys.stdin is None or sys.stdout is None or sys.stderr is None:
        for number in range(3):
            try:
                os.fstat(number)
            except OSError:  # the next file that is opened would get that number, and whatever is printed
                os.open(os.devnull, os.O_RDWR)
        nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for as long as the process lives
        sys.stdout, sys.stderr = sys.stdout or nowhere, sys.stderr or nowhere
    codecs.register_error("soundgraph", escaped)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="soundgraph")


def escaped(error: UnicodeError) -> tuple[str, int]:
    """An error handler for encoding: as in JSON, which would not understand what "backslashreplace" writes."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4)), error.end


def _is_written() -> bool:
    """Whether all that was printed went out. What did not has nowhere to go, and is forgotten."""
    whole = True
    for stream in (sys.stderr, sys.stdout):
        try:
            stream.flush()
        except (OSError, ValueError) as error:
            if stream is sys.stdout:
                whole = False
                if not isinstance(error, BrokenPipeError):
                    say(f"cannot write what there is to say: {error.strerror if isinstance(error, OSError) else error}")
            _forget(stream)
    return whole


def _forget(stream: TextIO) -> None:
    """Else Python tries to write it once more at its end, and ends with 120."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        stream.flush()
    except (OSError, ValueError):
        return


def tell(error: Exception, as_json: bool) -> int | None:
    """Says what went wrong, and returns the exit code for it; None, and says nothing, if it is a bug."""
    from soundgraph.core.errors import SoundgraphError, lacking

    if missing := lacking(error):  # before OSError, of which some are
        error = missing
    elif isinstance(error, OSError):  # a disk that is full, a folder that may not be read
        say(f"{error.filename}: {error.strerror}" if error.filename else f"cannot go on: {error.strerror or error}")
        return 1
    if not isinstance(error, SoundgraphError):
        return None
    if as_json:
        _say_json(error)
    say(str(error))
    return error.exit_code


def _run(words: list[str]) -> int:
    if words == ["-C"]:
        return _refuse("-C needs a folder")
    while words[:1] == ["-C"] and len(words) > 1:
        try:
            os.chdir(words[1])
        except OSError as error:
            return _refuse(f'cannot work in "{words[1]}": {error.strerror}')
        words = words[2:]
    if not words or words[0] in ("-h", "--help", "help"):
        print(USAGE.format(verbs="\n".join(f"  {verb:<10}{text}" for verb, text in VERBS.items())), end="")
        return 0
    verb, *rest = words
    if verb in ("-V", "--version"):
        verb = "version"
    if verb not in VERBS:
        from soundgraph.core.errors import did_you_mean

        return _refuse(f'there is no verb "{verb}"{did_you_mean(verb, VERBS)}', "soundgraph --help lists them")

    module = __import__(f"soundgraph.cli.verbs.{verb}", fromlist=["run"])
    options = module.plain_options(rest) if verb == "build" else None
    if options is not None:
        code: int = module.run(options)
        return code

    import argparse

    from soundgraph.core import docstrings, interrupts

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> NoReturn:
            # Without the list of all options, which argparse puts before it: that is what --help is for.
            self.exit(_refuse(*_wrong_call(message.replace(_NAME, ""), verb, self._option_string_actions)))

    parser = Parser(
        prog=f"soundgraph {verb}",
        description=docstrings.of(module.__name__),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    module.add_arguments(parser)
    try:
        options = _unmarked(parser.parse_intermixed_args(_marked(rest)))  # names may stand before and after options
    except SystemExit as stop:  # argparse has printed help, or what is wrong
        return int(stop.code or 0)
    with interrupts.raised():
        if verb not in _WITHOUT_NUMPY:
            from soundgraph.cli import shared_arguments

            shared_arguments.import_numpy()
        return int(module.run(options))


_NAME = "\0"
"""Stands before a word that is a name, though it begins like an option; no word of a command line has it."""


def _marked(words: list[str]) -> list[str]:
    """The words without the first "--", after which all are names: argparse refuses some of those, by its version."""
    if "--" not in words:
        return words
    place = words.index("--")
    return [*words[:place], *(f"{_NAME}{word}" if word[:1] == "-" else word for word in words[place + 1 :])]


def _unmarked(options: argparse.Namespace) -> argparse.Namespace:
    for field, value in vars(options).items():
        if isinstance(value, str):
            setattr(options, field, value.removeprefix(_NAME))
        elif isinstance(value, list):
            setattr(options, field, [item.removeprefix(_NAME) if isinstance(item, str) else item for item in value])
    return options


def _wrong_call(message: str, verb: str, known: Iterable[str]) -> tuple[str, str]:
    """(what is wrong with the words after a verb, what to do), of what argparse says of it."""
    from soundgraph.core.errors import did_you_mean

    help_ = f"soundgraph {verb} --help lists what it takes"
    unknown = message.removeprefix("unrecognized arguments: ")
    word = unknown.partition(" ")[0].partition("=")[0]
    if unknown != message and word.startswith("-"):
        return f'{verb} has no option "{word}"{did_you_mean(word, known)}', help_
    return f"{verb}: {message}", help_


def _refuse(what: str, hint: str = "") -> int:
    say(f"{what}\n  {hint}" if hint else what)
    return 2


def say(text: str) -> None:
    """On stderr."""
    from soundgraph.core.text import visible_lines

    try:  # a name may come from somebody else's tree
        print(visible_lines(text), file=sys.stderr, flush=True)
    except (OSError, ValueError):  # nobody is there to hear it; the exit code says it still
        return


def _say_json(error: Exception) -> None:
    from dataclasses import asdict

    from soundgraph.core.errors import SceneError
    from soundgraph.core.text import json_line

    mistakes = map(asdict, error.mistakes) if isinstance(error, SceneError) else [{"what": str(error)}]
    try:
        for mistake in mistakes:
            print(json_line({"event": "error", **mistake}), flush=True)
    except (OSError, ValueError):  # as in `say`
        return
