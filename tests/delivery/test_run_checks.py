"""Checks: what a scene demands of its sounds, and what comes of a sound that does not meet it."""

import json

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import make, silence
from soundgraph.scene.tables.check_settings import Check, measure
from tests.helpers import noise

RATE = 48000


def sine(level_db: float, freq_hz: float = 1000.0, seconds: float = 4.0, offset: float = 0.0):
    moments = np.arange(round(seconds * RATE)) / RATE
    return make(10 ** (level_db / 20) * np.sin(2 * np.pi * freq_hz * moments) + offset, RATE)


@pytest.mark.parametrize(
    ("limits", "sound", "fault"),
    [
        ({"min_duration": 4.5}, sine(-20), "its length is 4 s, under min_duration = 4.5"),
        ({"max_duration": 3.5}, sine(-20), "its length is 4 s, over max_duration = 3.5"),
        ({"min_loudness_lufs": -20}, sine(-20), "its loudness is -23 LUFS, under min_loudness_lufs = -20"),
        ({"max_loudness_lufs": -24}, sine(-20), "its loudness is -23 LUFS, over max_loudness_lufs = -24"),
        (
            {"max_short_term_lufs": -24},
            sine(-20),
            "its largest short-term loudness is -23 LUFS, over max_short_term_lufs = -24",
        ),
        ({"max_true_peak_dbtp": -7}, sine(-6), "its true peak is -6 dBTP, over max_true_peak_dbtp = -7"),
        (
            {"max_dc_offset": 0.01},
            sine(-20, offset=0.02),
            "its DC offset is 0.02, over max_dc_offset = 0.01",
        ),
        ({"silent": False}, silence(1.0, RATE), "it is nowhere louder than -90 dBFS, and silent = false is asked for"),
        ({"silent": True}, sine(-20), "it is up to -20.0 dBFS, and silent = true is asked for"),
        (
            {"min_loudness_lufs": -60},
            silence(1.0, RATE),
            "its loudness is not measurable, under min_loudness_lufs = -60",
        ),
    ],
)
def test_a_limit_that_is_not_kept_is_told_with_figure_and_limit(limits, sound, fault):
    assert Check(node="n", **limits).faults(measure(sound)) == [fault]


@pytest.mark.parametrize(
    "limits",
    [
        {"min_duration": 4.0, "max_duration": 4.0},
        {"min_loudness_lufs": -23.1, "max_loudness_lufs": -22.9},
        {"max_true_peak_dbtp": -19.9, "max_clipped_samples": 0, "max_dc_offset": 1e-4},
        {"max_seam": 5.0, "silent": False},
        {"max_loudness_range_lu": 1.0},
    ],
)
def test_limits_that_are_kept_say_nothing(limits):
    assert Check(node="n", **limits).faults(measure(sine(-20))) == []


def test_clipping_is_counted():
    clipped = make(np.clip(sine(6).samples, -1, 1), RATE)
    (fault,) = Check(node="n", max_clipped_samples=0).faults(measure(clipped))
    assert fault.startswith("the number of its clipped samples is ")


LOOP = """
[nodes.t]
kind = "tone"
freq_hz = 480
duration = 0.3
level_dbfs = -6
[exports.t]
node = "t"
loop = {}
[[checks]]
export = "t"
max_seam = 5
"""


SAMPLE = 1 / 48000


@pytest.mark.parametrize("loop", ["true", "{ start = 0.1 }", "{ start = 0.1, end = 0.25 }", "{ end = 0.1 }"])
def test_the_loop_of_a_file_is_checked_from_its_first_sample_to_its_last_and_no_further(space, loop):
    """A tone whose loop is a whole number of periods has no seam; with a sample more or less it would jump."""
    space.scene(LOOP.replace("{}", loop, 1))
    assert space.build().code == 0
    assert space.run("report", "-o", "page.html").code == 0
    assert "the seam of its loop is" not in space.read("page.html").decode()


@pytest.mark.parametrize(
    "loop",
    [
        f"{{ end = {0.3 - SAMPLE} }}",
        f"{{ start = {0.1 + SAMPLE} }}",
        f"{{ start = {0.1 - SAMPLE}, end = 0.25 }}",
        f"{{ end = {0.1 + SAMPLE} }}",
        f"{{ end = {0.1 - SAMPLE} }}",
    ],
)
def test_a_loop_that_is_a_sample_too_long_or_too_short_fails_its_check(space, loop):
    space.scene(LOOP.replace("{}", loop, 1))
    found = space.build()
    assert found.code == 1
    assert "the seam of its loop is" in found.err + found.out


def test_a_seam_is_measured_where_the_loop_is():
    whole = sine(-6, seconds=1.0)  # 1000 whole cycles
    cut = make(whole.samples[:, :-12], RATE)
    check = Check(export="e", max_seam=5)
    assert check.faults(measure(whole)) == []
    assert "the seam of its loop is" in check.faults(measure(cut))[0]
    assert check.faults(measure(cut, 0, RATE - 48)) == []


