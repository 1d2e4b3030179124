"""Whose a file is: what soundgraph never delivered is neither written over nor removed, and what it did is its own."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import unicodedata
from pathlib import Path

import pytest

import soundgraph
from soundgraph.core.errors import SceneError
from soundgraph.project.delivered import CLAIMED, DeliveredFile, Ledger
from tests.helpers import CHAIN, Space, export, generate, node, noise, table

TAKES = generate("step", variations=2) + export("step", "step", path="feet/step_{take}")
MINE = b"a recording of mine"

EVERY_ENGINE = "".join(
    [
        TAKES,
        table("manifests.plain", engine="json", path="plain", with_schema=True),
        *(table(f"manifests.{name}", engine=name) for name in ("fmod", "godot", "unity", "unreal", "wwise")),
    ]
)


def paths_of(space: Space) -> list[str]:
    return sorted(space.delivered())


# What a build finds where it would deliver


@pytest.mark.parametrize("verb", ["build", "plan"])
@pytest.mark.parametrize("path", ["build/theme.wav", "build/theme.wav.json"])
def test_a_file_that_was_never_delivered_is_left_alone_and_told_of_before_anything_runs(
    space: Space, path: str, verb: str
) -> None:
    space.scene(CHAIN)
    space.write(path, MINE)
    before = space.tree()
    found = space.run(verb)
    if verb == "plan":
        assert f'a build stops, since a file is in its way: "{path}" is there' in found.out
        return
    assert (found.code, found.err) == (
        2,
        f'graphs/a.toml:17: exports.theme: "{path}" is there, and soundgraph did not deliver it\n'
        "  move it away, deliver to another path, or let it be written over: build --overwrite\n",
    )
    assert space.tree() == before
    assert space.build("--overwrite").code == 0
    assert space.read(path) != MINE
    assert space.build().code == 0, "now it is soundgraph's"


def test_every_file_of_every_engine_is_asked_for(space: Space) -> None:
    """Each manifest is known by its files before a build, so that none of them takes the place of a file."""
    space.scene(EVERY_ENGINE)
    assert space.build().code == 0
    delivered = paths_of(space)
    for path in delivered:
        shutil.rmtree(space.root / "build")
        shutil.rmtree(space.root / ".soundgraph", ignore_errors=True)
        space.write(path, MINE)
        before = space.tree()
        found = space.run("build")
        assert (found.code, f'"{path}" is there, and soundgraph did not deliver it' in found.err) == (2, True), path
        assert space.tree() == before
    assert len(delivered) == 2 * 2 + 2 + 1 + 3 + 2 + 1 + 1


def test_a_draft_takes_no_files_place_either(space: Space) -> None:
    space.scene(CHAIN)
    space.write("build/draft/theme.wav", MINE)
    assert space.build("--draft").code == 2
    assert space.build().code == 0


def test_a_file_in_place_of_a_folder_is_told_of_before_anything_runs(space: Space) -> None:
    space.scene(TAKES)
    space.write("build/feet", MINE)
    found = space.run("build", "--overwrite")
    assert found.code == 2
    assert 'a folder is needed where the file "build/feet" is' in found.err
    assert space.read("build/feet") == MINE


@pytest.mark.parametrize("words", [(), ("--overwrite",)])
def test_a_folder_in_place_of_a_file_is_told_of_before_anything_runs(space: Space, words: tuple[str, ...]) -> None:
    space.scene(CHAIN)
    space.write("build/theme.wav/x", MINE)
    found = space.run("build", *words)
    assert (found.code, 'a file is needed where the folder "build/theme.wav" is' in found.err) == (2, True)
    assert space.read("build/theme.wav/x") == MINE


@pytest.mark.parametrize("path", ["build/theme.wav", "build/theme.wav.json", "build/plain.json"])
@pytest.mark.parametrize("words", [(), ("--overwrite",)])
def test_a_folder_in_place_of_a_file_that_was_delivered_is_told_of_before_anything_runs(
    space: Space, path: str, words: tuple[str, ...]
) -> None:
    space.scene(CHAIN + table("manifests.plain", engine="json"))
    space.build()
    (space.root / path).unlink()
    space.write(f"{path}/x", MINE)
    found = space.run("build", "--force", *words)
    assert (found.code, f'a file is needed where the folder "{path}" is' in found.err) == (2, True)
    assert space.read(f"{path}/x") == MINE


def test_what_another_scene_reads_is_not_written_over_though_that_is_allowed(space: Space) -> None:
    """That scene has a mistake, since it reads what lies in the output folder and is not built here."""
    path = "build/theme.wav"
    space.recording(path)
    mine = space.read(path)
    space.scene(CHAIN)
    space.scene(read_back(f"../{path}"), "b")
    found = space.run("build", "--overwrite", "a")
    assert found.code == 2
    assert f'"{path}" is there, soundgraph did not deliver it, and graphs/b.toml reads it' in found.err
    assert space.read(path) == mine
    (space.root / "graphs/b.toml").unlink()
    assert space.run("build", "--overwrite", "a").code == 0


@pytest.mark.parametrize(("first", "then"), [("x", "x.wav/y"), ("x.wav/y", "x"), ("x", "X.WAV/y")])
def test_a_file_where_another_scene_has_a_folder_is_told_of_though_that_scene_is_not_built(
    space: Space, first: str, then: str
) -> None:
    space.scene(generate("a") + export("one", "a", path=first))
    space.build()
    before = space.delivered()
    space.scene(generate("b") + export("two", "b", path=then), "b")
    for words in (("b",), ()):
        found = space.run("build", *words)
        assert (found.code, "needs a folder where a file is delivered by" in found.err) == (2, True)
    assert space.delivered() == before


@pytest.mark.parametrize("path", ["build/theme.wav", "build/theme.wav.json", "build/plain.json", "build/Theme.wav"])
def test_a_depfile_is_no_file_that_a_scene_delivers(space: Space, path: str) -> None:
    space.scene(CHAIN + table("manifests.plain", engine="json"))
    (space.root / "build").mkdir()
    found = space.run("build", "--depfile", path)
    assert (found.code, found.err) == (2, f"cannot write the depfile {path}: a scene delivers that file\n")
    assert space.delivered() == {}


def test_a_report_takes_no_files_place_unasked(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    assert space.run("report").code == 0
    assert space.run("report").code == 0
    space.write("build/report.html", MINE)
    found = space.run("report")
    assert (found.code, "it is there, and soundgraph did not write it" in found.err) == (2, True)
    assert space.run("report", "-o", "build/report.html").code == 0


def test_a_link_in_place_of_a_file_is_somebodys(space: Space) -> None:
    space.scene(CHAIN)
    space.write("voice.wav", MINE)
    (space.root / "build").mkdir()
    (space.root / "build/theme.wav").symlink_to(space.root / "voice.wav")
    assert space.build().code == 2
    assert space.build("--overwrite").code == 0
    assert space.read("voice.wav") == MINE, "what a link leads to is not written"


def test_what_the_ledger_names_is_restored_when_it_was_altered(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    good = space.delivered()
    for path in good:
        space.write(path, MINE)
        assert space.build().code == 0
        assert space.delivered() == good


def test_python_asks_the_same(space: Space) -> None:
    scene = soundgraph.Scene("blip")
    scene.export("blip", scene.generate("blip", model="draft/audio", duration=0.05))
    space.write("build/blip.wav", MINE)
    with pytest.raises(SceneError) as error:
        soundgraph.build(scene, root=space.root)
    assert '"build/blip.wav" is there, and soundgraph did not deliver it' in str(error.value)
    assert space.read("build/blip.wav") == MINE
    soundgraph.build(scene, root=space.root, overwrite=True)
    soundgraph.build(scene, root=space.root)


# A fresh clone, and a ledger that was lost


def test_a_fresh_clone_with_its_delivered_files_builds(space: Space) -> None:
    """The state of builds is in no repository. What was delivered may be."""
    space.scene(EVERY_ENGINE)
    space.build()
    before = space.delivered()
    shutil.rmtree(space.root / ".soundgraph")
    found = space.build()
    assert (found.code, set(found.exports.values())) == (0, {"current"})
    shutil.rmtree(space.root / ".soundgraph")
    shutil.rmtree(space.root / "cache")
    space.replace("rain", "gravel")
    assert space.build().code == 0, "what lies there is soundgraph's, though another is to be written now"
    assert space.delivered().keys() == before.keys()


def test_a_sidecar_alone_is_soundgraphs(space: Space) -> None:
    """Sound is often kept out of a repository for its size."""
    space.scene(CHAIN)
    space.build()
    shutil.rmtree(space.root / ".soundgraph")
    (space.root / "build/theme.wav").unlink()
    assert space.build().code == 0


@pytest.mark.parametrize("harm", ["altered", "another sound's sidecar", "renamed"])
def test_a_sidecar_that_speaks_of_something_else_proves_nothing(space: Space, harm: str) -> None:
    space.scene(CHAIN + export("other", "rain"))
    space.build()
    shutil.rmtree(space.root / ".soundgraph")
    if harm == "altered":
        space.write("build/theme.wav", MINE)
    elif harm == "renamed":
        for end in ("wav", "wav.json"):
            (space.root / f"build/other.{end}").replace(space.root / f"build/theme.{end}")
    else:
        space.write("build/theme.wav.json", space.read("build/other.wav.json"))
    before = space.delivered()
    assert space.build().code == 2
    assert space.delivered() == before


@pytest.mark.parametrize("harm", ["gone", "damaged"])
def test_a_lost_ledger_is_learned_again_by_the_next_build(space: Space, harm: str) -> None:
    space.scene(EVERY_ENGINE + export("rain", "step#1"))
    space.settle()
    ledger = space.root / ".soundgraph" / "delivered"
    whole = Ledger(space.root).entries
    if harm == "gone":
        ledger.unlink()
    else:
        ledger.write_bytes(ledger.read_bytes()[:-10])
    assert not space.is_noop()
    space.build()
    assert Ledger(space.root).entries == whole
    space.settle()
    space.replace(export("rain", "step#1"), "")
    space.replace(table("manifests.wwise", engine="wwise"), "")
    space.build()
    assert not any(space.exists(f"build/{name}") for name in ("rain.wav", "rain.wav.json", "wwise.tsv"))


def test_what_a_lost_ledger_knew_of_an_export_that_is_gone_is_in_its_sidecar(space: Space) -> None:
    space.scene(TAKES + export("rain", "step#1"))
    space.scene(CHAIN, "sub/b")
    space.build()
    shutil.rmtree(space.root / ".soundgraph")
    space.replace(export("rain", "step#1"), "")
    space.replace("variations = 2", "variations = 3")
    found = space.build()
    assert found.code == 0
    assert "build/rain.wav: removed: no scene delivers it any more" in found.remarks
    assert [path for path in paths_of(space) if "rain" in path] == []


def test_a_ledger_and_a_scene_may_be_lost_at_once(space: Space) -> None:
    """Of a scene in a file, the stamps know that it was there."""
    space.scene(CHAIN)
    space.scene(CHAIN.replace("theme", "other"), "b")
    space.settle()
    (space.root / ".soundgraph/delivered").unlink()
    (space.root / "graphs/b.toml").unlink()
    space.build()
    assert paths_of(space) == ["build/theme.wav", "build/theme.wav.json"]


def test_a_copy_of_a_delivered_file_is_not_removed_after_its_ledger_was_lost(space: Space) -> None:
    """It says of itself what the other says."""
    space.scene(CHAIN)
    space.build()
    for end in ("wav", "wav.json"):
        space.write(f"build/best/theme.{end}", space.read(f"build/theme.{end}"))
    shutil.rmtree(space.root / ".soundgraph")
    space.build()
    assert space.exists("build/best/theme.wav")


def test_a_file_of_a_scene_that_nobody_finds_is_left(space: Space) -> None:
    """After the ledger was lost: it may be a scene that was made in code."""
    space.scene(CHAIN)
    space.build()
    shutil.rmtree(space.root / ".soundgraph")
    (space.root / "graphs/a.toml").rename(space.root / "graphs/b.toml")
    space.replace("theme", "other", "b")
    assert space.build().code == 0
    assert space.exists("build/theme.wav")


# A build that is killed


def test_what_a_killed_build_left_behind_is_soundgraphs(space: Space) -> None:
    """Between a file and its sidecar, nothing but the ledger tells whose it is."""
    space.scene(CHAIN)
    killed = (
        "import os\nfrom soundgraph.delivery import export_files\n"
        "export_files.write = lambda *a, w=export_files.write: (w(*a), os._exit(9))\n"
    )
    assert space.fresh("build", code=killed).code == 9
    assert paths_of(space) == ["build/theme.wav"]
    assert Ledger(space.root).entries["build/theme.wav"].key == CLAIMED
    assert space.build().code == 0
    assert all(entry.key != CLAIMED for entry in Ledger(space.root).entries.values())


def test_what_a_killed_build_delivered_is_removed_when_its_export_is_gone(space: Space) -> None:
    space.scene(CHAIN + export("other", "rain"))
    killed = """
