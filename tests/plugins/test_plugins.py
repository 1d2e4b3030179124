"""What an installed package offers is used like what soundgraph has, told of as the package's, and part of keys."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import soundfile

from soundgraph.core import registry
from tests.helpers import CHAIN, Result, Space, export, generate, node, table
from tests.plugins import install, offer

SCENE = (
    "[defaults.generate]\ntop_k = 9\nwound_up = 4\n"  # of which each model takes its own
    + generate("box", "a waltz", "toy/box", duration=0.2, finish="tin")
    + generate("rain", "rain", "draft/audio", duration=0.2)
    + node("shaken", "tremble", input="box", rate_hz=12)
    + node("all", "mix", inputs=[{"node": "shaken"}, {"node": "rain"}])
    + export("theme", "all", format=["au", "wav"], bit_depth=16)
    + table("manifests.toys", engine="toyland", greeting="good morning")
)


class Toys:
    """A project, and a folder in which the package is installed."""

    def __init__(self, space: Space, site: Path):
        self.space, self.site = space, site
        self.code = install(site)

    def run(self, *arguments: str) -> Result:
        return self.space.fresh(*arguments, env={"PYTHONPATH": str(self.site)})

    def build(self, *arguments: str) -> Result:
        return self.run("build", "--json", *arguments)

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.code / f"{name}.py"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def keys(self) -> dict[str, str]:
        nodes = json.loads(self.space.read("build/theme.wav.json"))["nodes"]
        return {name: facts["action_key"] for name, facts in nodes.items()}


@pytest.fixture
def toys(space: Space, tmp_path: Path) -> Toys:
    space.scene(SCENE)
    return Toys(space, tmp_path / "site-packages")


def test_a_kind_a_backend_an_engine_and_a_format_of_a_package_make_one_scene(toys: Toys) -> None:
    built = toys.build()
    assert (built.code, built.err) == (0, "")
    assert built.ran == ["a:all", "a:box", "a:rain", "a:shaken"]
    assert built.exports == dict.fromkeys(["build/theme.au", "build/theme.wav", "build/toys.toys"], "written")
    info = soundfile.info(toys.space.root / "build/theme.au")
    assert (info.format, info.frames, info.samplerate) == ("AU", 9600, 48000)
    assert toys.space.read("build/toys.toys") == b"good morning\ntheme theme.au\n"
    facts = json.loads(toys.space.read("build/theme.au.json"))
    assert facts["nodes"]["box"]["params"] == {
        "prompt": "a waltz",
        "duration": 0.2,
        "seed": 0,
        "variations": 1,
        "wound_up": 4,
        "finish": "tin",
    }
    assert [model["licence"] for model in facts["models"] if model["backend"] == "toybox"] == ["CC0-1.0"]
    assert toys.build().ran == []


def test_a_draft_stands_in_for_its_model_and_is_checked_by_what_that_takes(toys: Toys) -> None:
    assert toys.build("--draft").code == 0
    first = json.loads(toys.space.read("build/draft/theme.wav.json"))["nodes"]["box"]["action_key"]
    toys.space.replace('finish = "tin"', "wound_up = 5")
    assert toys.build("--draft").ran == []
    assert json.loads(toys.space.read("build/draft/theme.wav.json"))["nodes"]["box"]["action_key"] == first
    toys.space.replace("wound_up = 5", "wound_up = 10")
    assert "graphs/a.toml:9: nodes.box: wound_up must be at most 9, not 10" in toys.build("--draft").err


def test_what_a_model_of_a_package_does_not_take_is_a_mistake(toys: Toys) -> None:
    toys.space.replace('finish = "tin"', 'top_k = 9\nwund_up = 3\nfinish = "gold"')
    assert toys.run("check").err == (
        "graphs/a.toml:9: nodes.box: top_k cannot be used: toy/box does not take it; models of audiocraft do\n"
        "  beside what all models take, it takes finish and wound_up\n"
        'graphs/a.toml:10: nodes.box: unknown field "wund_up"; did you mean "wound_up"?\n'
        'graphs/a.toml:11: nodes.box: finish must be "brass" or "tin", not "gold"\n'
    )


def test_the_package_and_what_it_says_of_its_versions_are_in_the_keys_and_its_own_version_is_not(
    toys: Toys, tmp_path: Path
) -> None:
    toys.build()
    first = toys.keys()
    (about,) = toys.site.glob("*.dist-info")
    metadata = about / "METADATA"
    metadata.write_text(metadata.read_text().replace("0.4.2", "0.5.0"))
    assert toys.build("--force").code == 0
    assert toys.keys() == first

    toys.edit("tremble", "version=3", "version=4")
    assert toys.build().ran == ["a:shaken"]
    toys.edit("toybox", "version = 5", "version = 6")
    assert "a:box" in toys.build().ran
    changed = toys.keys()
    assert sorted(name for name in first if changed[name] == first[name]) == ["all", "rain"]  # made of equal samples

    other = Toys(toys.space, tmp_path / "elsewhere/site-packages")
    (about,) = other.site.glob("*.dist-info")
    metadata = about / "METADATA"
    metadata.write_text(metadata.read_text().replace("Toy.Sounds", "Other.Toys"))
    other.build()
    assert sorted(name for name in first if other.keys()[name] == first[name]) == [
        "all",
        "rain",
    ]  # made of equal samples


@pytest.mark.parametrize(
    ("name", "old", "new", "done"),
    [
        ("tremble", "version=3", "version=4", "a:shaken"),
        ("toybox", "version = 5", "version = 6", "a:box"),
        ("toyland", "{sound.name} ", "{sound.name}: ", "build/toys.toys"),
        ("au", "32767", "32766", ""),  # without another version: its files stay
    ],
)
def test_an_edited_package_is_noticed_by_a_build_with_nothing_to_do(
    toys: Toys, name: str, old: str, new: str, done: str
) -> None:
    toys.build()
    toys.space.age()
    toys.build()
    assert "nothing to do" in toys.run("build").out
    modules = toys.space.fresh("build", env={"PYTHONPATH": str(toys.site)}, code=TELL).out
    assert "toy_sounds" not in modules
    toys.edit(name, old, new)
    modules = toys.space.fresh("build", "--json", env={"PYTHONPATH": str(toys.site)}, code=TELL)
    assert f"toy_sounds.{name}" in modules.out  # type: ignore[attr-defined]
    written = [path for path, status in modules.exports.items() if status == "written"]  # type: ignore[attr-defined]
    assert [*modules.ran, *written] == ([done] if done else [])  # type: ignore[attr-defined]


TELL = "import atexit, sys\natexit.register(lambda: print(sorted(sys.modules)))\n"


def test_a_package_that_is_gone_is_noticed_and_named_as_what_is_not_there(toys: Toys) -> None:
    toys.build()
    toys.space.age()
    toys.build()
    shutil.rmtree(toys.site)
    gone = toys.run("build")
    assert gone.code == 2
    assert 'nodes.shaken: unknown kind "tremble"' in gone.err
    assert '"toy/box" is not a model' in gone.err
    assert 'unknown engine "toyland"' in gone.err


def test_kinds_models_and_schema_list_it_and_say_whose_it_is(toys: Toys) -> None:
    assert (
        "tremble    Make a sound louder and softer again and again. (of package toy-sounds)\n" in toys.run("kinds").out
    )
    kinds = json.loads(toys.run("kinds", "--json").out)
    assert {row["kind"]: row["package"] for row in kinds if row["package"]} == {"tremble": "toy-sounds"}
    assert toys.run("kinds", "tremble").out.startswith("tremble: Make a sound louder and softer again and again. (of")
    fields = {row["name"]: row for row in json.loads(toys.run("kinds", "generate", "--json").out)}
    assert (fields["wound_up"]["backends"], fields["wound_up"]["default"]) == (["toybox"], "default 3")
    assert "toy/box is of package toy-sounds\n" in toys.run("models").out
    models = {row["id"]: row["package"] for row in json.loads(toys.run("models", "--json").out)}
    assert (models["toy/box"], models["facebook/musicgen-small"]) == ("toy-sounds", "")
    schema = json.loads(toys.run("schema").out)["definitions"]
    assert schema["kind_tremble"]["description"].endswith("(of package toy-sounds)")
    assert schema["kind_generate"]["properties"]["finish"]["enum"] == ["brass", "tin"]
    assert schema["kind_generate"]["properties"]["wound_up"]["description"].endswith("(of package toy-sounds)")
    assert "greeting" in schema["engine_toyland"]["properties"]
    assert "au" in json.dumps(schema["export"]["properties"]["format"])


PAGE = (Path(__file__).parents[2] / "docs/plugins.md").read_text(encoding="utf-8")


def test_the_package_that_the_page_shows_works_as_it_says(space: Space, tmp_path: Path) -> None:
    files = dict(re.findall(r"^```(?:toml|python) file=(\S+)\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL))
    source, site = tmp_path / "source", tmp_path / "site-packages"
    for name, text in files.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text, encoding="utf-8")
    install(site, source)
    space.scene(CHAIN + node("half", "shorten", input="rain") + export("half", "half", format="wav"))
    built = space.fresh("build", "--json", env={"PYTHONPATH": str(site)})
    assert built.exports["build/half.wav"] == "written"
    kinds = space.fresh("kinds", env={"PYTHONPATH": str(site)}).out
    assert "shorten    Keep the first half of a sound. (of package soundgraph-shorten)\n" in kinds


def test_a_model_of_a_package_is_pulled_pinned_and_named_in_the_project(toys: Toys) -> None:
    toys.space.write("soundgraph.toml", '[models]\nbox = "toy/box"\n[defaults.tremble]\nrate_hz = 3\n')
    assert toys.run("models", "pull", "box").code == 0
    toys.space.replace('"toy/box"', '"box"')
    toys.space.replace("rate_hz = 12\n", "")
    assert toys.build().code == 0
    nodes = json.loads(toys.space.read("build/theme.wav.json"))["nodes"]
    assert nodes["shaken"]["params"] == {"rate_hz": 3.0}
    assert toys.run("verify").out.endswith("4 identical\n")


def test_packages_are_looked_for_only_where_a_name_is_none_of_soundgraph_s(
    space: Space, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    real = registry.entry_points  # type: ignore[attr-defined]

    def entry_points(group: str) -> Any:
        looked.append(group)
        return real(group=group)

    monkeypatch.setattr(registry, "entry_points", entry_points)
    monkeypatch.syspath_prepend(str(tmp_path / "unseen"))  # what was looked up is kept for each path
    space.scene("[defaults.generate]\ntop_k = 3\n" + CHAIN + table("manifests.all", engine="json"))
    assert space.build().code == 0
    assert looked == []
    space.replace("trim", "trym")
    assert space.build().code == 2
    assert looked == ["soundgraph.kinds"]


# What is refused


def test_a_name_that_soundgraph_has_is_not_given_away(space: Space, tmp_path: Path) -> None:
    toys = Toys(space, tmp_path / "site-packages")
    offer(toys.site, "grabber", "1.0", [("soundgraph.kinds", "gain = toy_sounds.tremble:KIND")])
    space.scene(CHAIN + node("soft", "gain", input="dark", gain_db=-3) + export("soft", "soft"))
    assert toys.build().code == 0
    before = json.loads(space.read("build/soft.wav.json"))["nodes"]["soft"]["action_key"]
    assert space.build("--force").code == 0
    assert json.loads(space.read("build/soft.wav.json"))["nodes"]["soft"]["action_key"] == before


def test_of_two_packages_that_offer_one_name_neither_is_taken(toys: Toys) -> None:
    offer(toys.site, "grabber", "1.0", [("soundgraph.kinds", "tremble = toy_sounds.tremble:KIND")])
    assert toys.run("check").err == (
        'graphs/a.toml:16: nodes.shaken: kind "tremble" of package "grabber" is not the only one: package "toy-sounds" '
        "offers one of that name\n  uninstall the package, or have its name changed\n"
    )


@pytest.mark.parametrize(
    ("module", "told"),
    [
        ("tremble", 'nodes.shaken: kind "tremble" of package "toy-sounds" cannot be loaded: ZeroDivisionError'),
        ("toybox", 'backend "toybox" of package "toy-sounds" cannot be loaded: ZeroDivisionError'),
        ("toyland", 'manifests.toys: engine "toyland" of package "toy-sounds" cannot be loaded: ZeroDivisionError'),
        (
            "au",
            'exports.theme: format[0] names what cannot be used: format "au" of package "toy-sounds" cannot be loaded',
        ),
    ],
)
def test_a_package_that_cannot_be_loaded_is_named_without_a_traceback(toys: Toys, module: str, told: str) -> None:
    (toys.code / f"{module}.py").write_text("print(1 / 0)\n", encoding="utf-8")
    for verb in ("check", "build"):
        found = toys.run(verb)
        assert found.code == 2, verb
        assert told in found.err
        assert "Traceback" not in found.err
        assert len(found.err.splitlines()) <= 3 + 2 * (module == "toybox")  # its defaults are of no model, too
    if module == "tremble":
        listing = toys.run("kinds")
        assert (listing.code, "tremble" in listing.out) == (0, False)
        assert told.partition(": ")[2] in listing.err
    if module == "toybox":
        toys.space.write("soundgraph.toml", '[models]\nbox = "toy/box"\n')
        assert f'soundgraph.toml:2: models: box "toy/box" is not a model; {told}' in toys.run("check").err
        toys.space.write("soundgraph.toml", "")
        assert told in toys.run("models").out


def test_a_backend_may_not_take_what_every_model_takes_in_a_way_of_its_own(toys: Toys) -> None:
    toys.edit("toybox", "wound_up: int", "seed: int")
    what = 'backend "toybox" of package "toy-sounds" takes "seed" in a way of its own, and every generate node has that'
    assert what in toys.run("models").out
