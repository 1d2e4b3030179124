"""Fills in the tables of the pages in docs/ that are made from the code; `make docs` runs it.

Such a table stands between two comments, `<!-- NAME -->` or `<!-- NAME: WHICH -->` above it and `<!-- /NAME -->` below:

    parameters            fields of the kind that the page is about
    parameters: WHICH     fields of a kind, or of "scene", "export", "element", "check", "project cache",
                          "project build", "project policy"
    kinds                 every node kind, with a link to its page
    models                every model that a backend knows by name
    catalogue             every published model, with what it takes and how large it is
    verbs                 every verb of the command line
    options: VERB         what may follow a verb
    formats               every format of an export, and what it holds
    exit codes            every exit code
    draft sounds          the sounds that the draft backend knows, and the words for them
    draft words: WHICH    other words that it knows: "together", "places", "describing", "grounds", "nothing", "moods",
                          "tempo", "instruments", "styles"
"""

from __future__ import annotations

import argparse
import importlib
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from soundgraph import backends, engines
from soundgraph.audio import formats
from soundgraph.cli import VERBS
from soundgraph.core import errors, parameter_table
from soundgraph.core.params import Params
from soundgraph.core.text import listed
from soundgraph.nodes import get_kind, kind_names, kind_summary
from soundgraph.project import node_fields, settings_tables
from soundgraph.scene.reading import elements
from soundgraph.scene.tables import check_settings, export_settings, scene

FOLDER = Path(__file__).resolve().parent
_BLOCK = re.compile(r"(<!-- ([a-z ]+?)(?:: ([\w ]+))? -->\n).*?(<!-- /\2 -->)", re.DOTALL)


def main() -> int:
    for page in pages():
        text = page.read_text(encoding="utf-8")
        new = filled(text, page)
        if new != text:
            page.write_text(new, encoding="utf-8")
            print(f"{page.relative_to(FOLDER.parent)}: brought up to date")
    return 0


def pages() -> list[Path]:
    return sorted([FOLDER.parent / "README.md", *FOLDER.rglob("*.md")])


def filled(text: str, page: Path) -> str:
    """The text of a page with its tables as they have to be. Blocks of other names are another program's."""

    def block(match: re.Match[str]) -> str:
        start, name, which, end = match.groups()
        if name not in _TABLES:
            return match[0]
        return "\n".join([start.rstrip(), *_TABLES[name](which or page.stem, page), end])

    return _BLOCK.sub(block, text)


def _parameters(which: str, page: Path) -> list[str]:
    return _table(
        ("Field", "Type", "Default", "Meaning"),
        (
            (f"`{row.name}`", _plain(_range(row.type)), _default(row.default), _plain(row.description))
            for row in [*parameter_table.rows(_model(which)), *_of_backends(which)]
        ),
    )


def _engine_fields(which: str, page: Path) -> list[str]:
    rows = parameter_table.rows(engines.get(which).params)
    return _table(
        ("Field", "Type", "Default", "Meaning"),
        (
            (f"`{row.name}`", _range(row.type), f"`{row.default.removeprefix('default ')}`", row.description)
            for row in rows
        ),
    )


def _of_backends(which: str) -> Iterator[parameter_table.ParameterRow]:
    """What models of some backends take of a generate node."""
    if which in kind_names():
        for row, takers in node_fields.own_rows(which, backends.names()):
            yield row._replace(description=f"{row.description}; models of {listed(takers)}")


def _model(which: str) -> type[Params]:
    if which in kind_names():
        return get_kind(which).params
    models: dict[str, type[Params]] = {
        "scene": scene.SceneSettings,
        "export": export_settings.ExportSettings,
        "element": elements.element_model(),
        "check": check_settings.Check,
        "project cache": settings_tables.CacheSettings,
        "project build": settings_tables.BuildSettings,
        "project policy": settings_tables.PolicySettings,
    }
    return models[which]


