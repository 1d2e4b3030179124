"""The README and docs/: what they say of fields, verbs and modules is so, and every example in them works."""

from __future__ import annotations

import importlib.util
import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import soundgraph
from soundgraph import cli, engines
from soundgraph.nodes import get_kind, kind_names, kind_summary
from soundgraph.project.config import load_project
from soundgraph.project.settings_tables import BuildSettings, CacheSettings, PolicySettings
from soundgraph.scene.reading import elements
from soundgraph.scene.reading.checks_and_manifests import ManifestSettings
from soundgraph.scene.tables.check_settings import Check
from soundgraph.scene.tables.export_settings import ExportSettings
from soundgraph.scene.tables.scene import SceneSettings

REPOSITORY = Path(__file__).parent.parent
DOCS = REPOSITORY / "docs"
PAGES = [REPOSITORY / "README.md", *sorted(DOCS.rglob("*.md"))]


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"docs_{name}", DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # dataclasses look their module up there.
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


generate, transcripts = script("generate"), script("transcripts")


def label(page: Path) -> str:
    return page.relative_to(REPOSITORY).as_posix()


def blocks(language: str) -> list[Any]:
    """Every ```language block of every page, as parameters named after the page and the block's line."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
            line = text[: match.start()].count("\n") + 1
            found.append(pytest.param(match[1], id=f"{label(page)}:{line}"))
    return found


# Tables that are made from the code


@pytest.mark.parametrize("page", PAGES, ids=label)
def test_the_tables_of_a_page_are_up_to_date(page):
    text = page.read_text(encoding="utf-8")
    assert generate.filled(text, page) == text, "run: make docs"


def test_every_kind_has_a_page_that_begins_with_its_summary():
    for name in kind_names():
        text = (DOCS / "nodes" / f"{name}.md").read_text(encoding="utf-8")
        begins = f"# {name}\n\n{kind_summary(name)}\n"
        assert text.startswith(begins), f"docs/nodes/{name}.md has to begin with {begins!r}"
        table = "<!-- parameters -->\n| Field |" in text
        assert table, f"{name}.md: write <!-- parameters --> and <!-- /parameters -->, run: make docs"


def test_every_page_of_a_kind_is_about_one_that_exists():
    assert {page.stem for page in (DOCS / "nodes").glob("*.md")} == set(kind_names())


def sections(page: Path) -> dict[str, str]:
    """The text under each heading of the second level."""
    parts = re.split(r"^## (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("verb", cli.VERBS)
def test_every_verb_has_a_section_with_all_its_options(verb):
    section = sections(DOCS / "command-line.md").get(verb)
    assert section is not None, f"docs/command-line.md has no section: ## {verb}"
    options = [option for action in generate.options_of(verb) for option in action.option_strings]
    for option in set(options) - {"-h", "--help"}:
        assert re.search(rf"`{option}[` ]", section), f"{option} is not in the section on {verb}"


def test_every_verb_has_a_file_and_every_file_of_a_verb_is_listed():
    files = {path.stem for path in (REPOSITORY / "soundgraph/cli/verbs").glob("*.py")}
    has_arguments = {
        name for name in files if "def add_arguments" in (REPOSITORY / f"soundgraph/cli/verbs/{name}.py").read_text()
    }
    assert has_arguments == set(cli.VERBS)


def test_every_field_that_is_no_node_s_is_in_the_scene_format():
    text = (DOCS / "scene-format.md").read_text(encoding="utf-8")
    models = [SceneSettings, ExportSettings, elements.element_model(), CacheSettings, BuildSettings, PolicySettings]
    models.append(ManifestSettings)
    for model in models:
        for field in model.model_fields:  # type: ignore[attr-defined]
            assert f"`{field}`" in text, f"{model.__name__}.{field}"  # type: ignore[attr-defined]


def test_every_exit_code_is_documented():
    section = sections(DOCS / "command-line.md")["Exit codes"]
    for code in generate.exit_codes().values():
        assert f"| {code} | " in section


# Examples


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with what examples may refer to: the recordings and the shared scenes."""
    for name in ("recordings", "shared"):
        shutil.copytree(REPOSITORY / "graphs" / name, tmp_path / "graphs" / name)
    return tmp_path


