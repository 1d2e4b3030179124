"""`show`, `report` and `play`: what they find, what they say of what is not there, and what they leave behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from soundgraph.cli.verbs import play
from tests.helpers import CHAIN, Space, changed, export, generate, node, noise
from tests.views.test_sound import self_contained

TWO = CHAIN + generate("wind", "wind") + export("wind_loop", "wind", format=["ogg", "wav"], bit_depth=16)


def shown(space: Space, *arguments: str) -> dict[str, object]:
    found = space.run("show", "--json", *arguments)
    assert found.code == 0, found.err
    return found.of("show")[0]


@pytest.fixture
def built(space: Space) -> Space:
    space.scene(TWO)
    assert space.build().code == 0
    return space


# show


def test_show_tells_the_figures_of_an_export_as_it_was_delivered(built: Space) -> None:
    facts = shown(built, "a:theme")
    delivered = json.loads(built.read("build/theme.wav.json"))
    for name in ("duration_s", "sample_rate", "channels", "true_peak_dbtp"):
        assert facts[name] == pytest.approx(delivered[name], abs=0.01)
    assert [Path(str(path)).name for path in facts["files"]] == ["theme.wav"]  # type: ignore[attr-defined]
    assert facts["draft"] is True


def test_show_tells_the_figures_of_a_node_at_its_own_rate(built: Space) -> None:
    facts = shown(built, "a:cut")
    assert (facts["sound"], facts["sample_rate"], facts["duration_s"], facts["files"]) == ("a:cut", 16000, 0.04, [])


def test_show_reads_the_file_of_an_export_that_holds_every_sample(built: Space) -> None:
    files = shown(built, "a:wind_loop")["files"]
    assert [Path(path).suffix for path in files] == [".wav", ".ogg"]  # type: ignore[attr-defined]


def test_show_takes_a_file_of_any_folder(space: Space, tmp_path: Path) -> None:
    path = tmp_path / "a b.wav"
    path.write_bytes(noise(0.5, 44100, 2).to_wav())
    found = space.run("show", str(path))
    assert found.out.splitlines()[:3] == [
        "a b.wav",
        "  length              0.50 s",
        "  format              44,100 Hz, stereo",
    ]


def test_show_in_text_names_a_draft(built: Space) -> None:
    assert built.run("show", "a:cut").out.splitlines()[0] == "a:cut (draft)"


def test_show_without_a_name_takes_the_only_export(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    assert shown(space)["sound"] == "a:theme"


def test_a_node_that_only_a_check_names_is_no_sound_of_its_scene(space: Space) -> None:
    space.scene(CHAIN + '[[checks]]\nnode = "rain"\nsilent = false\n')
    space.build()
    assert shown(space)["sound"] == shown(space, "a")["sound"] == "a:theme"
    assert shown(space, "a:rain")["sound"] == "a:rain"


def test_a_delivered_file_that_holds_a_draft_is_told_as_one(built: Space) -> None:
    assert shown(built, "build/theme.wav")["draft"] is True
    assert built.run("show", "build/theme.wav").out.splitlines()[0] == "theme.wav (draft)"


def test_show_writes_a_picture_or_a_page(built: Space) -> None:
    assert built.run("show", "a:wind_loop", "-o", "x.png").out == ""
    assert built.read("x.png").startswith(b"\x89PNG\r\n")
    built.run("show", "a:wind_loop", "-o", "x.html")
    page = self_contained(built.read("x.html"))
    assert (len(page.of("img")), len(page.of("audio"))) == (1, 1)
    assert "wind_loop.wav" in page.words


@pytest.mark.parametrize("file_format", ["wav", "ogg", "flac"])
def test_the_loop_and_the_cues_of_an_export_are_told_whatever_its_format(space: Space, file_format: str) -> None:
    cues = [{"at": 0.4, "label": "drop"}]
    marks = {"loop": {"start": 0.125, "end": 0.75}, "cues": cues}
    space.scene(generate("rain", duration=1.0) + export("bed", "rain", format=file_format, **marks))
    assert space.build().code == 0
    facts = shown(space, "a:bed")
    assert (facts["loops"], facts["cues"]) == ([{"start": 0.125, "end": 0.75}], cues)
    space.run("report")
    assert self_contained(space.read("build/report.html")).of("article")[0]["data-tags"] in (
        "draft loop",
        "draft remarks loop",
    )


def test_show_writes_the_same_bytes_twice(built: Space) -> None:
    for name in ("1", "2"):
        built.run("show", "a:wind", "-o", f"{name}.html")
    assert built.read("1.html") == built.read("2.html")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("a:rian",), 2, 'graphs/a.toml has no node or export called "rian"; did you mean "rain"?\n'),
        (("a",), 2, "2 sounds go by that: a:theme, a:wind_loop\n  name one of them\n"),
        (("gone.wav",), 2, 'there is no file "gone.wav"\n'),
        (("a:cut", "-o", "x.svg"), 2, 'cannot show in x.svg: its suffix is not ".png" or ".html"\n'),
        (("a:cut", "-o", "no/x.png"), 2, "cannot write no/x.png: No such file or directory\n"),
        (("graphs/broken.wav",), 1, '"broken.wav" is not a recording that can be read, or its header is damaged\n'),
    ],
)
def test_show_says_what_it_cannot_do(built: Space, arguments: tuple[str, ...], code: int, said: str) -> None:
    built.write("graphs/broken.wav", b"RIFFx")
    found = built.run("show", *arguments)
    assert (found.code, found.err, found.out) == (code, said, "")


def test_what_is_not_built_is_told_with_the_command_that_builds_it(built: Space) -> None:
    built.replace("soft rain", "hard rain")
    for name in ("cut", "theme"):
        found = built.run("show", f"a:{name}")
        assert found.code == 2
        assert found.err == (
            f"a:{name} is not built as the scene is now\n"
            f"  soundgraph build a:{name} makes it; with --draft its stand-in is meant\n"
        )
    found = built.run("show", "--draft", "a:cut", "-D", "nodes.rain.prompt=much rain")
    assert found.err.splitlines()[1] == "  soundgraph build --draft -D 'nodes.rain.prompt=much rain' a:cut makes it"
    assert built.run("build", "a:cut").code == 0
    assert built.run("show", "a:cut").code == 0


def test_a_file_that_is_not_as_it_was_delivered_is_not_shown_as_the_export(built: Space) -> None:
    built.write("build/theme.wav", noise().to_wav())
    found = built.run("show", "a:theme")
    assert found.code == 2
    assert found.err.startswith("a:theme is not current: build/theme.wav: altered since it was delivered\n")


def test_an_export_whose_node_alone_is_built_is_not_delivered_yet(space: Space) -> None:
    space.scene(CHAIN)
    assert space.build("a:dark").code == 0
    found = space.run("show", "a:theme")
    assert (found.code, found.err.splitlines()[0]) == (2, "a:theme is not current: build/theme.wav: not delivered yet")
    assert space.build().code == 0
    (space.root / "build/theme.wav").unlink()
    assert space.run("show", "a:theme").err.startswith("a:theme is not current: build/theme.wav: gone\n")


def test_other_settings_than_a_file_was_delivered_with_are_told_whichever_came_first(space: Space) -> None:
    quiet, loud = 'node = "dark"\nloudness_lufs = -30.0', 'node = "dark"\nloudness_lufs = -20.0'
    space.scene(CHAIN.replace('node = "dark"', quiet))
    for old, new in ((quiet, loud), (loud, quiet)):
        assert space.build().code == 0
        assert space.run("show", "a:theme").code == 0
        space.replace(old, new)
        values = (text.rpartition(" ")[2] for text in (old, new))
        told = f"build/theme.wav: loudness_lufs: {' -> '.join(values)}"
        assert space.run("show", "a:theme").err.splitlines()[0] == f"a:theme is not current: {told}"


def test_a_sound_that_is_gone_from_the_cache_is_told(built: Space) -> None:
    shutil.rmtree(built.cache / "blobs")
    assert built.run("show", "a:cut").err.startswith("a:cut is gone from the cache\n")


def test_show_runs_and_changes_nothing(built: Space) -> None:
    before = built.tree("build", "graphs", ".soundgraph", "cache/blobs")
    built.run("show", "a:theme")
    assert built.tree("build", "graphs", ".soundgraph", "cache/blobs") == before


# report


def test_a_report_holds_every_export(built: Space) -> None:
    found = built.run("report")
    assert found.code == 0
    assert found.out.startswith("build/report.html  2 exports  ")
    page = self_contained(built.read("build/report.html"))
    assert [len(page.of(tag)) for tag in ("article", "audio")] == [2, 2]
    assert len(page.of("img")) == 4  # the sound and the graph of each
    assert {"a:theme", "a:wind_loop"} <= set(page.words)
    assert "soft rain" in page.words


def test_a_report_of_some_is_about_these(built: Space) -> None:
    built.run("report", "a:theme", "-o", "some.html")
    assert len(self_contained(built.read("some.html")).of("article")) == 1
    assert not built.exists("build/report.html")


def test_a_report_is_the_same_for_the_same_state_and_leaves_a_build_with_nothing_to_do(built: Space) -> None:
    built.settle()
    built.run("report")
    first = built.read("build/report.html")
    built.run("report")
    assert built.read("build/report.html") == first
    assert built.is_noop()


def test_no_build_removes_a_report(built: Space) -> None:
    built.run("report")
    built.replace("exports.wind_loop", "exports.wind_two")
    built.build()
    assert built.exists("build/report.html")
    assert not built.exists("build/wind_loop.wav")


def test_a_report_on_drafts_lies_with_them(built: Space) -> None:
    built.build("--draft")
    assert built.run("report", "--draft").out.startswith("build/draft/report.html  2 exports  ")


def test_a_report_lists_what_is_not_built(built: Space) -> None:
    built.replace("soft rain", "hard rain")
    found = built.run("report", "--json").of("report")[0]
    assert (found["exports"], found["missing"]) == (2, ["a:theme"])
    page = self_contained(built.read("build/report.html"))
    assert "soundgraph build a:theme makes it; with --draft its stand-in is meant" in " ".join(page.words)
    assert [card["data-tags"] for card in page.of("article")] == ["missing", "draft"]


def test_a_report_on_nothing_is_refused(space: Space) -> None:
    space.scene(TWO)
    found = space.run("report")
    assert found.code == 2
    assert found.err.startswith("a:theme is not built as the scene is now\n  soundgraph build a:theme makes it")
    assert not space.exists("build")
    assert space.run("report", "a:rain").code == 2
    assert space.run("report", "-o", "x.txt").err == 'cannot report into x.txt: its suffix is not ".html"\n'


def test_a_report_believes_what_was_measured_of_the_sound_that_is_there(built: Space) -> None:
    built.write("build/theme.wav.json", "[1]")
    assert built.run("report", "a:theme").code == 0
    assert "0.04 s" in self_contained(built.read("build/report.html")).words


def test_a_report_holds_no_more_sound_than_it_is_allowed(built: Space) -> None:
    built.run("report", "--audio-limit", "1 B")
    page = self_contained(built.read("build/report.html"))
    assert page.of("audio") == []


# play


@pytest.fixture
def players(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for programs, with no others in reach."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_play_hands_a_wav_to_a_player_and_removes_it_afterwards(built: Space, players: Path, tmp_path: Path) -> None:
    program(players, "paplay", f'/bin/cp "$1" {tmp_path}/heard.wav; echo "$1" > {tmp_path}/where')
    found = built.run("play", "a:cut")
    assert (found.code, found.out, found.err) == (0, "a:cut (draft)  0.04 s\n", "")
    heard = (tmp_path / "heard.wav").read_bytes()
    assert heard[:4] == b"RIFF"
    assert heard[20:24] == b"\x01\x00\x01\x00"  # PCM, mono
    assert not Path((tmp_path / "where").read_text().strip()).exists()


def test_play_tries_the_next_player_where_one_fails(built: Space, players: Path, tmp_path: Path) -> None:
    program(players, "pw-play", "echo no server >&2; exit 1")
    program(players, "aplay", f"echo played > {tmp_path}/heard")
    assert built.run("play", "a:theme").code == 0
    assert (tmp_path / "heard").exists()


def test_play_says_what_the_players_said_where_there_is_no_device(built: Space, players: Path) -> None:
    program(players, "play", "echo warning >&2; echo no default audio device >&2; exit 1")
    program(players, "ffplay", "echo No more combinations to try, audio open failed >&2")
    found = built.run("play", "a:theme")
    assert found.code == 1
    assert found.err == (
        "cannot play here: no audio device, or none that a player may use\n"
        "  play: no default audio device\n"
        "  ffplay: No more combinations to try, audio open failed\n"
    )


def test_play_says_where_there_is_no_player(built: Space, players: Path) -> None:
    found = built.run("play", "a:theme")
    assert found.code == 1
    assert found.err == "cannot play here: none of pw-play, paplay, aplay, afplay, play, ffplay is installed\n"


def test_play_plays_several_one_after_another(built: Space, players: Path) -> None:
    program(players, "aplay", ":")
    assert built.run("play", "a:*").out.splitlines() == [
        *("a:theme (draft)  0.04 s", "a:wind_loop (draft)  0.05 s"),
        *("a:rain (draft)  0.05 s", "a:cut (draft)  0.04 s"),
    ]


def test_play_brings_down_what_is_over_full_scale_and_says_so(space: Space, players: Path, tmp_path: Path) -> None:
    import soundfile

    program(players, "aplay", f'/bin/cp "$2" {tmp_path}/heard.wav')
    space.scene(generate("rain", "rain") + node("loud", "gain", input="rain", gain_db=60.0))
    space.run("build", "a:loud")
    found = space.run("play", "a:loud")
    assert found.code == 0
    assert found.err.endswith(" dB over full scale: it is played as much softer\n")
    samples, _ = soundfile.read(tmp_path / "heard.wav")
    assert 0.999 < abs(samples).max() <= 1.0
    assert (abs(samples) > 0.9999).sum() < 3


def test_a_sound_of_no_samples_is_not_played() -> None:
    from soundgraph.audio.artifact import silence
    from soundgraph.core.errors import NodeError

    with changed(play, "_by_program", None), pytest.raises(NodeError, match="nothing to play"):
        play.play(silence(0, 48000))


def is_waiting(pid: int) -> bool:
    """Whether a process waits for something, rather than for its turn."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="nothing tells here what a process is doing")
