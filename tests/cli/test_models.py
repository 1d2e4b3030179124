"""`soundgraph models`: what there is, what is here, and fetching and pinning it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from soundgraph import backends
from soundgraph.project import lockfile
from tests.backends.audiocraft import stub_hub
from tests.backends.audiocraft.stub_hub import StubHub, checkpoint, lm_config, text_encoder, write, write_cache
from tests.helpers import Space

SMALL, T5 = "facebook/musicgen-small", "google-t5/t5-base"


@pytest.fixture(autouse=True)
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StubHub]:
    with stub_hub.alone(tmp_path / "caches", monkeypatch) as running:
        running.publish(T5, text_encoder())
        running.publish(SMALL, checkpoint())
        yield running


def rows(space: Space) -> dict[str, dict[str, object]]:
    return {row["id"]: row for row in json.loads(space.run("models", "--json").out)}


def test_the_list_has_every_published_model(space: Space, served: StubHub) -> None:
    found = space.run("models")
    assert found.code == 0
    lines = found.out.splitlines()
    assert lines[0].split() == [
        "name", "family", "rate", "channels", "longest", "takes", "memory", "licence", "here", "pinned",
    ]  # fmt: skip
    known = [model.id for model in backends.get("audiocraft").models()]
    assert [line.split()[0] for line in lines[1 : len(known) + 1]] == known
    assert "music is facebook/musicgen-small" in lines
    assert served.requests == []  # nobody is asked


def test_the_list_says_what_is_here_and_pinned(space: Space, tmp_path: Path) -> None:
    write_cache(tmp_path / "caches/huggingface/hub", SMALL, checkpoint())
    write_cache(tmp_path / "caches/huggingface/hub", "t5-base", text_encoder())
    before = rows(space)
    assert (before[SMALL]["here"], before[SMALL]["pinned"]) == (True, False)
    assert before["facebook/audiogen-medium"]["here"] is False
    space.run("models", "pull", SMALL)
    assert rows(space)[SMALL]["pinned"] is True
    (line,) = [line for line in space.run("models").out.splitlines() if line.startswith(f"{SMALL} ")]
    assert line.split()[-2:] == ["yes", "1" * 12]


def test_the_list_says_what_a_model_is(space: Space) -> None:
    row = rows(space)["facebook/musicgen-stereo-melody"]
    facts = ("names", "family", "sample_rate", "channels", "max_duration_s", "conditioning", "licence")
    assert [row[name] for name in facts] == [
        [], "music", 32000, 2, 30.0, ["text", "melody", "continuation"], "CC-BY-NC-4.0",
    ]  # fmt: skip
    assert set(row["memory_bytes"]) == {"float32", "float16", "bfloat16", "int8"}  # type: ignore[call-overload]


def test_folders_that_have_a_name_are_listed_and_so_is_what_is_wrong_with_one(space: Space) -> None:
    write(space.root / "weights/mine", checkpoint(lm_config(conditioners={"description": stub_hub.LUT})))
    space.write("soundgraph.toml", '[models]\nmine = "./weights/mine"\nlost = "./weights/lost"\n')
    found = space.run("models")
    assert found.code == 0
    assert "./weights/mine" in found.out
    assert "mine is ./weights/mine" in found.out
    assert 'model "./weights/lost" does not exist: there is no folder weights/lost' in found.out


def test_a_folder_has_the_licence_that_the_project_states_for_it(space: Space) -> None:
    write(space.root / "weights" / "mine", checkpoint(lm_config(conditioners={"description": stub_hub.LUT})))
    space.write("soundgraph.toml", '[models]\nmine = { model = "./weights/mine", license = "MIT" }\n')
    assert rows(space)["./weights/mine"]["licence"] == "MIT"


@pytest.mark.parametrize("name", [SMALL, "music"])
def test_pulling_fetches_and_pins(space: Space, served: StubHub, name: str) -> None:
    found = space.run("models", "pull", name)
    assert found.code == 0, found.err
    model = backends.find(SMALL)
    assert model is not None
    assert model.here
    first, last = found.out.splitlines()
    assert first.startswith(f"{SMALL}: fetching {SMALL}, t5-base, 1.0 kB")
    revision = served.repositories[SMALL][-1][0]
    assert last == f"{SMALL}: pinned in soundgraph.lock at revision {revision[:12]}, weights {model.identity[:12]}"
    pin = lockfile.read(space.root / "soundgraph.lock").models[SMALL]
    assert (pin.revision, pin.digest) == (revision, model.identity)


def test_pulling_what_is_here_only_pins(space: Space, served: StubHub) -> None:
    space.run("models", "pull", SMALL)
    (space.root / "soundgraph.lock").unlink()
    served.requests.clear()
    found = space.run("models", "pull", SMALL)
    assert found.out.startswith(f"{SMALL}: is here\n{SMALL}: pinned in soundgraph.lock")
    assert served.requests == []
    assert SMALL in lockfile.read(space.root / "soundgraph.lock").models


def test_a_second_machine_gets_what_is_pinned(
    space: Space, served: StubHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space.run("models", "pull", SMALL)
    text = (space.root / "soundgraph.lock").read_text()
    served.publish(SMALL, checkpoint(seed="newer"))
    served.publish(T5, text_encoder("newer"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another machine"))
    assert space.run("models", "pull", SMALL).code == 0
    assert (space.root / "soundgraph.lock").read_text() == text


def test_pulling_over_a_pin_that_does_not_hold_pins_anew_and_says_so(space: Space, served: StubHub) -> None:
    sha = served.repositories[SMALL][-1][0]
    space.write("soundgraph.lock", f"model {SMALL} {sha} {'f' * 64}\nlater x key digest\n")
    found = space.run("models", "pull", SMALL)
    assert found.code == 0
    assert found.out.rstrip().endswith(", before it was ffffffffffff")
    assert lockfile.read(space.root / "soundgraph.lock").others == ("later x key digest",)


def test_a_folder_gets_what_it_lacks_and_is_not_pinned(space: Space) -> None:
    write(space.root / "weights/mine", checkpoint())
    found = space.run("models", "pull", "./weights/mine")
    assert found.code == 0, found.err
    assert "fetching t5-base" in found.out
    assert "a folder is not pinned" in found.out
    assert not (space.root / "soundgraph.lock").exists()


def test_names_may_stand_before_and_after_options(space: Space, served: StubHub) -> None:
    found = space.run("models", "pull", "--json", "music")
    assert (found.code, json.loads(found.out)["model"]) == (0, SMALL)


def test_json_is_one_object_a_model(space: Space) -> None:
    found = json.loads(space.run("models", "pull", SMALL, "--json").out)
    model = backends.find(SMALL)
    assert model is not None
    assert (found["model"], found["digest"], found["pinned"]) == (SMALL, model.identity, True)
    assert found["fetched_bytes"] > 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("pull",), 2, "pull needs the name of a model\n  soundgraph models lists them\n"),
        (("list", "x"), 2, "list takes no names; soundgraph models pull NAME fetches a model\n"),
        (
            ("pull", "facebook/musicgen-smal"),
            2,
            'model "facebook/musicgen-smal" is not a model; did you mean "facebook/musicgen-small"?\n'
            "  soundgraph models lists them\n",
        ),
        (
            ("pull", "facebook/audiogen-large"),
            2,
            'model "facebook/audiogen-large" does not exist: the only AudioGen is "facebook/audiogen-medium"\n'
            "  soundgraph models lists them\n",
        ),
        (
            ("pull", "draft/music"),
            2,
            '"draft/music" is made by soundgraph itself: there is nothing to fetch\n',
        ),
    ],
)
def test_a_wrong_call_is_answered_in_words(space: Space, arguments: tuple[str, ...], code: int, message: str) -> None:
    found = space.run("models", *arguments)
    assert (found.code, found.err) == (code, message)


def test_what_keeps_it_from_being_fetched_is_told_with_code_1(space: Space, served: StubHub) -> None:
    del served.repositories[SMALL]
    found = space.run("models", "pull", SMALL)
    assert (found.code, found.err) == (
        1, f'{served.url} has no "{SMALL}", or not for you: a private one needs HF_TOKEN\n',
    )  # fmt: skip
    assert not (space.root / "soundgraph.lock").exists()


def test_a_slip_in_one_name_fetches_nothing(space: Space, served: StubHub) -> None:
    assert space.run("models", "pull", SMALL, "nonsense").code == 2
    assert served.requests == []


def test_a_weights_dir_of_the_project_counts_as_here(space: Space) -> None:
    write(space.root / "weights" / SMALL, checkpoint())
    write(space.root / "weights" / "t5-base", text_encoder())
    space.write("soundgraph.toml", '[build]\nweights_dir = "weights"\n')
    assert rows(space)[SMALL]["here"] is True
    assert "pinned in soundgraph.lock, weights " in space.run("models", "pull", "music").out
    assert rows(space)[SMALL]["pinned"] is True
