"""The page of limits says what the code does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from soundgraph.audio import artifact
from soundgraph.audio.containers import decode
from soundgraph.backends.audiocraft import peek
from soundgraph.cache import archive
from soundgraph.core import errors, path_names, toml_document
from soundgraph.core.errors import Hints, SceneError
from soundgraph.nodes import get_kind, kind_names
from soundgraph.project import lockfile
from soundgraph.scene.reading import checks_and_manifests, elements, includes, raw_tables
from soundgraph.scene.tables import scene
from tests.helpers import Space, changed, export, node

PAGE = (Path(__file__).parents[2] / "docs" / "limits.md").read_text(encoding="utf-8")


def bound(kind: str, field: str, name: str) -> Any:
    """What a field of a kind is limited to: name: "le", "ge" or "max_length"."""
    return _bound(get_kind(kind).params.model_fields[field], name)


def _bound(field: Any, name: str) -> Any:
    return next(getattr(one, name) for one in field.metadata if hasattr(one, name))


RATE = scene.SceneSettings.model_fields["sample_rate"]

LIMITS = {
    "parts of a dotted name in it": f"{toml_document.MOST_PARTS:,}",
    "a scene file, or `soundgraph.toml`": f"{toml_document.MAX_BYTES:,} bytes",
    "tables and lists in a file of more than 200,000 characters": f"{toml_document.MOST_TABLES:,}",
    "fields of a table in such a file": f"{toml_document.MOST_FIELDS:,}",
    "a scene with all it includes": f"{includes.MAX_CHARACTERS:,} characters",
    "mistakes of a file that are told": f"{errors.MOST_MISTAKES:,}",
    "lines in it of sorts that are not known": f"{lockfile.MOST_OTHERS:,}",
    "`soundgraph.lock`": f"{lockfile.MAX_BYTES:,} bytes",
    "nodes of a scene, with all it includes and all takes": f"{raw_tables.MAX_NODES:,}",
    "exports of a scene, with all takes": f"{raw_tables.MAX_NODES:,}",
    "files that a scene includes, all told": f"{includes.MAX_INCLUDES:,}",
    "depth of includes": f"{includes.MAX_DEPTH:,}",
    "takes of a node (`variations`)": f"{bound('generate', 'variations', 'le'):,}",
    "inputs of a mix or a sequence, elements": f"{bound('mix', 'inputs', 'max_length'):,}",
    "a path in a scene": f"{path_names.MAX_PATH:,} characters",
    "`[[checks]]` of a scene": f"{checks_and_manifests.MAX_CHECKS:,}",
    "`[manifests.*]` of a scene": f"{checks_and_manifests.MAX_MANIFESTS:,}",
    "a prompt": f"{bound('generate', 'prompt', 'max_length'):,} characters",
    "the name of a node or an export": "100 characters",
    "a sound": f"{artifact.MAX_BYTES:,} bytes of samples",
    "the length of a sound": f"{artifact.MAX_SECONDS:,} s",
    "a generated take, or a recording": f"{decode.MAX_SECONDS:,} s",
    "channels of a recording": f"{decode.MAX_CHANNELS:,}",
    "the rate of a recording": f"{decode.MIN_RATE_HZ:,} to {decode.MAX_RATE_HZ:,} Hz",
    "the rate of a scene": f"{_bound(RATE, 'ge'):,} to {_bound(RATE, 'le'):,} Hz",
    "the table of a checkpoint": f"{peek.MAX_PICKLE_BYTES:,} bytes",
    "members of an archive": f"{archive.MAX_MEMBERS:,}",
    "a record in an archive": f"{archive.MAX_RECORD_BYTES:,} bytes",
}


def test_every_limit_of_the_page_is_one_of_the_code() -> None:
    table = PAGE.partition("| Of | At most |\n| --- | --- |\n")[2].partition("\n\n")[0]
    rows = dict(re.findall(r"^\| (.*?) \| (.*?) \|$", table, re.MULTILINE))
    assert rows == LIMITS


def test_limits_that_stand_in_one_row_are_one() -> None:
    assert bound("mix", "inputs", "max_length") == bound("sequence", "inputs", "max_length")
    assert bound("generate", "duration", "le") == decode.MAX_SECONDS
    assert path_names.is_name("a" * 100)
    assert not path_names.is_name("a" * 101)


@pytest.mark.parametrize("kind", [name for name in kind_names() if name != "generate"])
def test_every_length_has_a_limit(kind: str) -> None:
    for name, field in get_kind(kind).params.model_fields.items():
        if name in ("duration", "before", "after", "start", "gap"):
            assert _bound(field, "le") <= artifact.MAX_SECONDS


@pytest.mark.parametrize(
    "text",
    [
        "a." * 150_000 + "a = 1",
        "[" + "a . " * 150_000 + "a]",
        '"a".' * 150_000 + "a = 1",
        "x = { " + "'a'." * 150_000 + "a = 1 }",
    ],
)
def test_a_name_of_many_parts_takes_no_memory(tmp_path: Path, text: str) -> None:
    """A parser takes memory by the square of their number."""
    path = tmp_path / "a.toml"
    path.write_text(text)
    with pytest.raises(SceneError, match="a name has over 100 parts"):
        toml_document.read(path, "a.toml")


@pytest.mark.parametrize(
    "text", [f"x = [{', '.join(['0.5'] * 9000)}]", f"x = '{'. ' * 9000}'", "a." * 99 + "a = 1", f"{'a' * 100_000} = 1"]
)
def test_many_dots_are_no_such_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.toml"
    path.write_text(text)
    assert toml_document.read(path, "a.toml").table


def many(line: str, size: int = 1_500_000) -> str:
    return "".join(line.format(n) for n in range(size // (len(line) + 3)))


@pytest.mark.parametrize("file", ["graphs/a.toml", "soundgraph.toml"])
@pytest.mark.parametrize(
    ("text", "told"),
    [
        (many("a{0}" + ".a" * 98 + " = 1\n"), "holds over 200,000 tables and lists"),
        (many("[a{0}" + ".a" * 98 + "]\n"), "holds over 200,000 tables and lists"),
        (f"elements = [{'{},' * 400_000}]", "holds over 200,000 tables and lists"),
        (f"x = [{'[],' * 400_000}]", "holds over 200,000 tables and lists"),
        (many("x{0} = " + "[" * 80 + "]" * 80 + "\n"), "holds over 200,000 tables and lists"),
        ("[nodes.a]\n" + many("f{0} = 1\n"), "nodes.a holds 125,000 fields, and none has over 1,000"),
        ("[defaults.gain]\n" + many("f{0} = 1\n"), "defaults.gain holds 125,000 fields, and none has over 1,000"),
        ("[[checks]]\n" + many("f{0} = 1\n"), "checks holds 125,000 fields, and none has over 1,000"),
        (f"[scene]\nx = [[{{{many('f{0}=1,')}z = 1}}]]", "fields, and none has over 1,000"),
    ],
)
def test_a_file_of_more_than_anybody_writes_is_refused_as_a_whole(
    space: Space, file: str, text: str, told: str
) -> None:
    space.scene(node("a", "noise", duration=1) + export("x", "a"))
    space.write(file, text)
    result = space.run("check")
    assert result.code == 2
    assert result.err.startswith(f"{file}: ")
    assert told in result.err
    assert len(result.err.splitlines()) == 1


def test_dots_and_brackets_in_strings_comments_and_numbers_open_nothing() -> None:
    text = "\n".join(
        [
            f"a = '{'[{.' * 9}'  # {'[{.' * 9}",
            f'b = "{"[{." * 9}\\""',
            f'c = """{"[{." * 9}\n""[{{."""',
            f"d = '''{'[{.' * 9}\n''[{{.'''",
            "e = [0.5, -1.25, +3.0]",
        ]
    )
    assert toml_document.count_tables(text) == 1
    assert toml_document.count_tables("[nodes.a]\n") == 2
    assert toml_document.count_tables("1.1.1 = 0.5\n") == 2


@pytest.mark.parametrize(
    "text",
    [
        many("f{0} = 1\n", 200_000),
        many("[t{0}]\n", 200_000),
        "[scene]\n" + many("f{0} = 1\n", 190_000),
        "[exports.a]\n" + many("f{0} = 1\n", 190_000),
        many("[defaults.k{0}]\n", 190_000),
        many("[nodes.'a {0}']\n", 190_000),
        "[nodes.a]\nkind = 'gain'\n" + many("f{0} = 1\n", 190_000),
    ],
)
def test_not_more_mistakes_are_told_than_anybody_reads(space: Space, text: str) -> None:
    space.scene(text)
    result = space.run("check")
    told = result.err.splitlines()
    assert errors.MOST_MISTAKES <= len(told) <= errors.MOST_MISTAKES + 1
    assert "graphs/a.toml: there are more mistakes than these 1,000; the rest was not looked at" in told


def test_more_elements_than_a_mix_takes_are_refused_as_a_whole(space: Space) -> None:
    space.scene(f"elements = {[1] * (elements.most_inputs() + 1)}")
    assert space.run("check").err == "graphs/a.toml:1: elements: are 257; their mix takes 256\n"


@pytest.mark.parametrize(
    "text",
    [
        "[nodes.{0}]\nkind = 'tone'",
        "[nodes.a]\nkind = '{0}'",
        "[nodes.a]\nkind = 'gain'\ninput = '{0}'",
        "[nodes.a]\nkind = 'generate'\nprompt = 'x'\nmodel = '{0}'",
        "[nodes.a]\nkind = 'file'\npath = '{0}'",
        "{0} = 1",
    ],
)
def test_a_name_of_megabytes_is_not_shown_whole_nor_compared(space: Space, text: str) -> None:
    others = "".join(f"[nodes.{'x' * 20_000}{n}]\nkind = 'tone'\n" for n in range(3))
    space.scene(f"{text.format('x' * 1_000_000)}\n{others}")
    assert len(space.run("check").err) < 20_000


@pytest.mark.parametrize("depth", [50, 300, 400, 450, 500, 2000])
@pytest.mark.parametrize(("start", "end"), [("[", "]"), ("{a = ", "}")])
def test_what_nests_deep_is_a_mistake_and_no_traceback(space: Space, depth: int, start: str, end: str) -> None:
    space.scene(f"[nodes.a]\nkind = 'mix'\ninputs = {start * depth}{'1' * (end == '}')}{end * depth}\n")
    result = space.run("check")
    assert result.code == 2
    assert "Traceback" not in result.err


def test_includes_are_counted_together(space: Space) -> None:
    space.scene(f"include = {[f'../i/i{n}.toml' for n in range(3)]}")
    for n in range(3):
        space.write(f"i/i{n}.toml", "#" * 60 + "\n" + node("a", "noise", duration=1))
    with changed(includes, "MAX_CHARACTERS", 250):
        assert space.run("check").err == "graphs/a.toml: has over 250 characters with all it includes\n"
    with changed(includes, "MAX_NODES", 1):
        assert "holds 2 nodes with all it includes; a scene may have 1" in space.run("check").err


def test_lines_of_a_lock_that_nobody_knows_are_counted(space: Space) -> None:
    space.scene(node("a", "noise", duration=1) + export("x", "a"))
    space.write("soundgraph.lock", "".join(f"zz {n}\n" for n in range(5)))
    assert space.run("check").code == 0
    with changed(lockfile, "MOST_OTHERS", 3):
        assert "soundgraph.lock:4: holds over 3 lines of sorts" in space.run("check").err


def test_a_number_of_thousands_of_digits_is_not_shown(space: Space) -> None:
    """Python refuses to write it down."""
    space.scene(f"[scene]\nseed = 0x{'f' * 5000}\n" + node("a", "noise", duration=1) + export("x", "a"))
    result = space.run("check")
    assert (result.code, result.err) == (2, "graphs/a.toml:2: scene: seed is far too large a number\n")


def test_a_path_of_many_folders_is_refused(space: Space) -> None:
    """Each of them would be compared with all that is delivered."""
    space.scene(node("a", "noise", duration=1) + export("x", "a", path="n/" * 50_000 + "x"))
    result = space.run("check")
    assert result.code == 2
    assert 'path has over 1,000 characters ("n/n/' in result.err
    assert len(result.err.splitlines()) == 1


def test_a_long_list_of_includes_is_refused_as_a_whole(space: Space) -> None:
    space.scene(f"include = {['none.toml'] * (includes.MAX_INCLUDES + 1)}\n" + node("a", "gain", input="none.b"))
    result = space.run("check")
    assert result.err == "graphs/a.toml:1: include: names 201 files; a scene may include 200, all told\n"


def test_an_include_that_is_a_number_of_thousands_of_digits_is_none(space: Space) -> None:
    space.scene(f"include = [0x{'f' * 5000}]\n" + node("a", "noise", duration=1) + export("x", "a"))
    result = space.run("check")
    assert result.err == "graphs/a.toml:1: include: must be a list of paths; a number is none\n"


def test_too_many_checks_and_manifests_are_refused(space: Space) -> None:
    checks = "[[checks]]\nexport = 'x'\n" * 3
    manifests = "".join(f"[manifests.m{n}]\nengine = 'json'\n" for n in range(3))
    space.scene(node("a", "noise", duration=1) + export("x", "a") + checks + manifests)
    with changed(checks_and_manifests, "MAX_CHECKS", 2), changed(checks_and_manifests, "MAX_MANIFESTS", 2):
        result = space.run("check")
    assert result.err == (
        "graphs/a.toml:6: checks: are 3; a scene may have 2\ngraphs/a.toml:12: manifests: are 3; a scene may have 2\n"
    )


def test_names_that_are_close_are_looked_for_at_the_first_mistakes_only(space: Space) -> None:
    most = Hints.MOST
    mistakes = [f"[nodes.b{n}]\nkind = 'gain'\ninput = 'aaaaaaa{n}'\ngain_db = 1\n" for n in range(most + 9)]
    space.scene(node("aaaaaaaa", "noise", duration=1) + "".join(mistakes))
    result = space.run("check")
    assert result.err.count("is not a node") == most + 9
    assert result.err.count("did you mean") == most