def test_ctrl_c_stops_playing_quietly(built: Space, tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    program(folder, "pw-play", f"echo $$ > {tmp_path}/started; exec /bin/sleep 30")
    process = built.start("play", "a:theme", env={"PATH": f"{folder}:{os.environ['PATH']}"})
    started = tmp_path / "started"
    # Until it waits for the player: before that it could not know yet which process to stop.
    while not (started.exists() and started.read_text().strip() and is_waiting(process.pid)):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, "")
    assert out == "a:theme (draft)  0.04 s\n"
    with pytest.raises(ProcessLookupError):
        os.kill(int(started.read_text()), 0)


def test_a_report_shows_a_check_that_fails_by_now(space):
    scene = (
        '[nodes.a]\nkind = "tone"\nfreq_hz = 440\nduration = 0.5\nlevel_dbfs = -20\n[exports.a]\nnode = "a"\n'
        '[[checks]]\nnode = "a"\nmax_true_peak_dbtp = -10\n[[checks]]\nexport = "a"\nmax_duration = 1\n'
    )
    space.scene(scene)
    assert space.build().code == 0
    assert space.run("report").code == 0
    assert "check fails" not in space.read("build/report.html").decode()
    space.scene(scene.replace("= -10", "= -30").replace("max_duration = 1", "max_duration = 0.1"))
    assert space.run("report").code == 0
    page = space.read("build/report.html").decode()
    assert "its true peak is -20 dBTP, over max_true_peak_dbtp = -30" in page
    assert "a.wav: graphs/a.toml:11: checks[1]: its length is 0.5 s, over max_duration = 0.1" in page
    assert '<span class="badge bad">check fails</span>' in page
