"""Edit, build, which nodes ran: one table."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.helpers import Space, export, generate, node, noise

SCENE = "\n".join(
    [
        "[scene]\nsample_rate = 16000\nduration = 0.05\nseed = 1\n",
        node("rain", "generate", model="draft/audio", prompt="rain"),
        generate("tune", "piano", "draft/music", seed=3),
        node("door", "file", path="../sounds/door.wav"),
        node("cut", "trim", input="rain", duration=0.04),
        node("dark", "eq", input="cut", bands=[{"type": "peaking", "freq_hz": 1000, "gain_db": -3.0}]),
        node("soft", "gain", input="tune", gain_db=-6.0),
        node("left", "pan", input="door", pan=-0.5),
        node("all", "mix", inputs=[{"node": "dark", "weight": 0.5}, {"node": "soft"}, {"node": "left", "at": 0.01}]),
        node("end", "fade", input="all", fade_out=0.01),
        generate("spare", "wind"),
        export("theme", "end"),
        export("door", "left", format="flac"),
    ]
)


@dataclass(frozen=True)
class Case:
    """An edit, what runs after it, which files are written, and which nodes are needed no more: all others are hits."""

    claim: str
    old: str
    new: str
    ran: str = ""
    cutoffs: str = ""
    written: str = ""
    gone: str = ""


NEEDED = "rain cut dark tune soft door left all end"
WHOLE = "cut dark all end"
DARK, SOFT = '{ node = "dark", weight = 0.5 }', '{ node = "soft" }'
CASES = [
    Case("a comment", "[nodes.rain]", "# wet\n[nodes.rain]"),
    Case("white space", "prompt = ", "prompt   =   "),
    Case("a prompt", 'prompt = "rain"', 'prompt = "heavy rain"', f"rain {WHOLE}", written="theme.wav"),
    Case("a seed", "seed = 3", "seed = 4", "tune soft all end", written="theme.wav"),
    Case("the scene's seed", "seed = 1\n", "seed = 2\n", f"rain {WHOLE}", written="theme.wav"),
    Case("the scene's rate", "sample_rate = 16000", "sample_rate = 22050", "all end", written="theme.wav door.flac"),
    Case("the scene's length", "0.05\nseed = 1", "0.06\nseed = 1", f"rain {WHOLE}", written="theme.wav"),
    Case("what a draft takes no notice of", "seed = 3", 'seed = 3\nprecision = "int8"', "tune", "soft all end"),
    Case("a node in the middle", "duration = 0.04", "duration = 0.03", WHOLE, written="theme.wav"),
    Case("a weight", "weight = 0.5", "weight = 0.6", "all end", written="theme.wav"),
    Case("an offset", "at = 0.01", "at = 0.02", "all end", written="theme.wav"),
    Case("the last node", "fade_out = 0.01", "fade_out = 0.02", "end", written="theme.wav"),
    Case("a node that nothing needs", '"wind"', '"storm"'),
    Case("a default that is written out", 'input = "all"', 'input = "all"\nfade_in = 0.0'),
    Case("an export's settings", 'node = "end"', 'node = "end"\nbit_depth = 16', written="theme.wav"),
    Case("an export's format", 'format = "flac"', 'format = ["flac", "ogg"]', written="door.ogg"),
    Case("an export's path", 'node = "end"', 'node = "end"\npath = "music/theme"', written="music/theme.wav"),
    Case("an export's node", 'node = "end"', 'node = "all"', written="theme.wav", gone="end"),
    Case("an export that is no more", export("door", "left", format="flac"), ""),
    Case("the order of a mix's inputs", f"{DARK}, {SOFT}", f"{SOFT}, {DARK}", "all", "end"),
    Case("an input", 'input = "cut"', 'input = "rain"', "dark all end", written="theme.wav", gone="cut"),
    Case(
        "another model",
        '"draft/music"',
        '"draft/music@32000x2"',
        "tune soft all end",
        written="theme.wav",
    ),
    Case("another name for the same model", '"draft/music"', '"draft/music@32000x1"'),
]


@pytest.fixture
def built(space: Space) -> Space:
    space.recording("sounds/door.wav")
    space.scene(SCENE)
    space.settle()
    return space


def ids(names: str) -> list[str]:
    return sorted(f"a:{name}" for name in names.split())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.claim)
def test_after_an_edit_exactly_what_it_reaches_is_made_again(built: Space, case: Case) -> None:
    before = built.delivered()
    assert case.old in SCENE
    built.scene(SCENE.replace(case.old, case.new))
    found = built.build()
    assert found.code == 0, found.err
    assert found.ran == ids(case.ran)
    assert found.cutoffs == ids(case.cutoffs)
    assert found.hits == sorted(set(ids(NEEDED)) - set(found.ran + found.cutoffs) - set(ids(case.gone)))
    written = sorted(path.removeprefix("build/") for path, status in found.exports.items() if status == "written")
    assert written == sorted(case.written.split())
    clean = Space(built.root.parent / "clean")
    clean.write("sounds/door.wav", built.read("sounds/door.wav"))
    clean.write("graphs/a.toml", built.read("graphs/a.toml"))
    clean.build()
    assert built.delivered() == clean.delivered()

    built.scene(SCENE)
    back = built.build()
    assert (back.code, back.ran) == (0, []), "the earlier results are still there"
    assert built.delivered() == before


def test_a_recording_that_changes_is_read_again(built: Space) -> None:
    built.recording("sounds/door.wav", noise(seed=2))
    found = built.build()
    assert found.ran == ids("door left all end")
    assert sorted(found.exports.items()) == [("build/door.flac", "written"), ("build/theme.wav", "written")]


def test_a_recording_that_is_only_touched_is_not(built: Space) -> None:
    built.recording("sounds/door.wav")
    found = built.build()
    assert (found.ran, found.exports) == ([], {"build/theme.wav": "current", "build/door.flac": "current"})


def test_a_recording_that_is_moved_is_not(built: Space) -> None:
    (built.root / "sounds").rename(built.root / "recordings")
    built.replace("../sounds", "../recordings")
    assert built.build().ran == []


def test_a_scene_that_is_moved_runs_nothing_and_its_files_stay(built: Space) -> None:
    before = built.read("build/theme.wav")
    (built.root / "graphs/forest").mkdir()
    (built.root / "graphs/a.toml").rename(built.root / "graphs/forest/b.toml")
    built.replace("../sounds", "../../sounds", "forest/b")
    found = built.build()
    assert (found.code, found.ran) == (0, [])
    assert built.read("build/theme.wav") == before


def test_a_node_for_itself_is_built_without_its_users(built: Space) -> None:
    built.replace('prompt = "rain"', 'prompt = "heavy rain"')
    found = built.build("a:cut")
    assert (found.ran, found.exports) == (ids("rain cut"), {})
    assert built.build().ran == ids("dark all end")


def test_a_pattern_builds_what_it_fits(built: Space) -> None:
    built.replace('prompt = "rain"', 'prompt = "heavy rain"')
    assert built.build("a:d*").ran == ids("rain cut dark")
    assert built.build("*").ran == ids("all end")


def test_a_second_clone_over_the_same_cache_runs_nothing(built: Space) -> None:
    clone = Space(built.root.parent / "clone")
    clone.write("soundgraph.toml", f'[cache]\ndir = "{built.cache}"\n')
    clone.write("sounds/door.wav", built.read("sounds/door.wav"))
    clone.scene(SCENE)
    found = clone.build()
    assert (found.code, found.ran, found.loads) == (0, [], 0)
    assert clone.delivered() == built.delivered()


def test_another_salt_disowns_every_result_and_the_old_one_brings_them_back(built: Space) -> None:
    built.write("soundgraph.toml", '[cache]\nsalt = "x"\n')
    assert len(built.build().ran) == 9
    built.write("soundgraph.toml", "")
    assert built.build().ran == []
