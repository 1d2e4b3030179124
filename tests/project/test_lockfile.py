"""`soundgraph.lock`: a text that is read strictly, written the same each time, and merges."""

from __future__ import annotations

import os
import threading
from functools import partial
from pathlib import Path

import pytest

from soundgraph.backends import Pin
from soundgraph.core.errors import SceneError, UsageError
from soundgraph.project import lockfile
from soundgraph.project.config import load_project
from soundgraph.project.lockfile import Lock, Take
from tests import repositories

K, D, E = "1" * 64, "2" * 64, "3" * 64
A, B = Pin("abc", "a" * 64), Pin("def", "b" * 64, ("t5-base@123", "facebook/encodec_32khz@456"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "soundgraph.lock"


def mistakes(path: Path, text: str) -> list[str]:
    path.write_text(text)
    with pytest.raises(SceneError) as caught:
        lockfile.read(path)
    return [str(mistake) for mistake in caught.value.mistakes]


def take(node: str, digest: str = D) -> dict[str, Take | None]:
    return {node: Take(node, K, digest)}


def test_what_is_written_is_read_again(path: Path) -> None:
    models = {"facebook/x": B, "facebook/a": A, "nowhere": Pin("", "c" * 64)}
    path.write_text("later a:b#1 key digest\n")
    lockfile.update(path, models=models, takes=take("a:rain#2"))
    assert lockfile.read(path) == Lock(models, {"a:rain#2": Take("a:rain#2", K, D)}, ("later a:b#1 key digest",))


def test_lines_are_sorted_and_say_what_they_are(path: Path) -> None:
    lockfile.update(path, models={"z/z": A, "a/a": B}, takes={**take("b:rain.bed"), **take("a:rain")})
    assert path.read_text().splitlines() == [
        "# Written by soundgraph; keep it under version control.",
        f"model a/a def {'b' * 64} t5-base@123 facebook/encodec_32khz@456",
        f"model z/z abc {'a' * 64}",
        f"take a:rain {K} {D}",
        f"take b:rain.bed {K} {D}",
    ]


def test_no_file_is_an_empty_lock(path: Path) -> None:
    assert lockfile.read(path) == Lock()


def test_pinning_replaces_one_line_and_keeps_the_rest(path: Path) -> None:
    path.write_text(f"model a/a abc {'a' * 64}\nmodel b/b abc {'a' * 64}\nlater thing with words\n")
    lockfile.pin(path, "b/b", B)
    assert lockfile.read(path) == Lock({"a/a": A, "b/b": B}, others=("later thing with words",))


@pytest.mark.parametrize(
    ("model_id", "pin"),
    [
        ("toy/box", Pin("", "the one box")),
        ("toy/box", Pin("", "box")),
        ("toy box", A),
        ("toy/box", Pin("first try", A.digest)),
        ("toy/box", Pin("", A.digest, ("no revision",))),
    ],
)
def test_a_pin_that_could_not_be_read_again_is_not_written(path: Path, model_id: str, pin: Pin) -> None:
    with pytest.raises(UsageError, match="cannot be pinned"):
        lockfile.pin(path, model_id, pin)
    assert not path.exists()


def test_only_the_lines_that_change_are_touched(path: Path) -> None:
    """Comments, odd spaces, the order somebody chose and the ends of lines stay: a diff shows what was decided."""
    before = f"# models\r\nmodel  z/z abc {'a' * 64}\r\n\r\n# takes\r\n take b:x  {K} {D}\r\ntake a:y {K} {D}\r\n"
    path.write_bytes(before.encode())
    lockfile.update(path, takes={**take("a:y", E), **take("c:z")})
    assert path.read_bytes().decode() == (
        f"# models\r\nmodel  z/z abc {'a' * 64}\r\n\r\n# takes\r\ntake a:y {K} {E}\r\n take b:x  {K} {D}\r\n"
        f"take c:z {K} {D}\r\n"
    )
    lockfile.update(path, takes={"c:z": None, **take("a:y")})
    lockfile.update(path, takes={"a:y": None, "nothing:there": None})
    assert path.read_bytes().decode() == before.replace(f"take a:y {K} {D}\r\n", "")


def test_writing_what_is_there_leaves_the_file_alone(path: Path) -> None:
    lockfile.update(path, models={"a/a": A}, takes=take("a:rain"))
    before = path.stat()
    lockfile.update(path, models={"a/a": A}, takes={**take("a:rain"), "a:wind": None})
    lockfile.update(path)
    assert path.stat() == before


@pytest.mark.parametrize(
    "node", ["my scene:rain", "50%:a", "ä/b:größe#2", "tab\there:x", "\udcff:x", "a\x1b[31m:x", "%20:x"]
)
def test_any_id_of_a_node_is_one_word_of_a_line(path: Path, node: str) -> None:
    lockfile.update(path, takes=take(node))
    (line,) = path.read_text().splitlines()[1:]
    assert line.isprintable()
    assert len(line.split()) == 4
    assert lockfile.read(path).takes == take(node)
    assert lockfile.lines_of_takes(path) == {node: 2}
    lockfile.update(path, takes={node: None})
    assert lockfile.read(path) == Lock()


def test_a_node_that_somebody_spelled_otherwise_has_one_line_still(path: Path) -> None:
    path.write_text(f"take a:%72ain {K} {D}\n")
    lockfile.update(path, takes=take("a:rain", E))
    assert lockfile.read(path).takes == take("a:rain", E)
    lockfile.update(path, takes={"a:rain": None})
    assert lockfile.read(path) == Lock()


def test_updates_at_once_lose_nothing(path: Path) -> None:
    def pin(number: int) -> None:
        for name in "abcde":
            lockfile.update(path, takes=take(f"{name}:n{number}"))

    threads = [threading.Thread(target=pin, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(lockfile.read(path).takes) == sorted(f"{name}:n{number}" for name in "abcde" for number in range(4))


def test_a_lock_with_mistakes_is_not_written_over(path: Path) -> None:
    path.write_text("<<<<<<< HEAD\n")
    with pytest.raises(SceneError):
        lockfile.update(path, takes=take("a:rain"))
    assert path.read_text() == "<<<<<<< HEAD\n"


def test_spaces_comments_and_endings_of_other_systems_do_not_matter(path: Path) -> None:
    path.write_bytes(f"\r\n# why\r\n  model  a/a   abc\t{'a' * 64}  \r\n".encode())
    assert lockfile.read(path) == Lock({"a/a": A})


def test_the_same_line_twice_is_one(path: Path) -> None:
    """As a merge that takes both sides leaves it."""
    lines = f"model a/a abc {'a' * 64}\ntake a:rain {K} {D}\nlater x key digest\n"
    path.write_text(lines + lines)
    assert lockfile.read(path) == Lock({"a/a": A}, {"a:rain": Take("a:rain", K, D)}, ("later x key digest",))


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
            "is in the middle of a merge\n  keep one line for each model, and for each take, and remove the marks",
        ),
        (
            f"take a:rain {'1' * 64}",
            f'"take a:rain {"1" * 64}" is not of the form: take <scene:node> <action key> <digest>\n'
            "  remove it, and pin the take again",
        ),
        (
            f"take rain {'1' * 64} {'2' * 64}",
            f'"take rain {"1" * 64}{" 22222"}" is not of the form: take <scene:node> <action key> <digest>\n'
            "  remove it, and pin the take again",
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


def test_two_takes_of_one_node_are_a_mistake(path: Path) -> None:
    """As a merge leaves them that keeps both sides."""
    text = f"take a:rain {K} {D}\ntake a:wind {K} {D}\ntake a:rain {K} {E}\ntake a:wind {E} {D}\n"
    assert mistakes(path, text) == [
        'soundgraph.lock:3: "a:rain" is pinned twice, to unlike takes\n  remove one of the lines',
        'soundgraph.lock:4: "a:wind" is pinned twice, to unlike takes\n  remove one of the lines',
    ]


def test_what_is_no_text_is_told(path: Path) -> None:
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SceneError, match=r"^soundgraph.lock: is not a text in UTF-8$"):
        lockfile.read(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(SceneError, match=r"^soundgraph.lock: cannot be read: "):
        lockfile.read(path)


def test_a_write_that_fails_leaves_the_file_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lockfile.update(path, models={"a/a": A})

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        lockfile.update(path, models={"a/a": B})
    assert lockfile.read(path) == Lock({"a/a": A})
    assert sorted(file.name for file in path.parent.iterdir()) == [".soundgraph", "soundgraph.lock"]


def test_a_project_knows_its_pins_and_where_they_stand(path: Path) -> None:
    lockfile.update(path, models={"facebook/musicgen-small": A}, takes=take("a:rain"))
    project = load_project(path.parent)
    assert project.sources.pins == {"facebook/musicgen-small": A}
    assert project.takes == take("a:rain")
    assert path in project.read


def test_two_branches_that_pin_unlike_models_and_takes_merge(path: Path) -> None:
    """With a line between the two that neither changed, as git asks for."""
    git = partial(repositories.git, path.parent)
    git("init", "-q", "-b", "main")
    lockfile.update(path, models={"m/m": A, "n/n": A}, takes=take("b:x"))
    git("add", "soundgraph.lock"), git("commit", "-qm", "both"), git("checkout", "-qb", "other")
    lockfile.pin(path, "a/a", A)
    lockfile.update(path, takes=take("a:x"))
    git("commit", "-qam", "a"), git("checkout", "-q", "main")
    lockfile.pin(path, "n/a", B)
    lockfile.update(path, takes=take("c:x"))
    git("commit", "-qam", "z"), git("merge", "-q", "other", "-m", "merged")
    assert lockfile.read(path) == Lock(
        {"a/a": A, "m/m": A, "n/a": B, "n/n": A}, {f"{name}:x": Take(f"{name}:x", K, D) for name in "abc"}
    )
