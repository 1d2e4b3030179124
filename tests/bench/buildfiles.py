"""The same graph written down for each peer: ninja, make, doit, SCons, Snakemake and DVC.

Every node is a text file, every action as small as the tool allows: keep the first line, or join the inputs. Each
writer returns {path: text} and is the plain way to say this graph in its tool.
`careful` is for the questions, not the clock: actions append the name of what they make to `ran.log`, and with ninja
and make they leave an output alone whose text would not change.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.bench.projects import LAYERS, SceneSpec, Step, source_files, steps

Specs = tuple[SceneSpec, ...]
Writer = Callable[[Specs, bool, "Path | None"], dict[str, str]]


def _all_steps(specs: Specs) -> list[Step]:
    return [step for scene in specs for step in steps(scene)]


def _finals(specs: Specs) -> list[str]:
    return [f"out/{scene.name}_mix.txt" for scene in specs]


def _sources(specs: Specs) -> dict[str, str]:
    return source_files(specs) | {"out/.keep": ""}


def _shell(kind: str, inputs: str, output: str, careful: bool) -> str:
    """The action as a shell command; `inputs` and `output` in the tool's own spelling."""
    action = f"head -n 1 {inputs}" if kind == "generate" else f"cat {inputs}"
    if not careful:
        return f"{action} > {output}"
    return (
        f"{action} > {output}.new && echo {output} >> ran.log && "
        f"if cmp -s {output}.new {output}; then rm {output}.new; else mv {output}.new {output}; fi"
    )


def ninja(specs: Specs, careful: bool, cache_dir: Path | None) -> dict[str, str]:
    """build.ninja, one edge a node; with restat = 1 when careful."""
    restat = "\n  restat = 1" if careful else ""
    lines = [
        f"rule first_line\n  command = {_shell('generate', '$in', '$out', careful)}{restat}",
        f"rule join\n  command = {_shell('join', '$in', '$out', careful)}{restat}",
    ]
    for step in _all_steps(specs):
        rule = "first_line" if step.kind == "generate" else "join"
        lines.append(f"build {step.output}: {rule} {' '.join(step.inputs)}")
    lines.append("default " + " ".join(_finals(specs)))
    return _sources(specs) | {"build.ninja": "\n".join(lines) + "\n"}


def make(specs: Specs, careful: bool, cache_dir: Path | None) -> dict[str, str]:
    """A Makefile without built-in rules, one explicit rule a node."""
    lines = ["MAKEFLAGS += -rR", ".SUFFIXES:", "all: " + " ".join(_finals(specs)), ".PHONY: all"]
    first = _shell("generate", "$<", "$@", careful)
    join = _shell("join", "$^", "$@", careful)
    for step in _all_steps(specs):
        lines.append(f"{step.output}: {' '.join(step.inputs)}\n\t@{first if step.kind == 'generate' else join}")
    return _sources(specs) | {"Makefile": "\n".join(lines) + "\n"}


_PYTHON_ACTIONS = """\
def first_line(target, sources):
    with open(sources[0]) as source, open(target, "w") as result:
        result.write(source.readline())
    ran(target)


def join(target, sources):
    texts = []
    for name in sources:
        with open(name) as source:
            texts.append(source.read())
    with open(target, "w") as result:
        result.write("".join(texts))
    ran(target)
"""

_RAN = """\
def ran(target):
    with open("ran.log", "a") as log:
        log.write(target + "\\n")


"""
_RAN_NOTHING = """\
def ran(target):
    pass


"""


def _orders(specs: Specs) -> str:
    return "SCENES = " + json.dumps({scene.name: scene.order for scene in specs}, indent=0) + "\n"


def _python_steps(call: str) -> str:
    """A loop over all steps of all scenes, as Python text; `call` is a line using target, action and sources."""
    return f"""
    for scene, order in SCENES.items():
        for layer in range({LAYERS}):
            for target, action, source in (
                (f"out/{{scene}}_gen{{layer}}.txt", first_line, f"src/{{scene}}_{{layer}}.txt"),
                (f"out/{{scene}}_trim{{layer}}.txt", join, f"out/{{scene}}_gen{{layer}}.txt"),
                (f"out/{{scene}}_eq{{layer}}.txt", join, f"out/{{scene}}_trim{{layer}}.txt"),
            ):
                sources = [source]
                {call}
        target, action, sources = f"out/{{scene}}_mix.txt", join, [f"out/{{scene}}_eq{{layer}}.txt" for layer in order]
        {call}
"""


