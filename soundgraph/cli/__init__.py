"""The command line: arguments in, text and an exit code out. One verb a file; only this part prints or exits.

A verb's file holds `add_arguments(parser)` and `run(options) -> int`. It is imported when its verb is asked for, and
imports what it needs in turn: `--help`, and a build with nothing to do, are over in a few milliseconds.
"""

from __future__ import annotations

import gc
import io
import os
import sys

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
    "verify": "make results again and compare them with those in the cache",
    "pin": "write down which takes count, so that no build puts others in their place",
    "cache": "stats, gc, verify, export, import, clear",
    "stats": "show where the time of the last builds went, and what the cache saved",
    "version": "print versions",
}

USAGE = """usage: soundgraph [-C FOLDER] VERB [...]

A build system for game audio: scenes in, audio files out, and only what changed runs again.

{verbs}

soundgraph VERB --help says more about one.
exit codes: 0 fine, 1 a node failed, 2 the scene or the call is wrong, 3 plan --check found work to do, 130 interrupted
"""


def main(arguments: list[str] | None = None) -> int:
    """Runs a command; returns its exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    # Until work begins nothing that is made is garbage, and looking for some takes a third of the time.
    gc.disable()
    try:
        return _main(words)
    finally:
        gc.enable()


def _main(words: list[str]) -> int:
    if sys.stdout is None or sys.stderr is None:  # closed by the caller
        nowhere = open(os.devnull, "w")  # noqa: SIM115 - for as long as the process lives
        sys.stdout, sys.stderr = sys.stdout or nowhere, sys.stderr or nowhere
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower() not in ("utf-8", "utf8"):
            stream.reconfigure(errors="backslashreplace")  # a name may hold what that terminal cannot show
    try:
        code = _run(words)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        _say("interrupted")
        return 130
    except BrokenPipeError:
        # The reader left, as `| head` does. What is still buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        told = tell(error, as_json="--json" in words)
        if told is None:
            _say("this is a bug in soundgraph; please report it with what follows")
            raise
        return told


def tell(error: Exception, as_json: bool) -> int | None:
    """Says what went wrong, and returns the exit code for it; None, and says nothing, if it is a bug."""
    if isinstance(error, OSError):  # a disk that is full, a folder that may not be read
        _say(f"{error.filename}: {error.strerror}" if error.filename else f"cannot go on: {error.strerror or error}")
        return 1
    from soundgraph.errors import SoundgraphError

    if not isinstance(error, SoundgraphError):
        return None
    if as_json:
        _say_json(error)
    _say(str(error))
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
        from soundgraph.errors import did_you_mean

        return _refuse(f'there is no verb "{verb}"{did_you_mean(verb, VERBS)}', "soundgraph --help lists them")

    module = __import__(f"soundgraph.cli.{verb}", fromlist=["run"])
    options = module.plain_options(rest) if verb == "build" else None
    if options is None:
        import argparse

        parser = argparse.ArgumentParser(
            prog=f"soundgraph {verb}",
            description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        module.add_arguments(parser)
        try:
            options = parser.parse_intermixed_args(rest)  # names may stand before and after options
        except SystemExit as stop:  # argparse has printed help, or what is wrong
            return int(stop.code or 0)
    code: int = module.run(options)
    return code


def _refuse(what: str, hint: str = "") -> int:
    _say(f"{what}\n  {hint}" if hint else what)
    return 2


def _say(text: str) -> None:
    print(printable(text), file=sys.stderr)


def printable(text: str) -> str:
    """A name may come from somebody else's tree: an escape in it must not reach the terminal."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(one if one.isprintable() or one == "\n" else ascii(one)[1:-1] for one in text)


def _say_json(error: Exception) -> None:
    import json
    from dataclasses import asdict

    from soundgraph.errors import SceneError

    if isinstance(error, SceneError):
        for mistake in error.mistakes:
            print(json.dumps({"event": "error", **asdict(mistake)}, ensure_ascii=False))
    else:
        print(json.dumps({"event": "error", "what": str(error)}, ensure_ascii=False))