import os
from soundgraph.session import delivered_files
delivered_files.keep_ledger = lambda *given: os._exit(9)
"""
    assert space.fresh("build", code=killed).code == 9
    assert space.exists("build/other.wav.json")
    space.replace(export("other", "rain"), "")
    space.build()
    assert paths_of(space) == ["build/theme.wav", "build/theme.wav.json"]


def test_a_claim_that_came_to_nothing_is_no_claim_on_a_later_file(space: Space) -> None:
    space.scene(CHAIN + '[[checks]]\nexport = "theme"\nmin_duration = 5\n')
    assert space.build().code == 1
    space.write("build/theme.wav", MINE)
    assert space.build().code == 2
    assert space.read("build/theme.wav") == MINE


# What scenes read


def read_back(path: str) -> str:
    return node("back", "file", path=path) + export("soft", "back")


@pytest.mark.parametrize("verb", ["check", "build"])
def test_what_a_scene_reads_does_not_lie_in_the_output_folder(space: Space, verb: str) -> None:
    space.write("soundgraph.toml", '[build]\noutput = "sounds"\n')
    space.recording("sounds/steps.wav")
    before = space.read("sounds/steps.wav")
    space.scene(node("raw", "file", path="../sounds/steps.wav") + export("steps", "raw"))
    found = space.run(verb)
    assert (found.code, found.err) == (
        2,
        'graphs/a.toml:3: nodes.raw: path "../sounds/steps.wav" lies in the output folder, sounds/\n'
        "  include the scene that delivers it, or keep what scenes read in another folder\n",
    )
    assert space.read("sounds/steps.wav") == before


@pytest.mark.parametrize("path", ["../build/rain.wav", "../BUILD/rain.wav", "link.wav", "folder/rain.wav"])
def test_nor_by_another_name(space: Space, path: str) -> None:
    """Upper and lower case are one on Windows and macOS; and links lead there."""
    space.recording("build/rain.wav")
    space.recording("BUILD/rain.wav")
    (space.root / "graphs").mkdir()
    (space.root / "graphs/link.wav").symlink_to(space.root / "build/rain.wav")
    (space.root / "graphs/folder").symlink_to(space.root / "build", target_is_directory=True)
    space.scene(read_back(path))
    found = space.run("check")
    assert (found.code, "lies in the output folder, build/" in found.err) == (2, True)


def test_nor_if_the_output_folder_is_a_link_to_where_recordings_are(space: Space) -> None:
    space.recording("sounds/rain.wav")
    (space.root / "build").symlink_to(space.root / "sounds", target_is_directory=True)
    space.scene(read_back("../sounds/rain.wav"))
    assert space.run("build").code == 2


def test_an_output_folder_in_another_unicode_form_is_the_same_one(space: Space) -> None:
    composed, taken_apart = "caf\u00e9", unicodedata.normalize("NFD", "caf\u00e9")
    space.write("soundgraph.toml", f'[build]\noutput = "{composed}"\n')
    space.recording(f"{taken_apart}/rain.wav")
    space.scene(read_back(f"../{taken_apart}/rain.wav"))
    found = space.run("check")
    assert (found.code, "lies in the output folder" in found.err) == (2, True)


@pytest.mark.parametrize("what", ["impulse", "include", "scene", "model", "weights_dir", "checkpoint"])
def test_impulse_responses_includes_scenes_and_weights_neither(space: Space, what: str) -> None:
    space.recording("build/hall.wav")
    space.write("build/bed.toml", generate("rain"))
    target: tuple[str, ...] = ()
    if what == "impulse":
        hall = node("hall", "file", path="../build/hall.wav")
        space.scene(generate("rain") + hall + node("big", "convolve", input="rain", impulse="hall"))
    elif what == "include":
        space.scene('include = ["../build/bed.toml"]\n' + CHAIN)
    elif what == "scene":
        target = ("build/bed.toml",)
    else:
        line = {
            "model": '[models]\nown = "./build/weights"\n',
            "weights_dir": '[build]\nweights_dir = "build/weights"\n',
        }.get(what, "")
        space.write("soundgraph.toml", line)
        space.write("build/weights/state_dict.bin", b"")
        space.scene(CHAIN.replace("draft/audio", "../build/weights") if what == "checkpoint" else CHAIN)
    found = space.run("check", *target)
    assert found.code == 2
    assert "lies in the output folder, build/" in found.err or what == "checkpoint"


def test_a_draft_does_not_become_a_release_through_the_output_folder(space: Space) -> None:
    space.scene(CHAIN)
    space.build("--draft")
    space.scene(read_back("../build/draft/theme.wav"), "b")
    for words in (["check", "b"], ["build", "--release", "b"]):
        found = space.run(*words)
        assert (found.code, "include the scene" in found.err) == (2, True)
    assert not space.exists("build/soft.wav")


@pytest.mark.parametrize("spelling", ["{path}", "{path!u}", "included"])
def test_what_a_scene_reads_is_not_removed_though_that_scene_is_not_built(space: Space, spelling: str) -> None:
    """It has a mistake, since it reads what is delivered. It keeps its recording all the same."""
    space.scene(CHAIN)
    space.build()
    back = read_back("../build/theme.wav")
    if spelling == "{path!u}":
        back = back.replace("theme", "th\\u0065me")
    if spelling == "included":
        space.write("parts/back.toml", back.partition("[exports")[0])
        back = 'include = ["../parts/back.toml"]\n' + export("soft", "back.back")
    space.scene(back, "b")
    space.replace(export("theme", "dark"), export("tune", "dark"))
    found = space.build("a")
    assert found.code == 0
    assert "build/theme.wav: not removed, though no scene delivers it: graphs/b.toml reads it" in found.remarks
    assert space.exists("build/theme.wav")
    (space.root / "graphs/b.toml").unlink()
    space.build("a")
    assert not space.exists("build/theme.wav")


def test_a_file_of_two_names_on_a_system_that_takes_them_for_one_is_not_removed(space: Space) -> None:
    """A hard link stands for such a system: the file by its old name is the one that was written by its new one."""
    space.scene(CHAIN)
    space.build()
    ledger = Ledger(space.root)
    entry = ledger.entries["build/theme.wav"]
    os.link(space.root / "build/theme.wav", space.root / "build/Theme.wav")
    ledger.add([entry._replace(path="build/Theme.wav")])
    ledger.save()
    space.build("--force")
    assert space.exists("build/theme.wav")
    assert space.exists("build/Theme.wav"), "there is no other file that could be removed"


# Nothing outside


def plant(space: Space, *paths: str) -> None:
    """A ledger as soundgraph writes one, that says of these files that a scene has delivered them which is gone."""
    ledger = Ledger(space.root)
    ledger.add(
        DeliveredFile(path, "gone:x", "graphs/gone.toml", False, "0" * 64, hashlib.sha256(space.read(path)).hexdigest())
        for path in paths
    )
    ledger.save()


def test_a_planted_ledger_removes_nothing_outside_the_output_folder(space: Space) -> None:
    space.scene(CHAIN)
    space.write("LICENSE", "MIT")
    space.write(".git/HEAD", "ref: refs/heads/main")
    space.write("build/old.wav", MINE)
    plant(space, "LICENSE", ".git/HEAD", "build/old.wav")
    found = space.build()
    assert space.exists("LICENSE")
    assert space.exists(".git/HEAD")
    assert not space.exists("build/old.wav")
    assert "LICENSE: left where it is: it does not lie in the output folder, build/" in found.remarks
    assert not [remark for remark in space.build("--force").remarks if "LICENSE" in remark], "it is forgotten"


@pytest.mark.parametrize("odd", ["\0", "\udcff", "/" * 3000, ".."])
def test_a_ledger_of_names_that_no_file_has_removes_nothing_and_stops_nothing(space: Space, odd: str) -> None:
    space.scene(CHAIN)
    space.build()
    ledger = Ledger(space.root)
    entry = ledger.entries["build/theme.wav"]
    ledger.add([entry._replace(path=f"build/{odd}x", source=f"graphs/{odd}.toml", digest="")])
    ledger.save()
    before = space.delivered()
    for _ in range(2):
        assert space.build("--force").code == 0
    assert space.delivered() == before


@pytest.mark.parametrize("forged", [{"scene": "\ud800"}, {"export": "\ud800"}, {"scene": "x" * 5000}, {"export": "\0"}])
def test_a_sidecar_of_names_that_nothing_has_is_anybodys(space: Space, forged: dict[str, str]) -> None:
    space.scene(CHAIN)
    space.write("build/old.wav", MINE)
    facts = {"soundgraph_sidecar": 3, "file": "old.wav", "scene": "a", "export": "old"}
    facts |= {"sha256": hashlib.sha256(MINE).hexdigest(), **forged}
    space.write("build/old.wav.json", json.dumps(facts))
    assert space.build().code == 0
    assert space.read("build/old.wav") == MINE


@pytest.mark.parametrize("to", ["graphs", ".git", "cache", "elsewhere/.hidden"])
def test_an_output_folder_that_is_a_link_to_somewhere_of_importance_is_refused(space: Space, to: str) -> None:
    space.scene(CHAIN)
    (space.root / to).mkdir(parents=True, exist_ok=True)
    (space.root / "build").symlink_to(space.root / to, target_is_directory=True)
    for verb in ("build", "check"):
        found = space.run(verb)
        assert (found.code, "a link leads to" in found.err or to == "graphs") == (2, True)


@pytest.mark.parametrize("folder", ["sub", "draft"])
def test_a_link_that_leads_out_of_the_output_folder_is_refused_before_anything_runs(space: Space, folder: str) -> None:
    space.scene(CHAIN.replace("exports.theme]", "exports.theme]\npath = 'sub/theme'"))
    space.recording("recordings/theme.wav")
    (space.root / "build").mkdir()
    (space.root / "build" / folder).symlink_to(space.root / "recordings", target_is_directory=True)
    before = space.tree()
    found = space.run("build", *(["--draft"] if folder == "draft" else []))
    assert (found.code, f"cannot deliver into build/{folder}: a link leads out of build" in found.err) == (2, True)
    assert space.tree() == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.parametrize(
    "path",
    [
        *(".soundgraph/delivered", ".soundgraph/history", ".soundgraph/lock", ".soundgraph/clock"),
        *(".soundgraph/project", "stamps", "build/theme.wav", "build/theme.wav.json"),
    ],
)
def test_a_pipe_in_place_of_a_file_is_not_waited_for(space: Space, path: str) -> None:
    space.scene(CHAIN)
    space.settle()
    (stamps,) = (space.root / ".soundgraph").glob("stamps-*")
    place = stamps if path == "stamps" else space.root / path
    place.unlink(missing_ok=True)
    os.mkfifo(place)
    assert space.run("plan").code == 0
    assert space.build().code == 0
    assert (space.root / "build/theme.wav").is_file()


def test_a_link_in_the_place_of_a_delivered_file_is_not_removed(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    path = space.root / "build/theme.wav"
    mine = path.rename(space.root / "mine.wav")
    path.symlink_to(mine)
    space.replace("[exports.theme]", "[exports.other]")
    space.build()
    assert path.is_symlink()


# What a plan says


def test_a_plan_names_the_files_that_a_build_then_writes(space: Space) -> None:
    """Of a manifest, those that change; the others hold what they did, though the manifest is about other files."""
    space.scene(
        "".join(generate(f"n{i}", f"rain {i}") + export(f"n{i}", f"n{i}") for i in range(4))
        + table("manifests.godot", engine="godot")
        + table("manifests.plain", engine="json")
        + table("manifests.wwise", engine="wwise")
    )

    def announced() -> set[str]:
        return {
            event["path"]
            for event in map(json.loads, space.run("plan", "--json").out.splitlines())
            if event["event"] == "export"
        }

    def written() -> set[str]:
        return {path for path, status in space.build().exports.items() if status != "current"}

    space.build()
    shutil.rmtree(space.root / "build")
    assert announced() == written(), "every .import file, and none for godot itself, which has no takes"
    space.settle()
    space.replace('prompt = "rain 1"', 'prompt = "rain 1"\n# a remark')
    assert announced() == set()
    space.replace("[exports.n1]", "[exports.n1]\nloudness_lufs = -30")
    assert announced() == {"build/n1.wav", "build/plain.json", "build/wwise.tsv"} == written()
    (space.root / "build/n2.wav.import").unlink()
    assert announced() == {"build/n2.wav.import"} == written()
    shutil.rmtree(space.root / ".soundgraph")
    assert announced() == set()
    assert set(space.build().exports.values()) == {"current"}


@pytest.mark.parametrize("how", ["gone", "altered", "of another node"])
def test_a_plan_names_a_sidecar_that_a_build_writes_beside_a_file_that_is_right(space: Space, how: str) -> None:
    space.scene(CHAIN)
    space.settle()
    sidecar = space.root / "build/theme.wav.json"
    if how == "gone":
        sidecar.unlink()
    elif how == "altered":
        sidecar.write_text("{}")
    else:
        space.replace("cut", "short")
    plan = space.run("plan", "--check")
    assert (plan.code, [line.split()[:2] for line in plan.out.splitlines()[:-1]]) == (
        3,
        [["build/theme.wav.json", "write"]],
    )
    (export,) = space.build().of("export")
    assert (export["status"], export["sidecar"]) in (("current", "written"), ("current", "restored"))
    assert space.run("plan", "--check").code == 0


def test_of_two_scenes_one_of_which_was_touched_all_nodes_are_current(space: Space) -> None:
    space.scene(CHAIN)
    space.scene(CHAIN.replace("theme", "other"), "b")
    space.settle()
    (space.root / "graphs/b.toml").touch()
    assert space.run("build").out == "2 scenes: nothing to do (6 nodes, 2 files current)\n"


# The state


def test_the_stamps_of_another_configuration_are_not_believed(space: Space) -> None:
    """Both say the same of the files, and one of them holds more to be built."""
    space.scene(node("beep", "tone", freq_hz=440, duration=0.05) + export("beep", "beep"))
    space.settle()
    space.settle("--release")
    one, other = (
        space.root / ".soundgraph" / path
        for path in sorted(path.name for path in (space.root / ".soundgraph").iterdir())
        if "stamps-" in path
    )
    for path, by in ((one, other), (other, one)):
        before = path.read_bytes()
        path.write_bytes(by.read_bytes())
        assert (space.is_noop(), space.is_noop("--release")).count(True) == 1
        path.write_bytes(before)
    assert space.is_noop()


# Unicode


COMPOSED, TAKEN_APART = "caf\u00e9", unicodedata.normalize("NFD", "caf\u00e9")


@pytest.mark.parametrize(
    ("one", "other"), [(COMPOSED, TAKEN_APART), (COMPOSED.upper(), TAKEN_APART), ("STRASSE", "straße")]
)
def test_two_exports_whose_names_differ_in_unicode_form_or_case_are_one_file(
    space: Space, one: str, other: str
) -> None:
    space.scene(generate("rain") + export("a", "rain", path=one) + export("b", "rain", path=other))
    found = space.run("check")
    assert found.code == 2
    assert f'"{other}.wav" is the same as "{one}.wav" on Windows and macOS' in found.err


@pytest.mark.parametrize(("written", "on_disk"), [(COMPOSED, TAKEN_APART), (TAKEN_APART, COMPOSED)])
def test_a_recording_is_found_by_its_name_in_another_unicode_form(space: Space, written: str, on_disk: str) -> None:
    space.recording(f"graphs/{on_disk}/{on_disk}.wav")
    space.scene(read_back(f"{written}/{written}.wav"))
    assert space.build().code == 0
    space.settle()
    space.recording(f"graphs/{on_disk}/{on_disk}.wav", noise(seed=5))
    assert space.build().ran == ["a:back"]


@pytest.mark.parametrize("on_disk", [COMPOSED, TAKEN_APART])
@pytest.mark.parametrize("written", [COMPOSED, TAKEN_APART])
def test_an_included_file_is_found_so_and_gives_its_nodes_one_name(space: Space, written: str, on_disk: str) -> None:
    space.write(f"parts/{on_disk}.toml", generate("rain"))
    space.scene(f'include = ["../parts/{written}.toml"]\n' + export("x", f"{COMPOSED}.rain"))
    assert space.build().ran == [f"a:{COMPOSED}.rain"]


def test_a_file_is_shown_by_its_name_in_another_unicode_form(space: Space) -> None:
    space.recording(f"{TAKEN_APART}/{TAKEN_APART}.wav")
    assert space.run("show", f"{COMPOSED}/{COMPOSED}.wav").code == 0


def test_of_two_names_in_two_forms_the_one_that_is_written_is_meant(space: Space) -> None:
    space.recording(f"graphs/{COMPOSED}.wav", noise(seed=1))
    space.recording(f"graphs/{TAKEN_APART}.wav", noise(seed=2))
    space.scene(read_back(f"{TAKEN_APART}.wav"))
    assert space.build().code == 0
    facts = json.loads(space.read("build/soft.wav.json"))
    assert hashlib.sha256(space.read(f"graphs/{TAKEN_APART}.wav")).hexdigest() in json.dumps(facts["nodes"])


@pytest.mark.parametrize("target", [COMPOSED, f"{COMPOSED}:soft", f"graphs/{COMPOSED}.toml", f"{COMPOSED[:2]}*"])
def test_a_scene_is_found_by_its_name_in_another_unicode_form(space: Space, target: str) -> None:
    space.recording("graphs/x.wav")
    space.scene(read_back("x.wav"), TAKEN_APART)
    assert space.build(target).code == 0


def is_below(path: str, folder: str) -> bool:
    from soundgraph.core import path_names

    return path_names.is_below(path, folder)


@pytest.mark.parametrize(
    ("path", "expected"),
    [("build", True), ("build/a", True), ("Build/a/b", True), ("builds/a", False), ("a/build", False), ("buil", False)],
)
def test_below_means_whole_folders(path: str, expected: bool) -> None:
    assert is_below(path, "build") is expected
    assert is_below(str(Path("/x") / path), "/x/build/") is expected


# What engines write as well


GODOT = generate("beep") + export("beep", "beep") + table("manifests.godot", engine="godot")
FROM_GODOT = (
    '[remap]\n\nimporter="wav"\ntype="AudioStreamWAV"\nuid="uid://b1"\n\n[deps]\n\n\n[params]\n\nedit/later=true\n'
)


def test_an_import_file_of_godots_is_merged_and_never_refused(space: Space) -> None:
    space.scene(GODOT)
    space.write("build/beep.wav.import", FROM_GODOT)
    assert space.build().code == 0
    text = space.read("build/beep.wav.import").decode()
    assert 'uid="uid://b1"' in text
    assert "edit/later=true" in text
    assert "edit/loop_mode=1" in text


def test_what_godot_adds_after_a_build_is_left_by_the_next(space: Space) -> None:
    space.scene(GODOT)
    space.settle()
    path = "build/beep.wav.import"
    theirs = space.read(path).decode().replace("[deps]", 'metadata={\n"a": 1\n}\n\n[deps]').encode()
    space.write(path, theirs)
    assert space.run("plan", "--check").code == 0
    assert space.build().exports[path] == "current"
    assert space.read(path) == theirs
    space.settle()
    space.write(path, theirs.replace(b"edit/loop_mode=1", b"edit/loop_mode=2"))
    assert space.run("plan", "--check").code == 3
    space.build()
    assert space.read(path) == theirs


def test_a_file_in_its_place_that_fills_the_disk_is_not_read(space: Space) -> None:
    space.scene(TAKES + table("manifests.godot", engine="godot"))
    space.build()
    path = space.root / "build/feet/step_1.wav.import"
    size = 2**40  # without a byte in it
    with path.open("wb") as file:
        try:
            file.truncate(size)
        except OSError:
            pytest.skip("no file of that size can be made here")
    assert space.build("--force").exports["build/feet/step_1.wav.import"] == "restored"
    assert path.stat().st_size < size


def test_a_file_of_that_name_that_is_none_of_godots_is_somebodys(space: Space) -> None:
    space.scene(GODOT)
    space.write("build/beep.wav.import", MINE)
    assert space.build().code == 2
    assert space.read("build/beep.wav.import") == MINE


def test_two_scenes_that_make_one_object_of_an_engine_are_warned_of(space: Space) -> None:
    """Each import would take the object from the other. That may be meant: there may be two Wwise projects."""
    scene = generate("beep") + export("beep", "beep", path="{}/beep") + table("manifests.{}", engine="wwise")
    for name in "ab":
        space.scene(scene.format(name, name), name)
    for words, code in ((["check"], 0), (["check", "--strict"], 2), (["check", "--strict", "b"], 2)):
        found = space.run(*words)
        assert found.code == code
        assert (
            "warning: graphs/b.toml:9: manifests.b: importing it into wwise makes "
            '"\\Actor-Mixer Hierarchy\\Default Work Unit\\beep", and so does graphs/a.toml:9: manifests.a' in found.out
        )
    space.replace("[manifests.b]", '[manifests.b]\nparent = "\\\\Containers\\\\B"\noriginals = "b"', "b")
    assert space.run("check", "--strict").code == 0