def _range(text: str) -> str:
    """ "number, 0 to 1" for "number, at least 0, at most 1"."""
    return re.sub(r"at least (\S+), at most (\S+)", r"\1 to \2", text)


def _default(text: str) -> str:
    value = re.sub(r"(\.\d{4})\d+$", r"\1", text.removeprefix("default "))
    return "" if value == "none" else value if value == "required" else f"`{value}`"


def _kinds(which: str, page: Path) -> list[str]:
    up = "../" * (len(page.parent.relative_to(FOLDER).parts) if page.is_relative_to(FOLDER) else 0)
    folder = f"{up}nodes" if page.is_relative_to(FOLDER) else "docs/nodes"
    return _table(
        ("Kind", "What it does"), ((f"[{name}]({folder}/{name}.md)", kind_summary(name)) for name in kind_names())
    )


def _models(which: str, page: Path) -> list[str]:
    rows = []
    for name in backends.names():
        for model in backends.get(name).models():
            longest = "any" if model.max_duration_s is None else f"{model.max_duration_s:g} s"
            channels = "mono" if model.channels == 1 else "stereo"
            rate = f"{model.sample_rate:,} Hz {channels}"
            rows.append((f"`{model.id}`", model.family, rate, longest, model.licence or "no weights"))
    return _table(("Model", "Family", "Output", "One window", "Licence of the weights"), rows)


def _catalogue(which: str, page: Path) -> list[str]:
    from soundgraph.backends.audiocraft import catalogue

    rows = []
    for entry in catalogue.PUBLISHED:
        model = catalogue.model(entry)
        memory, fetched = dict(model.memory), entry.download_bytes
        channels = "mono" if model.channels == 1 else "stereo"
        rows.append(
            (
                f"`{model.id}`",
                model.family,
                f"{model.sample_rate / 1000:g} kHz {channels}",
                f"{model.max_duration_s:g} s" + ("" if model.longer else ", no more"),
                ", ".join(model.conditioning),
                " / ".join(f"{memory[name] / 1e9:.1f}" for name in ("float32", "float16", "int8")),
                "not on record" if fetched is None else f"{fetched / 1e9:.1f}",
            )
        )
    head = ("Model", "Family", "Output", "One window", "Takes", "Memory, GB: float32 / float16 / int8", "To fetch, GB")
    return _table(head, rows)


def _formats(which: str, page: Path) -> list[str]:
    rows = []
    for name in (*formats.lossless_names(), *formats.lossy_names()):
        known = formats.get_format(name)
        setting = f"`bit_depth` {_either(known.bit_depths)}" if known.lossless else "`quality` 0 to 1"
        channels = "any number" if known.max_channels is None else f"1 to {known.max_channels}"
        rates = ", ".join(map(str, known.rates_hz)) or "any"
        if known.max_rate_hz is not None:
            rates = f"up to {known.max_rate_hz}"
        rows.append((f"`{name}`", formats.format_summary(name).removesuffix("."), setting, channels, rates))
    return _table(("`format`", "What it is", "Takes", "Channels", "Rates in Hz"), rows)


def _either(numbers: Sequence[int]) -> str:
    return listed([str(number) for number in numbers], "or")


def _verbs(which: str, page: Path) -> list[str]:
    return _table(("Verb", "What it does"), ((f"[{verb}](#{verb})", text) for verb, text in VERBS.items()))


def _options(which: str, page: Path) -> list[str]:
    rows = []
    for action in options_of(which):
        if isinstance(action, argparse._HelpAction):
            continue
        metavar = action.metavar or ("|".join(map(str, action.choices)) if action.choices else "")
        takes = f" {metavar}" if action.option_strings and metavar else ""
        name = ", ".join(f"`{option}{takes}`" for option in action.option_strings) or f"`{metavar}`"
        rows.append((_plain(name), _plain(action.help or _positional(action))))
    return _table(("Argument", "Meaning"), rows)


def _positional(action: argparse.Action) -> str:
    return "one of these" if action.choices else ""


