"""Takes: variations of a node, and all that follows from it take by take."""

import json

import numpy as np
import pytest

from soundgraph.scene.reading import variations
from tests.helpers import export, generate

STEPS = """
[scene]
duration = 0.2
seed = 5

[nodes.step]
kind = "generate"
model = "draft/audio"
prompt = "footstep on gravel"
variations = 3

[nodes.cloth]
kind = "generate"
model = "draft/audio"
prompt = "rustling leaves"

[nodes.both]
kind = "mix"
inputs = [{ node = "step" }, { node = "cloth", gain_db = -6.0 }]

[exports.steps]
node = "both"
path = "steps/gravel_{take:02}"
"""


def test_each_take_is_delivered_under_its_number(space):
    space.scene(STEPS)
    found = space.build()
    assert sorted(found.exports) == [f"build/steps/gravel_0{take}.wav" for take in (1, 2, 3)]
    sounds = {space.read(path) for path in found.exports}
    assert len(sounds) == 3
    assert found.summary["ran"] == 7  # three takes, three mixes of them, and one sound that serves all


def test_takes_of_a_draft_differ(space):
    space.scene(STEPS)
    space.build()
    digests = [json.loads(space.read(f"build/steps/gravel_0{take}.wav.json"))["digest"] for take in (1, 2, 3)]
    assert len(set(digests)) == 3


def test_another_take_leaves_those_before_it_alone(space):
    space.scene(STEPS)
    space.build()
    space.replace("variations = 3", "variations = 4")
    found = space.build()
    assert found.ran == ["a:both#4", "a:step#4"]
    assert found.exports["build/steps/gravel_01.wav"] == "current"
    assert found.exports["build/steps/gravel_04.wav"] == "written"


def test_a_take_fewer_removes_its_file_and_keeps_its_sound(space):
    space.scene(STEPS)
    space.build()
    space.replace("variations = 3", "variations = 2")
    assert space.build().ran == []
    assert not space.exists("build/steps/gravel_03.wav")
    space.replace("variations = 2", "variations = 3")
    assert space.build().ran == []
    assert space.exists("build/steps/gravel_03.wav")


def test_the_first_take_is_what_the_node_is_without_variations(space):
    space.scene(STEPS.replace("variations = 3\n", "").replace("_{take:02}", ""))
    space.build()
    space.scene(STEPS)
    assert space.build().ran == ["a:both#2", "a:both#3", "a:step#2", "a:step#3"]


def test_a_derived_seed_written_out_is_the_same_take(space):
    space.scene(STEPS)
    space.build()
    space.scene(
        STEPS.replace("variations = 3", f"seed = {variations.seed_of(5, 3)}").replace("_{take:02}", ""), name="third"
    )
    assert space.build("third").ran == []


def test_seeds_of_takes_are_pinned():
    # What stands here is in the keys of takes that teams have paid for.
    assert variations.seed_of(7, 1) == 7
    assert [variations.seed_of(7, take) for take in (2, 3)] == [8357988634620944855, 5201178039584049308]
    found = [variations.seed_of(seed, take) for seed in range(50) for take in range(2, 50)]
    assert len(set(found)) == len(found)
    assert all(0 <= seed < 2**63 for seed in found)


def test_one_load_makes_all_takes(space):
    space.scene(STEPS)
    assert space.build().loads == 1
    assert "4 nodes" in space.run("plan", "--force").out.split("load 1")[1].splitlines()[0]


def test_a_node_may_name_one_take(space):
    space.scene(
        STEPS
        + """
[nodes.soft]
kind = "gain"
input = "step#2"
gain_db = -6

[exports.soft]
node = "soft"
bit_depth = 32

[exports.second]
node = "step#2"
bit_depth = 32
"""
    )
    found = space.build()
    assert "build/soft.wav" in found.exports
    soft, second = (np.frombuffer(space.read(f"build/{name}.wav")[-4000:], "<f4") for name in ("soft", "second"))
    assert np.allclose(soft, second * 10 ** (-6 / 20), atol=1e-7)
    assert second.any()


def test_the_path_of_an_export_of_one_take_has_the_number_of_that_take(space):
    space.scene(STEPS + '[exports.third]\nnode = "both#3"\npath = "best_{take:02}"\nbit_depth = 32\n')
    found = space.build()
    assert "build/best_03.wav" in found.exports
    third, best = (json.loads(space.read(f"build/{name}.wav.json")) for name in ("steps/gravel_03", "best_03"))
    assert best["digest"] == third["digest"]
    assert not space.exists("build/best_01.wav")


