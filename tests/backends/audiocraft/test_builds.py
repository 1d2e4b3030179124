"""Scenes built from tiny checkpoints, through the whole of soundgraph and the real audiocraft."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from soundgraph.audio.artifact import Audio, from_wav
from soundgraph.backends.audiocraft import checkpoint, codec
from soundgraph.cache.result_record import Record
from tests.helpers import Result, Space, export, generate, node

from . import tiny

MODELS = """
[models]
music = "./weights/music"
audio = { model = "./weights/audio", license = "MIT" }
"""

SCENE = (
    "[scene]\nduration = 0.5\n"
    '[nodes.tune]\nkind = "generate"\nmodel = "music"\nprompt = "calm piano"\n'
    '[nodes.rain]\nkind = "generate"\nmodel = "audio"\nprompt = "heavy rain on leaves"\n'
    + generate("hail", "hail", "audio", 0.33, seed=4, temperature=1.2)
    + node("cut", "trim", input="rain", start=0.1)
    + node("dark", "eq", input="cut", bands=[{"type": "low_shelf", "freq_hz": 300, "gain_db": -3.0}])
    + node("all", "mix", inputs=[{"node": "tune"}, {"node": "dark", "gain_db": -6.0}, {"node": "hail", "at": 0.1}])
    + export("all", "all", format=["wav", "ogg"])
)


@pytest.fixture
def studio(space: Space, musicgen_t5: Path, audiogen: Path) -> Space:
    """A project with a MusicGen whose text goes through a T5, and an AudioGen."""
    shutil.copytree(musicgen_t5, space.root / "weights" / "music")
    shutil.copytree(audiogen, space.root / "weights" / "audio")
    space.write("soundgraph.toml", MODELS)
    return space


def records(space: Space) -> dict[str, Record]:
    """The newest one of each node, by its name within its scene."""
    found = [Record.from_json(path.read_bytes()) for path in (space.root / "cache" / "records").rglob("*.json")]
    by_age = sorted((record for record in found if record is not None), key=lambda record: str(record.made["at"]))
    return {str(record.made["node"]).rpartition(":")[2]: record for record in by_age}


def sounds(space: Space) -> dict[str, Audio]:
    blobs = {path.stem: path for path in (space.root / "cache" / "blobs").rglob("*.wav")}
    return {name: from_wav(blobs[record.digest].read_bytes()) for name, record in records(space).items()}


# A scene with both families


def test_a_scene_of_both_families_builds_and_the_second_time_nothing_runs_and_torch_is_not_imported(
    studio: Space,
) -> None:
    studio.scene(SCENE)
    first = studio.fresh("build", "--json")
    assert (first.code, first.loads) == (0, 2), first.err
    assert first.ran == ["a:all", "a:cut", "a:dark", "a:hail", "a:rain", "a:tune"]
    assert first.exports == {"build/all.wav": "written", "build/all.ogg": "written"}
    assert first.err == ""
    told = "import atexit, sys\natexit.register(lambda: print('torch' in sys.modules, file=sys.stderr))\n"
    second = studio.fresh("build", "--json", code=told)
    assert (second.code, second.ran, second.err) == (0, [], "False\n")
    third = studio.fresh("build", "--json", "--force", "--draft", code=told)  # nor by drafts
    assert (third.code, third.err) == (0, "False\n")


def test_takes_have_the_rate_channels_and_exact_length_of_what_was_asked(studio: Space) -> None:
    studio.scene(SCENE)
    studio.build()
    found = sounds(studio)
    assert (found["tune"].sample_rate, found["tune"].samples.shape) == (32000, (1, 16000))
    assert (found["rain"].sample_rate, found["rain"].samples.shape) == (16000, (1, 8000))
    assert found["hail"].samples.shape == (1, 5280)  # 0.33 s: 16.5 frames of the codec
    assert all(np.std(sound.samples) > 1e-3 for sound in found.values())


def test_one_prompt_changed_runs_one_take_and_leaves_the_others_as_they_are(studio: Space) -> None:
    studio.scene(SCENE)
    studio.build()
    before = {name: record.digest for name, record in records(studio).items()}
    studio.replace('prompt = "hail"', 'prompt = "hail on a roof"')
    again = studio.build()
    assert (again.ran, again.loads) == (["a:all", "a:hail"], 1)
    after = records(studio)
    assert {name: after[name].digest for name in ("tune", "rain", "dark")} == {
        name: before[name] for name in ("tune", "rain", "dark")
    }
    assert after["hail"].digest != before["hail"]


def test_a_take_is_the_same_whatever_else_was_stale(studio: Space, tmp_path: Path) -> None:
    names = [f"n{index}" for index in range(5)]
    nodes = {
        name: generate(name, f"sound {name}", "audio", 0.2 + 0.1 * index, seed=index)
        for index, name in enumerate(names)
    }
    exports = {name: export(name, name) for name in names}
    studio.scene("".join([*nodes.values(), *exports.values()]))
    assert studio.build().code == 0
    together = {name: record.digest for name, record in records(studio).items()}
    other = Space(tmp_path / "other")
    shutil.copytree(studio.root / "weights", other.root / "weights")
    other.write("soundgraph.toml", MODELS)
    for wanted in (["n3"], ["n4", "n0"], ["n2", "n1"]):  # alone, and in other company
        other.scene("".join(nodes[name] + exports[name] for name in wanted))
        assert other.build().ran == sorted(f"a:{name}" for name in wanted)
    assert {name: record.digest for name, record in records(other).items()} == together


def test_how_a_take_was_made_is_recorded_and_verify_makes_it_again(studio: Space) -> None:
    studio.scene(SCENE)
    studio.build()
    made = records(studio)["rain"].made["generated"]
    assert {"device": "cpu", "precision": "float32", "path": "decoder"}.items() <= made.items()
    assert {"width", "torch", "audiocraft"} <= made.keys()
    verified = studio.run("verify")
    assert (verified.code, verified.out.splitlines()[-1]) == (0, "6 identical")


def test_a_sidecar_names_models_by_digest_and_their_licences(studio: Space) -> None:
    studio.scene(SCENE)
    studio.build()
    sidecar = json.loads(studio.read("build/all.wav.json"))
    assert {model["id"]: model["licence"] for model in sidecar["models"]} == {
        "./weights/audio": "MIT",
        "./weights/music": "NOASSERTION",
    }
    digests = {record.action["model"]["identity"] for record in records(studio).values() if "model" in record.action}
    assert {model["digest"] for model in sidecar["models"]} == digests


def test_another_checkpoint_in_the_same_folder_makes_other_takes(studio: Space) -> None:
    studio.scene(SCENE)
    studio.build()
    tiny.make_audiogen(studio.root / "weights" / "audio", num_layers=3)
    assert studio.build().ran == ["a:all", "a:cut", "a:dark", "a:hail", "a:rain"]


def test_the_same_checkpoint_elsewhere_makes_none(studio: Space) -> None:
    studio.scene(SCENE)
    studio.build()
    (studio.root / "weights" / "audio").rename(studio.root / "weights" / "sfx")
    studio.write("soundgraph.toml", MODELS.replace("weights/audio", "weights/sfx"))
    assert studio.build().ran == []


def test_a_text_encoder_that_appears_where_it_is_looked_for_first_is_noticed(
    studio: Space, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = studio.root / "weights" / "shared"
    shared.mkdir()
    (studio.root / "weights" / "music" / tiny.T5_NAME).rename(shared / tiny.T5_NAME)
    monkeypatch.setenv("SOUNDGRAPH_WEIGHTS_DIR", str(shared))
    studio.scene(generate("tune", "calm piano", "music", 0.1) + export("x", "tune"))
    studio.settle()
    tiny.make_t5(studio.root / "weights" / "music" / tiny.T5_NAME, d_ff=24)
    assert studio.build().ran == ["a:tune"]


def test_a_draft_of_a_checkpoint_follows_the_checkpoint_to_another_rate(studio: Space) -> None:
    studio.scene(generate("rain", "rain", "audio", 0.1) + export("x", "rain"))
    studio.settle("--draft")
    shutil.rmtree(studio.root / "weights" / "audio")
    shutil.copytree(studio.root / "weights" / "music", studio.root / "weights" / "audio")
    assert studio.build("--draft").ran == ["a:rain"]


def test_other_precisions_are_other_takes(studio: Space) -> None:
    studio.scene(generate("rain", "rain", "audio", 0.3) + export("x", "rain"))
    studio.build()
    digests = {records(studio)["rain"].digest}
    for precision in ("int8", "bfloat16"):
        studio.scene(generate("rain", "rain", "audio", 0.3, precision=precision) + export("x", "rain"))
        assert studio.build().ran == ["a:rain"]
        assert records(studio)["rain"].made["generated"]["precision"] == precision
        digests.add(records(studio)["rain"].digest)
    studio.scene(generate("rain", "rain", "audio", 0.3) + export("x", "rain"))
    assert studio.build().ran == []


def test_float16_on_a_processor_is_refused_in_words(studio: Space) -> None:
    studio.scene(generate("rain", "rain", "audio", 0.3, precision="float16") + export("x", "rain"))
    found = studio.run("build", "--device", "cpu")
    assert found.code == 1
    assert "float16" in found.out
    assert "Traceback" not in found.out + found.err


# Takes of takes


def test_a_take_that_goes_on_from_another_begins_with_it_sample_by_sample(studio: Space) -> None:
    studio.scene(
        generate("one", "calm piano", "music", 0.5)
        + generate("two", "louder", "music", 0.9, continue_from="one")
        + export("x", "two")
    )
    found = studio.build()
    assert (found.ran, found.loads) == (["a:one", "a:two"], 1)
    made = sounds(studio)
    assert made["two"].samples.shape == (1, 28800)
    assert np.array_equal(made["two"].samples[:, :16000], made["one"].samples)


def test_one_that_is_no_longer_than_what_it_goes_on_from_fails_in_words(studio: Space) -> None:
    studio.scene(
        generate("one", "calm piano", "music", 0.5)
        + generate("two", "louder", "music", 0.5, continue_from="one")
        + export("x", "two")
        + export("y", "one")
    )
    found = studio.build("-k")
    assert (found.code, found.failed, found.ran) == (1, ["a:two"], ["a:one"])
    (failed,) = [event["detail"] for event in found.of("node") if event["status"] == "failed"]
    assert "0.5 s" in failed


def test_a_schedule_of_prompts_makes_one_piece(studio: Space) -> None:
    fields = {"prompts": [{"at": 0, "text": "calm piano"}, {"at": 0.4, "text": "drums"}]}
    studio.scene(node("tune", "generate", model="music", duration=0.8, **fields) + export("x", "tune"))
    assert studio.build().ran == ["a:tune"]
    whole = sounds(studio)["tune"].samples
    studio.replace("drums", "strings")
    assert studio.build().ran == ["a:tune"]
    other = sounds(studio)["tune"].samples
    assert whole.shape == other.shape == (1, 25600)
    # The codec looks a little ahead of the frame at which the prompts part.
    assert np.array_equal(whole[:, :9600], other[:, :9600])
    assert not np.array_equal(whole[:, 12800:], other[:, 12800:])


def test_stereo_models_make_stereo(space: Space, stereo: Path) -> None:
    shutil.copytree(stereo, space.root / "weights" / "stereo")
    space.scene(generate("tune", "piano", "../weights/stereo", 0.3) + export("x", "tune"))
    assert space.build().ran == ["a:tune"]
    left, right = sounds(space)["tune"].samples
    assert not np.array_equal(left, right)


def test_a_model_that_the_decoder_does_not_serve_goes_through_the_stock_code_and_the_plan_says_so(
    space: Space, magnet: Path
) -> None:
    shutil.copytree(magnet, space.root / "weights" / "magnet")
    scene = generate("one", "piano", "../weights/magnet", 1.0) + generate("two", "drums", "../weights/magnet", 1.5)
    space.scene(scene + export("x", "one") + export("y", "two"))
    assert "one take after another by the library's own code" in space.run("plan").out
    assert space.build().ran == ["a:one", "a:two"]
    assert records(space)["one"].made["generated"]["path"] == "stock"
    first = records(space)["two"].digest
    space.scene(generate("two", "drums", "../weights/magnet", 1.5) + export("y", "two"))
    assert space.build("--force").ran == ["a:two"]
    assert records(space)["two"].digest == first


# What can go wrong


def broken(result: Result) -> str:
    assert result.code in (1, 2)
    assert "Traceback" not in result.out + result.err
    return result.out + result.err


def cut_short(folder: Path) -> None:
    path = folder / "state_dict.bin"
    path.write_bytes(path.read_bytes()[:5000])


def flipped(folder: Path) -> None:
    data = bytearray((folder / "state_dict.bin").read_bytes())
    for place in range(len(data) // 2, len(data) // 2 + 64):
        data[place] ^= 0xFF
    (folder / "state_dict.bin").write_bytes(data)


def without_codec(folder: Path) -> None:
    (folder / "compression_state_dict.bin").unlink()


def empty(folder: Path) -> None:
    (folder / "compression_state_dict.bin").write_bytes(b"")


def swapped(folder: Path) -> None:
    (folder / "state_dict.bin").write_bytes((folder / "compression_state_dict.bin").read_bytes())


def pointer(folder: Path) -> None:
    (folder / "state_dict.bin").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 2\n")


@pytest.mark.parametrize("harm", [cut_short, without_codec, empty, swapped, pointer, flipped])
def test_a_checkpoint_that_cannot_be_used_is_told_in_a_line_that_names_it(
    studio: Space, harm: Callable[[Path], None]
) -> None:
    studio.scene(SCENE)
    harm(studio.root / "weights" / "audio")
    words = broken(studio.run("build"))
    assert "weights/audio" in words
    assert words.count("\n") < 8


def test_takes_made_before_a_model_fails_are_kept(studio: Space) -> None:
    studio.scene(SCENE)
    path = studio.root / "weights" / "music" / "state_dict.bin"
    package = torch.load(path)
    del package["best_state"]["emb.0.weight"]
    torch.save(package, path)
    first = studio.build("-k")
    assert first.code == 1
    assert first.ran == ["a:cut", "a:dark", "a:hail", "a:rain"]
    shutil.rmtree(studio.root / "weights" / "music")
    tiny.make_musicgen(studio.root / "weights" / "music", description=tiny.t5())
    assert studio.build().ran == ["a:all", "a:tune"]


def test_a_checkpoint_with_a_pickle_that_runs_code_does_not_run_it(studio: Space, tmp_path: Path) -> None:
    class Hostile:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "owned"),)

    torch.save({"xp.cfg": Hostile(), "best_state": {}}, studio.root / "weights" / "audio" / "state_dict.bin")
    studio.scene(SCENE)
    broken(studio.run("plan"))
    broken(studio.run("build"))
    assert not (tmp_path / "owned").exists()


# Stopped in the middle


@pytest.mark.parametrize("after", [0, 1, 2, 4])
def test_a_build_that_is_killed_keeps_the_takes_that_were_finished(studio: Space, after: int) -> None:
    nodes = [generate(f"n{index}", f"sound {index}", "audio", 0.2 + 0.4 * index) for index in range(6)]
    studio.scene("".join(nodes) + "".join(export(f"n{index}", f"n{index}") for index in range(6)))
    process = studio.start("build", "--json", env={"SOUNDGRAPH_THREADS": "1"})
    assert process.stdout is not None
    finished = set()
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "node" and event["status"] == "ran":
            finished.add(event["node"])
        if len(finished) >= after and event["event"] in ("loaded", "node"):
            break
    process.kill()
    process.communicate()
    kept = {f"a:{name}" for name in records(studio)} if (studio.root / "cache" / "records").exists() else set()
    assert finished <= kept
    again = studio.build()
    assert again.code == 0
    assert set(again.ran) == {f"a:n{index}" for index in range(6)} - kept
    assert studio.run("verify").code == 0


def test_ctrl_c_keeps_the_takes_that_were_finished(studio: Space) -> None:
    nodes = [generate(f"n{index}", f"sound {index}", "audio", 0.2 + 2.0 * index) for index in range(3)]
    studio.scene("".join(nodes) + "".join(export(f"n{index}", f"n{index}") for index in range(3)))
    process = studio.start("build", "--json", env={"SOUNDGRAPH_THREADS": "1"})
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line).get("status") == "ran":
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in out + err
    kept = {f"a:{name}" for name in records(studio)}
    assert kept
    assert set(studio.build().ran) == {f"a:n{index}" for index in range(3)} - kept


FULL = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
"""
"""No file may grow beyond this: a disk that is full for all but the small ones."""