def doit(specs: Specs, careful: bool, cache_dir: Path | None) -> dict[str, str]:
    """dodo.py with Python actions (no process a node), the MD5 checker and the default database.

    The list of a mix's inputs is given as an up-to-date value, since doit looks at the set of dependencies only.
    """
    call = (
        'yield {"name": target, "actions": [(action, [target, sources])], "file_dep": sources, "targets": [target], '
        '"uptodate": [config_changed(" ".join(sources))]}'
    )
    text = (
        "from doit.tools import config_changed\n\n"
        + _orders(specs)
        + 'DOIT_CONFIG = {"verbosity": 0, "default_tasks": ["step"]}\n\n\n'
        + (_RAN if careful else _RAN_NOTHING)
        + _PYTHON_ACTIONS
        + "\n\ndef task_step():"
        + _python_steps(call)
    )
    return _sources(specs) | {"dodo.py": text}


def scons(specs: Specs, careful: bool, cache_dir: Path | None) -> dict[str, str]:
    """SConstruct with Python actions.

    For the clock, what SCons' manual advises for speed: the content-timestamp decider, and signatures trusted after a
    second. For the questions, the default decider (content) and a CacheDir.
    """
    setup = (
        "" if careful else 'Decider("content-timestamp")\nSetOption("max_drift", 1)\nSetOption("implicit_cache", 1)\n'
    ) + (f"CacheDir({str(cache_dir)!r})\n" if cache_dir else "")
    wrapped = """
def act(action):
    def run(target, source, env):
        action(str(target[0]), [str(node) for node in source])
    return run


first_line, join = act(first_line), act(join)
"""
    text = (
        _orders(specs)
        + "env = Environment(ENV={}, tools=[])\n"
        + setup
        + "\n\n"
        + (_RAN if careful else _RAN_NOTHING)
        + _PYTHON_ACTIONS
        + "\n"
        + wrapped
        + "\n\ndef declare():"
        + _python_steps("env.Command(target, sources, action)")
        + "\n\ndeclare()\n"
    )
    return _sources(specs) | {"SConstruct": text}


def snakemake(specs: Specs, careful: bool, cache_dir: Path | None) -> dict[str, str]:
    """A Snakefile of four rules with wildcards; every rule may use the between-workflow cache when careful."""

    def rule(name: str, inputs: str, output: str) -> str:
        cache = '\n    cache: "omit-software"' if careful else ""
        action = "head -n 1 {input} > {output}" if name == "generate" else "cat {input} > {output}"
        log = " && echo {output} >> ran.log" if careful else ""
        return f'\nrule {name}:\n    input: {inputs}\n    output: "{output}"{cache}\n    shell: "{action}{log}"\n'

    text = (
        _orders(specs)
        + '\nwildcard_constraints:\n    s=r"s\\d+",\n    k=r"\\d"\n'
        + '\nlocalrules: all\n\nrule all:\n    input: expand("out/{s}_mix.txt", s=SCENES)\n'
        + rule("generate", '"src/{s}_{k}.txt"', "out/{s}_gen{k}.txt")
        + rule("trim", '"out/{s}_gen{k}.txt"', "out/{s}_trim{k}.txt")
        + rule("eq", '"out/{s}_trim{k}.txt"', "out/{s}_eq{k}.txt")
        + rule("mix", 'lambda w: [f"out/{w.s}_eq{k}.txt" for k in SCENES[w.s]]', "out/{s}_mix.txt")
    )
    return _sources(specs) | {"Snakefile": text}


def dvc(specs: Specs, careful: bool, cache_dir: Path | None) -> dict[str, str]:
    """dvc.yaml, one stage a node, with the run cache that DVC keeps by itself."""
    lines = ["stages:"]
    for step in _all_steps(specs):
        action = "head -n 1" if step.kind == "generate" else "cat"
        log = f" && echo {step.output} >> ran.log" if careful else ""
        name = step.output.removeprefix("out/").removesuffix(".txt")
        lines.append(f"  {name}:\n    cmd: {action} {' '.join(step.inputs)} > {step.output}{log}\n    deps:")
        lines.extend(f"    - {source}" for source in step.inputs)
        lines.append(f"    outs:\n    - {step.output}")
    config = "[core]\n    analytics = false\n    no_scm = True\n    check_update = false\n"
    if cache_dir:
        config += f"[cache]\n    dir = {cache_dir}\n"
    return _sources(specs) | {"dvc.yaml": "\n".join(lines) + "\n", ".dvc/config": config}


WRITERS: dict[str, Writer] = {
    "ninja": ninja,
    "make": make,
    "doit": doit,
    "scons": scons,
    "snakemake": snakemake,
    "dvc": dvc,
}