def test_bandwidth_tells_a_dull_sound():
    rng = np.random.default_rng(3)
    from scipy.signal import butter, sosfilt

    dull = make(sosfilt(butter(12, 4000, fs=RATE, output="sos"), rng.standard_normal(4 * RATE)) * 0.1, RATE)
    assert Check(node="n", min_bandwidth_hz=8000).faults(measure(dull))
    assert not Check(node="n", min_bandwidth_hz=8000).faults(measure(make(rng.standard_normal(4 * RATE) * 0.1, RATE)))


def test_the_figure_is_never_told_as_the_limit():
    (fault,) = Check(node="n", max_true_peak_dbtp=-1).faults({"true_peak_dbtp": -0.99996})
    assert fault == "its true peak is -0.99996 dBTP, over max_true_peak_dbtp = -1"


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"silent": False}, "give node or export, one of them"),
        ({"node": "a", "export": "b", "silent": False}, "give node or export, one of them"),
        ({"node": "a"}, "demands nothing"),
        ({"node": "a", "min_duration": 2, "max_duration": 1}, "min_duration (2) is over max_duration (1)"),
        ({"node": "a", "max_clipped_samples": -1}, "greater than or equal to 0"),
    ],
)
def test_checks_that_make_no_sense(fields, what):
    with pytest.raises(ValidationError) as caught:
        Check(**fields)
    assert what in str(caught.value)


SCENE = """
[scene]
sample_rate = 16000

[nodes.door]
kind = "file"
path = "../sounds/door.wav"

[nodes.soft]
kind = "gain"
input = "door"
gain_db = -6

[exports.door]
node = "soft"

[exports.loud]
node = "door"

[[checks]]
node = "door"
max_true_peak_dbtp = %s

[[checks]]
export = "door"
silent = false
"""


@pytest.fixture
def door(space):
    space.recording("sounds/door.wav", noise(0.5, 16000))
    return space


def test_a_failing_check_of_a_node_holds_back_all_that_is_made_from_it(door):
    door.scene(SCENE % "-40")
    found = door.build("-k")
    assert found.code == 1
    assert found.failed == ["a:door"]
    (failed,) = [event for event in found.of("node") if event["status"] == "failed"]
    assert failed["detail"].startswith("graphs/a.toml:20: checks[0]: its true peak is ")
    assert failed["detail"].endswith("over max_true_peak_dbtp = -40")
    assert found.exports == {}
    assert not door.exists("build")


def test_a_failing_check_is_never_taken_for_a_success(door):
    door.scene(SCENE % "-40")
    assert [door.build("-k").code for _ in range(3)] == [1, 1, 1]
    assert door.run("build").code == 1


def test_mending_the_limit_delivers_without_running_anything(door):
    door.scene(SCENE % "-40")
    door.build("-k")
    door.replace("-40", "6")
    found = door.build()
    assert (found.code, found.ran, len(found.exports)) == (0, [], 2)
    assert door.build().summary["exports"] == 2


def test_a_stricter_limit_fails_what_was_built(door):
    door.scene(SCENE % "6")
    door.settle()
    before = door.delivered()
    door.replace("max_true_peak_dbtp = 6", "max_true_peak_dbtp = -40")
    assert door.build("-k").code == 1
    assert door.delivered() == before  # what was delivered stays


def test_a_check_of_an_export_is_made_of_the_file_and_keeps_a_bad_one_from_being_written(door):
    door.scene(SCENE % "6")
    door.settle()
    good = door.read("build/door.wav")
    door.replace("gain_db = -6", "gain_db = -119")
    found = door.build("-k")
    assert found.code == 1
    assert found.exports["build/door.wav"] == "failed"
    (event,) = [event for event in found.of("export") if event["status"] == "failed"]
    assert event["detail"] == (
        "graphs/a.toml:24: checks[1]: it is nowhere louder than -90 dBFS, and silent = false is asked for"
    )
    assert door.read("build/door.wav") == good
    assert found.exports["build/loud.wav"] == "current"


def test_a_node_that_only_a_check_is_about_is_built_for_it(door):
    door.scene(
        SCENE % "6" + '[nodes.aside]\nkind = "gain"\ninput = "door"\ngain_db = -119\n'
        '[[checks]]\nnode = "aside"\nsilent = false\n'
    )
    found = door.build("-k")
    assert found.failed == ["a:aside"]
    assert sorted(found.exports) == ["build/door.wav", "build/loud.wav"]  # nothing of it is in them


def test_what_was_measured_is_not_measured_again(door, monkeypatch):
    door.scene(SCENE % "6")
    door.settle()
    door.write("graphs/a.toml", (SCENE % "5").encode())
    monkeypatch.setattr("soundgraph.scene.tables.check_settings.measure", None)
    assert door.build().code == 0


