"""Manifests for engines: delivered with the files they are about, and kept up to date like them."""

import json

import pytest

SCENE = """
[nodes.step]
kind = "generate"
model = "draft/audio"
prompt = "footstep"
duration = 0.2
variations = 2

[nodes.land]
kind = "generate"
model = "draft/audio"
prompt = "thud"
duration = 0.2

[exports.step]
node = "step"
path = "feet/step_{take}"

[exports.land]
node = "land"
format = ["flac", "wav"]

[manifests.feet]
engine = "json"
path = "feet/all"

[manifests.wwise]
engine = "wwise"
exports = ["step"]
"""


def test_a_manifest_is_delivered_beside_the_files(space):
    space.scene(SCENE)
    found = space.build()
    assert found.exports["build/feet/all.json"] == "written"
    assert found.exports["build/wwise.tsv"] == "written"
    listed = json.loads(space.read("build/feet/all.json"))
    text = json.dumps(listed)
    for name in ("step_1.wav", "step_2.wav", "land"):
        assert name in text
    assert "land" not in space.read("build/wwise.tsv").decode()


def test_nothing_changed_leaves_it_alone(space):
    space.scene(SCENE)
    space.settle()
    before = (space.root / "build/wwise.tsv").stat().st_mtime_ns
    found = space.build()
    assert found.exports["build/wwise.tsv"] == "current"
    assert found.summary["exports"] == 6
    space.replace("[nodes.step]", "# a comment\n[nodes.step]")
    space.build()
    assert (space.root / "build/wwise.tsv").stat().st_mtime_ns == before


@pytest.mark.parametrize("harm", ["delete", "alter"])
def test_one_that_was_lost_or_altered_is_restored(space, harm):
    space.scene(SCENE)
    space.settle()
    good = space.read("build/wwise.tsv")
    path = space.root / "build/wwise.tsv"
    if harm == "delete":
        path.unlink()
    else:
        path.write_text("mine")
    plan = space.run("plan", "--check")
    assert plan.code == 3
    assert "build/wwise.tsv" in plan.out
    assert ("gone" in plan.out) == (harm == "delete")
    assert space.build().exports["build/wwise.tsv"] == "restored"
    assert space.read("build/wwise.tsv") == good
    space.settle()
    assert space.run("plan", "--check").code == 0


def test_another_take_is_another_manifest(space):
    space.scene(SCENE)
    space.build()
    space.replace("variations = 2", "variations = 3")
    found = space.build()
    assert found.exports["build/feet/all.json"] == "written"
    assert "step_3.wav" in space.read("build/wwise.tsv").decode()


def test_one_that_is_asked_for_no_more_is_removed(space):
    space.scene(SCENE)
    space.build()
    space.scene(SCENE.partition("[manifests.wwise]")[0])
    space.build()
    assert not space.exists("build/wwise.tsv")
    assert space.exists("build/feet/all.json")


def test_a_part_of_the_exports_gives_no_manifest_of_all(space):
    space.scene(SCENE)
    found = space.build("a:land")
    assert sorted(found.exports) == ["build/land.flac", "build/land.wav"]
    assert "build/wwise.tsv" in space.build("a:step").exports  # all that it is about


def test_a_build_with_nothing_to_do_says_of_a_manifest_what_any_other_does(space):
    def told():
        return [event for event in space.build().of("export") if "engine" in event]

    space.scene(SCENE)
    space.settle()
    idle = told()
    space.replace("[nodes.step]", "# a comment\n[nodes.step]")
    assert idle == told()
    assert [event["engine"] for event in idle] == ["json", "wwise"]


def test_a_failed_export_holds_its_manifest_back(space):
    space.scene(SCENE + '[[checks]]\nexport = "land"\nmin_duration = 5\n')
    found = space.build("-k")
    assert found.code == 1
    assert "build/feet/all.json" not in found.exports
    assert found.exports["build/wwise.tsv"] == "written"


def test_a_draft_is_called_one(space):
    space.scene(SCENE)
    space.build("--draft")
    assert b"draft" in space.read("build/draft/feet/all.json")
    space.build()
    assert b'"draft": true' in space.read("build/feet/all.json")  # the model is a draft model


@pytest.mark.parametrize("verb", ["check", "build"])
def test_two_that_write_one_file_are_a_mistake(space, verb):
    space.scene(SCENE + '[manifests.other]\nengine = "json"\npath = "feet/all"\n')
    found = space.run(verb)
    assert (found.code, found.err) == (
        2,
        'graphs/a.toml:30: manifests.other: "feet/all.json" is also delivered by graphs/a.toml:23: manifests.feet\n',
    )


@pytest.mark.parametrize("name", ["Feet/All", "feet/a\u006c\u006c"])
def test_two_of_which_no_system_could_keep_both_are_a_mistake(space, name):
    space.scene(SCENE + f'[manifests.other]\nengine = "json"\npath = "{name}"\n')
    assert space.run("check").code == 2