def test_takes_of_two_nodes_are_zipped(space):
    space.scene(STEPS.replace('prompt = "rustling leaves"', 'prompt = "rustling leaves"\nvariations = 3'))
    assert space.build().summary["ran"] == 9


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'prompt = "rustling leaves"',
            'prompt = "rustling leaves"\nvariations = 2',
            'graphs/a.toml:18: nodes.both: goes by takes of unlike number: "step" 3, "cloth" 2\n'
            '  give them as many, or name one take, as in "step#1"\n',
        ),
        (
            'node = "both"\n',
            'node = "both#4"\n',
            'graphs/a.toml:22: exports.steps: node "both#4" is not there: "both" has 3 takes\n',
        ),
        (
            'node = "cloth"',
            'node = "cloth#2"',
            'graphs/a.toml:19: nodes.both: inputs[1].node "cloth#2" is not there: "cloth" has 1 take\n',
        ),
        (
            'node = "step"',
            'node = "step#0"',
            'graphs/a.toml:19: nodes.both: inputs[0].node "step#0" names no take: they are numbered from 1, '
            'as in "step#1"\n',
        ),
        (
            'node = "step"',
            'node = "step#two"',
            'graphs/a.toml:19: nodes.both: inputs[0].node "step#two" names no take: they are numbered from 1, '
            'as in "step#1"\n',
        ),
        (
            "_{take:02}",
            "",
            'graphs/a.toml:21: exports.steps: "both" has 3 takes, so that the path needs "{take}"\n'
            '  path = "steps/gravel_{take}", or node = "both#1" for one of them\n',
        ),
        (
            "{take:02}",
            "{tak}",
            'graphs/a.toml:23: exports.steps: path "steps/gravel_{tak}" has braces that are not "{take}", '
            'or "{take:02}" for two digits\n',
        ),
        (
            "variations = 3",
            "variations = 0",
            "graphs/a.toml:10: nodes.step: variations must be at least 1, not 0\n",
        ),
    ],
)
def test_mistakes_about_takes(space, old, new, message):
    space.scene(STEPS.replace(old, new))
    found = space.run("check")
    assert (found.code, found.err) == (2, message)


def test_a_circle_through_a_take_is_told_as_one(space):
    space.scene(
        """
[nodes.a]
kind = "gain"
input = "b#1"
gain_db = 0
[nodes.b]
kind = "gain"
input = "a"
gain_db = 0
"""
    )
    assert space.run("check").err == "graphs/a.toml:2: nodes.a: needs itself: a <- b <- a\n"


def test_targets_name_all_takes_or_one(space):
    space.scene(STEPS)
    assert space.build("a:step").ran == ["a:step", "a:step#2", "a:step#3"]
    assert space.build("a:both#2").ran == ["a:both#2", "a:cloth"]
    assert space.build("a:both#1").ran == ["a:both"]
    assert sorted(space.build("a:steps").exports) == [f"build/steps/gravel_0{take}.wav" for take in (1, 2, 3)]


def test_a_lost_take_is_noticed_without_reading_the_scene(space):
    space.scene(STEPS)
    space.settle("a:steps")
    (space.root / "build/steps/gravel_02.wav").unlink()
    assert space.build("a:steps").exports["build/steps/gravel_02.wav"] == "restored"


def test_an_included_node_brings_its_takes(space):
    space.write("graphs/shared/feet.toml", STEPS.partition("[exports")[0])
    space.scene('include = ["shared/feet.toml"]\n[exports.x]\nnode = "feet.both"\npath = "x_{take}"\n')
    assert sorted(space.build("a").exports) == ["build/x_1.wav", "build/x_2.wav", "build/x_3.wav"]


def test_a_path_with_a_place_for_the_take_serves_a_single_one(space):
    space.scene(STEPS.replace("variations = 3", "variations = 1"))
    assert list(space.build().exports) == ["build/steps/gravel_01.wav"]


def test_two_exports_by_takes_into_one_file_are_a_mistake(space):
    space.scene(STEPS + '[exports.more]\nnode = "step"\npath = "steps/gravel_{take:02}"\n')
    found = space.run("check")
    assert found.code == 2
    assert '"steps/gravel_01.wav" is also delivered by graphs/a.toml:21: exports.steps' in found.err


def test_too_many_takes_for_a_scene(space):
    chain = "".join(
        f'[nodes.n{place}]\nkind = "gain"\ninput = "{f"n{place - 1}" if place else "step"}"\ngain_db = 0\n'
        for place in range(20)
    )
    space.scene(STEPS.replace("variations = 3", "variations = 1000") + chain)
    assert "holds 22,001 nodes with all their takes; a scene may have 20,000" in space.run("check").err


def test_millions_of_takes_are_counted_and_not_made(space):
    nodes = [generate(f"n{place}", "step", variations=1000) for place in range(3000)]
    exports = [export(f"e{place}", "n0", path=f"e{place}_{{take}}") for place in range(3000)]
    space.scene("\n".join([*nodes, *exports]))
    found = space.run("check")
    assert found.code == 2
    assert "holds 3,000,000 nodes with all their takes; a scene may have 20,000" in found.err
    assert "holds 3,000,000 exports with all their takes; a scene may have 20,000" in found.err
    space.scene("\n".join([generate("n", "step"), *(export(f"e{place}", "n") for place in range(20_001))]))
    assert "holds 20,001 exports; a scene may have 20,000" in space.run("check").err


def test_a_melody_goes_by_takes(space):
    space.scene(
        STEPS
        + """
[nodes.more]
kind = "generate"
model = "draft/audio"
prompt = "wind"
continue_from = "step"
duration = 0.4
"""
    )
    assert space.build("a:more").ran == [
        *("a:more", "a:more#2", "a:more#3"),
        *("a:step", "a:step#2", "a:step#3"),
    ]


def test_an_export_of_one_take_called_like_its_node_does_not_stand_for_the_other_takes(space):
    space.scene(
        """
[nodes.step]
kind = "generate"
model = "draft/audio"
prompt = "step"
duration = 0.1
variations = 3
[exports.step]
node = "step#1"
"""
    )
    space.settle()
    assert space.build("a:step").ran == ["a:step#2", "a:step#3"]