def test_a_check_goes_by_takes(space):
    space.scene(
        """
[nodes.step]
kind = "generate"
model = "draft/audio"
prompt = "footstep"
duration = 0.2
variations = 3
[exports.step]
node = "step"
path = "step_{take}"
[[checks]]
node = "step#2"
max_duration = 0.1
[[checks]]
export = "step"
max_duration = 0.1
"""
    )
    found = space.build("-k")
    assert found.failed == ["a:step#2"]
    assert found.exports == {"build/step_1.wav": "failed", "build/step_3.wav": "failed"}


def test_json_of_a_failing_check_names_it(door):
    door.scene(SCENE % "-40")
    lines = [json.loads(line) for line in door.run("build", "--json", "-k").out.splitlines()]
    assert any("checks[0]" in line.get("detail", "") for line in lines)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[[checks]]\nnode = "dor"\nsilent = false\n',
            'graphs/a.toml:28: checks[2]: node "dor" is not a node; did you mean "door"?\n',
        ),
        (
            '[[checks]]\nexport = "soft"\nsilent = false\n',
            'graphs/a.toml:28: checks[2]: export "soft" is not an export\n',
        ),
        ("[[checks]]\nsilent = false\n", "graphs/a.toml:27: checks[2]: give node or export, one of them\n"),
        (
            '[[checks]]\nnode = "door"\nmax_peak = 3\n',
            'graphs/a.toml:29: checks[2]: unknown field "max_peak"; did you mean "max_seam"?\n',
        ),
        (
            '[[checks]]\nnode = "door#2"\nsilent = false\n',
            'graphs/a.toml:28: checks[2]: node "door#2" is not there: "door" has 1 take\n',
        ),
    ],
)
def test_mistakes_in_checks(door, text, message):
    door.scene(SCENE % "6" + text)
    found = door.run("check")
    assert (found.code, found.err) == (2, message)


def test_checks_that_are_no_list(door):
    door.scene("checks = 3\n" + SCENE.partition("[[checks]]")[0])
    assert (
        door.run("check").err == "graphs/a.toml:1: checks: must be a list of tables, not a number\n  write [[checks]]\n"
    )


def test_what_is_lost_and_comes_out_otherwise_is_checked_again(door, monkeypatch):
    from soundgraph.nodes import gain

    door.scene(SCENE % 0 + '[[checks]]\nnode = "soft"\nmax_true_peak_dbtp = -6\n')
    assert door.build().code == 0
    for blob in (door.cache / "blobs").rglob("*.wav"):
        blob.unlink()
    (door.root / "build/door.wav").unlink()
    monkeypatch.setattr(gain, "make", lambda samples, rate: make(samples * 4, rate))  # as on another device
    found = door.build()
    assert found.code == 1
    assert "over max_true_peak_dbtp = -6" in found.of("node")[-1]["detail"]
    assert not door.exists("build/door.wav")


@pytest.mark.parametrize(
    ("limits", "sound", "fault"),
    [
        ({"max_duration": 3600}, {"duration_s": 3600.0001}, "its length is 3600.0001 s, over max_duration = 3600"),
        (
            {"max_clipped_samples": 1_234_567},
            {"clipped_samples": 1_234_568},
            "the number of its clipped samples is 1234568, over max_clipped_samples = 1234567",
        ),
    ],
)
def test_large_figures_have_all_their_places(limits, sound, fault):
    assert Check(node="n", **limits).faults(sound) == [fault]


def test_a_scene_without_exports_is_built_in_full_where_it_is_named_although_its_checks_were_made_before(door):
    door.scene(SCENE.partition("[exports.door]")[0] + '[[checks]]\nnode = "door"\nsilent = false\n')
    door.settle()
    assert door.build("a").ran == ["a:soft"]


@pytest.mark.parametrize("fault", ['gain_db = "x"', 'gain_db = 0\n[nodes.c]\nkind = "gain"\ngain_db = 0\ninput = "c"'])
def test_takes_that_are_not_counted_for_a_mistake_elsewhere_are_no_mistake_of_a_check(space, fault):
    space.scene(
        f"""
[nodes.step]
kind = "generate"
model = "draft/audio"
prompt = "step"
variations = 2
[nodes.bad]
kind = "gain"
input = "step"
{fault}
[exports.step]
node = "step"
path = "step_{{take}}"
[[checks]]
node = "step#2"
silent = false
[manifests.m]
engine = "json"
exports = ["step#2"]
"""
    )
    found = space.run("check").err
    assert "#2" not in found
    assert found.count("graphs/a.toml:") == 1


def test_of_several_formats_the_one_that_fails_is_named(door):
    fields = 'node = "soft"\nformat = ["wav", "mp3"]\nquality = 0\n'
    text = SCENE.replace('node = "soft"\n', fields, 1) % "6"
    door.scene(text.replace("silent = false", "min_bandwidth_hz = 7900"))
    details = {event["detail"] for event in door.build("-k").of("export") if event["status"] == "failed"}
    assert len(details) == 1
    assert details.pop().startswith("door.mp3: graphs/a.toml:26: checks[1]: its bandwidth is ")