@pytest.mark.parametrize("text", blocks("toml"))
def test_a_toml_example_is_valid_and_a_whole_scene_builds_as_a_draft(text, project):
    if 'kind = "speech"' in text and shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    table = tomllib.loads(text)
    if table.keys() & {"models", "cache", "build", "policy"}:
        (project / "soundgraph.toml").write_text(text, encoding="utf-8")
        load_project(project)
    elif "elements" in table or ("nodes" in table and "exports" in table):
        path = project / "graphs" / "example.toml"
        path.write_text(text, encoding="utf-8")
        built = soundgraph.build(path, draft=True, root=project)
        assert built.files
    else:
        check_part(table)


def check_part(table: dict[str, Any]) -> None:
    """A part of a scene: each of its tables by itself, since the nodes it names may be left out."""
    assert table.keys() <= {"scene", "nodes", "exports", "defaults", "include", "checks", "manifests"}
    SceneSettings.model_validate(table.get("scene", {}))
    for node in table.get("nodes", {}).values():
        fields = dict(node)
        get_kind(fields.pop("kind")).params.model_validate(fields)
    for export in table.get("exports", {}).values():
        ExportSettings.model_validate({"node": "any", **export})
    for kind, fields in table.get("defaults", {}).items():
        assert fields.keys() <= get_kind(kind).params.model_fields.keys()
    for check in table.get("checks", ()):
        Check.model_validate(check)
    for manifest in table.get("manifests", {}).values():
        own = {name: value for name, value in manifest.items() if name not in ManifestSettings.model_fields}
        engines.get(manifest["engine"]).params.model_validate(own)
    for element in table.get("elements", ()):
        elements.element_model().model_validate(element)


@pytest.mark.parametrize("text", blocks("python"))
def test_a_python_example_runs(text, project, monkeypatch):
    monkeypatch.chdir(project)
    exec(compile(text, "example", "exec"), {"__name__": "example"})


@pytest.mark.parametrize("page", transcripts.pages(), ids=label)
def test_commands_print_what_a_page_shows(page, tmp_path):
    for steps in transcripts.run(page.read_text(encoding="utf-8"), tmp_path):
        for step in steps:
            assert step.agrees, f"{step.command}\n{step.printed}\nrun: .venv/bin/python docs/transcripts.py --write"


@pytest.mark.parametrize("text", blocks("sh"))
def test_a_shell_example_calls_what_exists(text):
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if words[:1] == ["make"]:
            assert re.search(rf"^{words[1]}:", (REPOSITORY / "Makefile").read_text(), re.MULTILINE), words[1]
        elif words and words[0].endswith("soundgraph") and words[1] != "VERB":
            arguments = words[2:] if ">" not in words else words[2 : words.index(">")]
            generate.parser_of(words[1]).parse_args(arguments)


# Words


def anchors(page: Path) -> set[str]:
    """The names of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> Iterator[str]:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:", link):
            yield link


@pytest.mark.parametrize("page", PAGES, ids=label)
def test_the_links_of_a_page_lead_somewhere(page):
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_can_be_reached_from_the_readme():
    reached, waiting = set(), [REPOSITORY / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached and page.suffix == ".md":
            reached.add(page)
            waiting += [(page.parent / link.partition("#")[0]).resolve() for link in links(page) if link[0] != "#"]
    assert set(PAGES) <= reached


def test_the_changelog_begins_with_the_current_version():
    first = re.search(r"^## (.*)$", (DOCS / "changelog.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert first is not None
    assert first[1] == soundgraph.__version__


def test_pictures_are_small():
    for picture in (DOCS / "images").glob("*.svg"):
        assert picture.stat().st_size < 200_000


def test_every_name_of_the_python_api_is_on_its_page():
    text = (DOCS / "python-api.md").read_text(encoding="utf-8")
    for name in set(soundgraph.__all__) - {"__version__"}:
        assert re.search(rf"\b{name}\b", text), name


# The table of rooms in architecture.md


def test_the_table_of_rooms_is_that_of_the_import_contract():
    table = [
        re.findall(r"`(\w+)/`", line.split("|")[1])
        for line in sections(DOCS / "architecture.md")["Rooms"].splitlines()
        if line.startswith("| `")
    ]
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    assert [sorted(row) for row in table] == [sorted(row.split(" | ")) for row in layers]
