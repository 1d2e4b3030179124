"""`soundgraph.lock`: a text that is read strictly, written the same each time, and merges."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from soundgraph import lock
from soundgraph.backends import Pin
from soundgraph.errors import SceneError
from soundgraph.lock import Lock
from soundgraph.project import load_project

A, B = Pin("abc", "a" * 64), Pin("def", "b" * 64, ("t5-base@123", "facebook/encodec_32khz@456"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "soundgraph.lock"


def mistakes(path: Path, text: str) -> list[str]:
    path.write_text(text)
    with pytest.raises(SceneError) as caught:
        lock.read(path)
    return [str(mistake) for mistake in caught.value.mistakes]


def test_what_is_written_is_read_again(path: Path) -> None:
    written = Lock({"facebook/x": B, "facebook/a": A, "nowhere": Pin("", "c" * 64)}, ("take a:b#1 key digest",))
    lock.write(path, written)
    assert lock.read(path) == written


def test_lines_are_sorted_and_say_what_they_are(path: Path) -> None:
    lock.write(path, Lock({"z/z": A, "a/a": B}, ("take a:b#1 key digest",)))
    assert path.read_text().splitlines() == [
        "# Written by soundgraph; keep it under version control.",
        f"model a/a def {'b' * 64} t5-base@123 facebook/encodec_32khz@456",
        f"model z/z abc {'a' * 64}",
        "take a:b#1 key digest",
    ]


def test_no_file_is_an_empty_lock(path: Path) -> None:
    assert lock.read(path) == Lock()


def test_pinning_replaces_one_line_and_keeps_the_rest(path: Path) -> None:
    path.write_text(f"model a/a abc {'a' * 64}\nmodel b/b abc {'a' * 64}\nlater thing with words\n")
    lock.pin(path, "b/b", B)
    assert lock.read(path) == Lock({"a/a": A, "b/b": B}, ("later thing with words",))


def test_writing_what_is_there_leaves_the_file_alone(path: Path) -> None:
    lock.write(path, Lock({"a/a": A}))
    before = path.stat()
    lock.write(path, Lock({"a/a": A}))
    assert path.stat() == before


def test_spaces_comments_and_endings_of_other_systems_do_not_matter(path: Path) -> None:
    path.write_bytes(f"\r\n# why\r\n  model  a/a   abc\t{'a' * 64}  \r\n".encode())
    assert lock.read(path) == Lock({"a/a": A})


def test_the_same_line_twice_is_one(path: Path) -> None:
    """As a merge that takes both sides leaves it."""
    line = f"model a/a abc {'a' * 64}\n"
    path.write_text(line + "take x key digest\n" + line + "take x key digest\n")
    assert lock.read(path) == Lock({"a/a": A}, ("take x key digest",))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "model a/a abc",
            '"model a/a abc" is not of the form: model <id> <revision> <digest>\n  remove it, and pull the model again',
        ),
        (
            "model a/a abc 123",
            '"model a/a abc 123" is not of the form: model <id> <revision> <digest>\n'
            "  remove it, and pull the model again",
        ),
        (
            "nonsense",
            '"nonsense" is no line of a lock, such as: model <id> <revision> <digest>\n  remove it',
        ),
        (
            "\x1b[31m?",
            '"\\x1b[31m?" is no line of a lock, such as: model <id> <revision> <digest>\n  remove it',
        ),
        (
            "<<<<<<< HEAD",
            "is in the middle of a merge\n  keep one line for each model, and remove the marks",
        ),
    ],
)
def test_a_line_that_is_none_is_told_with_its_number(path: Path, line: str, message: str) -> None:
    text = f"# a comment\nmodel z/z abc {'a' * 64}\n{line}\n"
    assert mistakes(path, text) == [f"soundgraph.lock:3: {message}"]


def test_all_mistakes_are_told_at_once(path: Path) -> None:
    assert len(mistakes(path, "one\nmodel x\n\ntwo\n")) == 3


def test_two_versions_of_one_model_are_a_mistake(path: Path) -> None:
    text = f"model a/a abc {'a' * 64}\nmodel a/a def {'b' * 64}\n"
    expected = 'soundgraph.lock:2: "a/a" is pinned twice, to unlike versions\n  remove one of the lines'
    assert mistakes(path, text) == [expected]


def test_what_is_no_text_is_told(path: Path) -> None:
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SceneError, match=r"^soundgraph.lock: is not a text in UTF-8$"):
        lock.read(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(SceneError, match=r"^soundgraph.lock: cannot be read: "):
        lock.read(path)


def test_a_write_that_fails_leaves_the_file_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock.write(path, Lock({"a/a": A}))

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        lock.write(path, Lock({"a/a": B}))
    assert lock.read(path) == Lock({"a/a": A})
    assert [file.name for file in path.parent.iterdir()] == ["soundgraph.lock"]


def test_a_project_knows_its_pins_and_where_they_stand(path: Path) -> None:
    lock.write(path, Lock({"facebook/musicgen-small": A}))
    project = load_project(path.parent)
    assert project.sources.pins == {"facebook/musicgen-small": A}
    assert path in project.read


def test_two_branches_that_pin_unlike_models_merge(path: Path) -> None:
    """With a line between the two that neither changed, as git asks for."""

    def git(*arguments: str) -> None:
        environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        who = ["-c", "user.name=x", "-c", "user.email=x@x"]
        subprocess.run(["git", *who, *arguments], cwd=path.parent, check=True, capture_output=True, env=environment)

    git("init", "-q", "-b", "main")
    lock.write(path, Lock({"m/m": A, "n/n": A}))
    git("add", "."), git("commit", "-qm", "both"), git("checkout", "-qb", "other")
    lock.pin(path, "a/a", A)
    git("commit", "-qam", "a"), git("checkout", "-q", "main")
    lock.pin(path, "z/z", B)
    git("commit", "-qam", "z"), git("merge", "-q", "other", "-m", "merged")
    assert lock.read(path) == Lock({"a/a": A, "m/m": A, "n/n": A, "z/z": B})