def test_a_take_that_the_disk_has_no_room_for_fails_in_words_and_those_before_it_are_kept(studio: Space) -> None:
    studio.scene(
        generate("short", "hail", "audio", 0.2)
        + generate("long", "rain", "audio", 3.0)
        + export("x", "short")
        + export("y", "long")
    )
    found = studio.fresh("build", "--json", "-k", code=FULL)
    assert found.code == 1
    assert "Traceback" not in found.out + found.err
    failures = {event["node"]: event["detail"] for event in found.of("node") if event["status"] == "failed"}
    assert "File too large" in failures["a:long"]
    kept = {f"a:{name}" for name in records(studio)}
    assert "a:long" not in kept
    assert set(studio.build().ran) == {"a:short", "a:long"} - kept


# Takes of one node


def test_takes_fill_a_batch_and_each_is_what_it_is_alone(studio: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    from soundgraph.backends.audiocraft.decoder import Decoder

    batches = []
    run = Decoder.run
    monkeypatch.setattr(Decoder, "run", lambda self, rows, report: batches.append(len(rows)) or run(self, rows, report))
    step = (
        "[scene]\nduration = 0.3\nseed = 3\n"
        '[nodes.step]\nkind = "generate"\nmodel = "audio"\nprompt = "footstep"\nvariations = 6\n'
    )
    studio.scene(step + export("step", "step", path="step_{take}"))
    first = studio.build()
    assert (first.loads, len(first.ran)) == (1, 6)
    made = records(studio)
    assert batches == [6]
    assert len({record.digest for record in made.values()}) == 6
    studio.replace("variations = 6", "variations = 7")
    assert studio.build().ran == ["a:step#7"]  # by itself
    digests = {name: record.digest for name, record in records(studio).items()}
    shutil.rmtree(studio.cache)
    shutil.rmtree(studio.root / ".soundgraph")
    assert len(studio.build().ran) == 7
    assert {name: record.digest for name, record in records(studio).items()} == digests


# Whatever a take meets


@pytest.mark.parametrize("n_frames", [251, 254])
def test_a_take_of_any_number_of_frames_is_made(studio: Space, n_frames: int) -> None:
    """The codec decodes 250 at a time, and looks a few ahead."""
    seconds = n_frames / 50
    studio.scene(generate("a", "x", "music", seconds) + export("a", "a"))
    studio.scene(generate("b", "x", "audio", seconds) + export("b", "b"), "b")
    found = studio.build("-k")
    assert (found.code, found.err) == (0, "")
    assert sounds(studio)["a"].n_samples == round(seconds * 32000)
    assert sounds(studio)["b"].n_samples == round(seconds * 16000)


def test_a_continuation_of_any_number_of_frames_is_made(studio: Space) -> None:
    studio.scene(
        generate("a", "x", "audio", 4.0)
        + generate("b", "y", "audio", 5.05, continue_from="a")
        + generate("c", "y", "audio", 15.06, continue_from="b")
        + export("c", "c")
    )
    assert studio.build().code == 0
    assert sounds(studio)["c"].n_samples == 240960


def test_a_take_that_no_codec_survives_leaves_the_rest_of_the_build_whole(
    studio: Space, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = codec.decode

    def decode(model: Any, codes: torch.Tensor, n_samples: int) -> Any:
        if n_samples == 22400:
            raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
        return real(model, codes, n_samples)

    names = "abcd"
    studio.scene(
        "".join(generate(name, name, "music", 0.7 if name == "b" else 0.5) + export(name, name) for name in names)
        + generate("other", "x", "audio", 0.5)
        + export("other", "other")
    )
    monkeypatch.setattr(codec, "decode", decode)
    found = studio.build("-k")
    assert (found.code, found.failed, found.loads) == (1, ["a:b"], 2)
    assert sorted(found.exports) == ["build/a.wav", "build/c.wav", "build/d.wav", "build/other.wav"]
    monkeypatch.undo()
    assert studio.build().ran == ["a:b"]


def test_weights_that_change_while_they_are_loaded_make_no_take(studio: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    """A take is told to be made with what was digested, by which others find it in a cache."""
    real = checkpoint.load

    def load(files: Any, *more: Any) -> Any:
        loaded = real(files, *more)
        with files.codec.open("r+b") as file:
            file.seek(1000)
            file.write(b"other")
        return loaded

    monkeypatch.setattr(checkpoint, "load", load)
    studio.scene(generate("a", "x", "music", 0.5) + export("a", "a"))
    found = studio.build()
    assert (found.code, found.failed) == (1, ["a:a"])
    assert "changed while it was loaded" in found.of("node")[-1]["detail"]
    assert records(studio) == {}