def parser_of(verb: str) -> argparse.ArgumentParser:
    """The arguments of a verb, as the command line reads them."""
    parser = argparse.ArgumentParser(prog=f"soundgraph {verb}", allow_abbrev=False, exit_on_error=False)
    importlib.import_module(f"soundgraph.cli.verbs.{verb}").add_arguments(parser)
    return parser


def options_of(verb: str) -> list[argparse.Action]:
    """Its arguments, as argparse has them."""
    return parser_of(verb)._actions


_EXITS = {
    "EXIT_OK": "fine",
    "EXIT_NODE_FAILED": "a node or an export failed; what was finished is kept",
    "EXIT_WRONG_INPUT": "a scene, the project file or the call is wrong; nothing was run",
    "EXIT_WORK_TO_DO": "`plan --check` found something to run",
    "EXIT_INTERRUPTED": "interrupted with Ctrl-C, SIGTERM or SIGHUP; what was finished is kept",
}


def exit_codes() -> dict[str, int]:
    """Every exit code of the package, by the name of its constant."""
    return {name: value for name, value in vars(errors).items() if name.startswith("EXIT_")}


def _exit_codes(which: str, page: Path) -> list[str]:
    return _table(("Code", "Meaning"), ((str(code), _EXITS[name]) for name, code in exit_codes().items()))


def _draft_sounds(which: str, page: Path) -> list[str]:
    from soundgraph.backends.draft.vocabulary import THEMES

    lines: list[str] = []
    for theme, sounds in THEMES.items():
        lines += [f"### {_THEMES.get(theme, theme.capitalize())}", "", *_words(sounds), ""]
    return lines[:-1]


_THEMES = {
    "creatures": "Animals and bodies",
    "beasts": "Beasts and monsters",
    "fowl": "Birds with a call of their own",
    "people": "People",
    "gore": "Fights and flesh",
    "foley": "Steps, blows and air",
    "machines": "Engines, guns and electricity",
    "earth": "Earth, fire and water",
    "motion": "Movement and sport",
    "spells": "Magic",
    "tokens": "Short signals",
    "devices": "Bells, clocks and radio",
    "gadgets": "Electronics and science fiction",
    "signals": "Interfaces and games",
    "designed": "Trailers and instruments",
    "household": "The house",
    "objects": "Things in the hand",
}


def _draft_words(which: str, page: Path) -> list[str]:
    from soundgraph.backends.draft.music import styles, tables
    from soundgraph.backends.draft.vocabulary import describing, pairs, senses

    rows: dict[str, dict[str, str]] = {
        "places": describing.SETTINGS,
        "describing": {name: text for name, (_, text) in describing.DESCRIBING.items()}
        | {"several": describing.SEVERAL, "one": describing.ONE},
        "grounds": describing.SURFACES,
        "nothing": {"nothing": senses.SILENT},
        "moods": {name: row[-1] for name, row in tables.MOODS.items()},
        "tempo": {name: row[-1] for name, row in tables.TEMPI.items()},
        "instruments": tables.INSTRUMENTS,
        "styles": {f"{name} ({row[0].replace(' ', ', ')})": row[-1] for name, row in styles.STYLES.items()},
    }
    if which == "together":
        return [f"- **{sounds}**: {things} with {words}" for things, words, sounds in pairs.PAIRS]
    return _words(rows[which])


def _words(rows: dict[str, str]) -> list[str]:
    return [f"- **{name}**: {text.removeprefix('; ')}" for name, text in rows.items()]


_TABLES = {
    "parameters": _parameters,
    "engine fields": _engine_fields,
    "kinds": _kinds,
    "models": _models,
    "catalogue": _catalogue,
    "verbs": _verbs,
    "options": _options,
    "formats": _formats,
    "exit codes": _exit_codes,
    "draft sounds": _draft_sounds,
    "draft words": _draft_words,
}


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [head, ("---",) * len(head), *rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]


def _plain(text: str) -> str:
    """Text that stands in a cell of a table."""
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
