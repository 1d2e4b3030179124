"""Whatever is edited between two revisions, `diff` lists all that differs, and `build --since` does all of it."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.helpers import Result, Space, table
from tests.random import oracle, projects
from tests.random.projects import SCENES, ProjectText
from tests.repositories import repository

SETTINGS = st.sampled_from(
    [
        "",
        "",
        "",
        table("defaults.generate", temperature=0.7),
        table("defaults.fade", curve="linear"),
        table("cache", salt="other"),
        table("build", output="out"),
    ]
)
"""What soundgraph.toml may say."""
FOLDERS = ("build", "out")


def change(draw: Any, project: ProjectText) -> str:
    """Edits a project once; returns how."""
    unused = [name for name in SCENES if name not in project.scenes]
    how = draw(st.sampled_from(["edit"] * 8 + ["add", "remove", "rename"]))
    if how == "add" and unused:
        project.scenes[unused[0]] = draw(projects.scenes(unused[0], project.shared))
        projects.put_right(project)
    elif how == "remove" and len(project.scenes) > 1:
        del project.scenes[draw(st.sampled_from(sorted(project.scenes)))]
    elif how == "rename" and unused:
        project.scenes[unused[0]] = project.scenes.pop(draw(st.sampled_from(sorted(project.scenes))))
    else:
        return projects.edit(draw, project)
    return how


@contextmanager
def folder() -> Iterator[Path]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    nobody = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    with tempfile.TemporaryDirectory(prefix="soundgraph-since-") as name, mock.patch.dict(os.environ, clear=True):
        os.environ.update({**plain, **nobody})
        yield Path(name)


def delivered(space: Space) -> dict[str, bytes]:
    """What lies in the output folders; of sidecars, all but the commit that they were made at."""
    found = space.tree(*(name for name in FOLDERS if space.exists(name)))
    found = {path: data for path, data in found.items() if path.split("/")[0] in FOLDERS}
    for path, data in found.items():
        if path.endswith(".json") and path.removesuffix(".json") in found:
            facts = json.loads(data)
            facts.pop("commit", None)
            found[path] = json.dumps(facts).encode()
    return found


def write(space: Space, project: ProjectText, toml: str) -> None:
    project.write(space)
    space.write("soundgraph.toml", toml)


def named(project: ProjectText, output: str) -> dict[str, str]:
    """By each file of a manifest, what the manifest is called."""
    names = {
        (scene, f"build/{fields['path']}"): f"{scene}:manifests.{name}"
        for scene, text in project.scenes.items()
        for name, fields in text.manifests.items()
    }
    lists = {(one.scene, one.path): one.files for one in oracle.lists_of(project)}
    return {output + path.removeprefix("build"): name for key, name in names.items() for path in lists[key]}


def listed(found: Result) -> dict[str, str]:
    """The status by each audio file that is told of, and by the name of each manifest."""
    statuses = {}
    for told in found.of("change"):
        paths = [told["name"]] if ":manifests." in told["name"] else [*told["paths"], *told["paths_then"]]
        for path in paths:  # a file that one export gives up and another takes over is told of twice
            if statuses.get(path, "same sound") == "same sound":
                statuses[path] = told["status"]
    return statuses


def check(found: Result, before: dict[str, bytes], after: dict[str, bytes], manifests: dict[str, str]) -> None:
    """All that differs is told of, and nothing that differs is told to be the same."""
    assert found.code == 0, found.err
    statuses = listed(found)
    for path in before.keys() | after.keys():
        if before.get(path) != after.get(path):
            sound = path.removesuffix(".json")
            of = manifests.get(path, sound)
            assert of in statuses, f"{path} differs, and is not listed"
            # A check that holds an export back, or no more, makes its files come and go; their sound stays the same.
            both = path in before and path in after
            assert not both or statuses[of] != "same sound" or path != sound, f"{path} differs"
    for told in found.of("change"):
        if told["status"] in ("changed", "same sound"):
            assert told["reasons"], f"nobody says why {told['name']} is listed"


@settings(max_examples=max(settings().max_examples // 4, 10))
@given(st.data())
def test_diff_lists_all_that_differs_and_since_leaves_what_a_build_leaves(data: Any) -> None:
    oracle.forget()
    draw = data.draw
    old, old_toml = draw(projects.projects()), draw(SETTINGS)
    new = old.copy()
    for _ in range(draw(st.integers(1, 3))):
        event(change(draw, new).split()[0])
    new_toml = draw(st.one_of(st.just(old_toml), SETTINGS))
    with folder() as place:
        part, full, clean = (Space(place / name) for name in ("part", "full", "clean"))
        part.write(".gitignore", "build/\nout/\ncache/\n.soundgraph*\n")
        write(part, old, old_toml)
        sha = repository(part.root)
        was_fine = part.build("-k").code == 0
        before = delivered(part)
        shutil.rmtree(full.root)
        shutil.copytree(part.root, full.root, symlinks=True)
        for space in (part, full, clean):
            write(space, new, new_toml)
        clean.build("-k")
        after = delivered(clean)
        outputs = ["out" if 'output = "out"' in toml else "build" for toml in (old_toml, new_toml)]
        manifests = named(old, outputs[0]) | named(new, outputs[1])
        check(part.run("diff", sha, "--json"), before, after, manifests)
        is_fine = full.build("-k").code == 0
        check(full.run("diff", sha, "--json", "--listen"), before, after, manifests)
        built = part.build("-k", "--since", sha)
        if was_fine and is_fine:
            assert built.code == 0, built.err
            assert part.tree(*outputs) == full.tree(*outputs)
            part.build("-k")
            assert part.tree(*outputs) == full.tree(*outputs)