def test_a_manifest_and_an_export_may_not_be_one_file(space):
    space.scene(SCENE + '[manifests.other]\nengine = "json"\npath = "land.flac.schema"\nwith_schema = true\n')
    assert space.run("check").code == 0
    space.replace('path = "land.flac.schema"', 'path = "Feet/step_1.WAV"')
    assert space.run("check").code == 2, "it is an extension of audio"
    space.scene(SCENE.replace('path = "feet/step_{take}"', 'path = "wwise.tsv/step_{take}"'))
    found = space.run("check")
    assert '"wwise.tsv/step_1.wav" needs a folder where a file is delivered by' in found.err


def test_two_scenes_that_write_one_file_are_told_whichever_is_built(space):
    space.scene(SCENE)
    space.scene(SCENE.replace('path = "feet/step', 'path = "b/step').replace("exports.land", "exports.other"), "b")
    space.settle("a")
    for targets in (["b"], [], ["a", "b"]):
        found = space.build(*targets)
        assert found.code == 2
        assert sorted(event["what"] for event in found.of("error")) == [
            '"feet/all.json" is also delivered by graphs/a.toml:23: manifests.feet',
            '"wwise.tsv" is also delivered by graphs/a.toml:27: manifests.wwise',
        ]
        assert b"other" not in space.read("build/feet/all.json")
    assert space.build("a", "-k").code == 0


def test_a_check_of_one_scene_sees_what_the_others_deliver(space):
    """Even where no build has delivered it yet."""
    space.scene(SCENE)
    space.scene(SCENE.replace('path = "feet/step', 'path = "b/step').replace("exports.land", "exports.other"), "b")
    found = space.run("check", "b")
    assert found.code == 2
    assert [line.partition(":")[0] for line in found.err.splitlines()] == ["graphs/b.toml"] * 2
    space.scene("[nodes.x]\nkind = 'nonsense'\n", "c")
    assert space.run("check", "b").err == found.err, "the mistakes of another scene are told when that is checked"


def test_a_manifest_may_move_to_another_scene(space):
    space.scene(SCENE)
    space.settle()
    space.scene(SCENE.partition("[manifests.feet]")[0])
    space.scene(SCENE.replace('path = "feet/step', 'path = "b/step').replace("exports.land", "exports.other"), "b")
    assert space.build("b").code == 0
    assert b"other" in space.read("build/feet/all.json")
    assert space.build().code == 0
    assert space.exists("build/feet/all.json")


def test_a_plan_knows_that_an_export_of_another_name_is_another_manifest(space):
    space.scene(SCENE)
    space.settle()
    space.replace("[exports.step]", "[exports.steps]")
    space.replace('exports = ["step"]', 'exports = ["steps"]')
    plan = space.run("plan", "--check")
    assert (plan.code, "build/wwise.tsv" in plan.out) == (3, True)


def test_the_same_bytes_anywhere(space, tmp_path_factory):
    from tests.helpers import Space

    space.scene(SCENE)
    space.build()
    other = Space(tmp_path_factory.mktemp("elsewhere") / "x")
    other.scene(SCENE)
    other.build()
    assert other.read("build/wwise.tsv") == space.read("build/wwise.tsv")
    assert other.read("build/feet/all.json") == space.read("build/feet/all.json")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[manifests.x]\nengine = "wise"\n',
            'graphs/a.toml:31: manifests.x: unknown engine "wise"; did you mean "wwise"?\n',
        ),
        (
            "[manifests.x]\n",
            "graphs/a.toml:30: manifests.x: engine is missing\n"
            '  it is "fmod", "godot", "json", "unity", "unreal" or "wwise"\n',
        ),
        (
            '[manifests.x]\nengine = "json"\nexports = ["stp"]\n',
            'graphs/a.toml:32: manifests.x: exports[0] "stp" is not an export; did you mean "step"?\n',
        ),
        (
            '[manifests.x]\nengine = "json"\npath = "../up"\n',
            'graphs/a.toml:32: manifests.x: path "../up" must not climb out with ".."\n',
        ),
        (
            '[manifests.x]\nengine = "json"\npath = "x_{take}"\n',
            'graphs/a.toml:32: manifests.x: path "x_{take}" has a place for a take, '
            "and a manifest is about all of them\n",
        ),
        (
            '[manifests.x]\nengine = "json"\ncolour = 3\n',
            'graphs/a.toml:32: manifests.x: unknown field "colour"\n',
        ),
        (
            '[manifests.x]\nengine = "json"\nexprts = ["step"]\n',
            'graphs/a.toml:32: manifests.x: unknown field "exprts"; did you mean "exports"?\n',
        ),
    ],
)
def test_mistakes_in_manifests(space, text, message):
    space.scene(SCENE + text)
    found = space.run("check")
    assert (found.code, found.err) == (2, message)
