"""The project's root and its soundgraph.toml."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from soundgraph.core.errors import SceneError
from soundgraph.core.units import parse_bytes
from soundgraph.project.config import Project, find_root, load_project


def _make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir(exist_ok=True)
        else:
            path.write_text("")


def test_the_root_is_the_nearest_folder_with_a_project_file(tmp_path: Path) -> None:
    _make(tmp_path, "soundgraph.toml", "game/soundgraph.toml", "game/.git/", "game/graphs/deep/x.toml")
    assert find_root(tmp_path / "game/graphs/deep/x.toml") == tmp_path / "game"
    assert find_root(tmp_path / "game/graphs/deep") == tmp_path / "game"
    assert find_root(tmp_path) == tmp_path


def test_a_project_file_further_up_goes_before_a_repository(tmp_path: Path) -> None:
    _make(tmp_path, "soundgraph.toml", "game/.git/", "game/graphs/x.toml")
    assert find_root(tmp_path / "game/graphs/x.toml") == tmp_path


def test_without_a_project_file_the_root_is_the_repository(tmp_path: Path) -> None:
    _make(tmp_path, ".git/", "sound/graphs/x.toml")
    assert find_root(tmp_path / "sound/graphs/x.toml") == tmp_path


def test_a_worktree_has_a_file_for_its_repository(tmp_path: Path) -> None:
    _make(tmp_path, ".git", "graphs/x.toml")
    assert find_root(tmp_path / "graphs/x.toml") == tmp_path


def test_without_a_repository_the_root_is_the_folder_above_graphs(tmp_path: Path) -> None:
    _make(tmp_path, "sound/graphs/forest/x.toml")
    assert find_root(tmp_path / "sound/graphs/forest/x.toml") == tmp_path / "sound"


def test_with_nothing_to_go_by_the_root_is_the_scenes_folder(tmp_path: Path) -> None:
    assert find_root(tmp_path / "missing/x.toml") == tmp_path / "missing"


def test_finding_the_root_imports_nothing_heavy() -> None:
    code = (
        "import sys; before = set(sys.modules); from soundgraph.project import root; root.find_root('.');"
        "print(sorted(set(sys.modules) & {'pydantic', 'tomli', 'numpy', 'pathlib', 're'} - before))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2]
    )
    assert done.stdout == "[]\n", done.stderr


def test_a_project_without_a_file_has_the_built_in_settings(tmp_path: Path) -> None:
    project = load_project(tmp_path)
    assert project.models == {"music": "facebook/musicgen-small", "audio": "facebook/audiogen-medium"}
    assert (project.cache_dir, project.output_dir) == (tmp_path / "cache", tmp_path / "build")
    assert (project.cache.salt, project.memory_budget_bytes, project.build.workers) == ("", None, None)
    assert project.read == (tmp_path / "soundgraph.toml", tmp_path / "soundgraph.lock")  # absent, and it matters


def test_what_a_project_file_says_holds(tmp_path: Path) -> None:
    (tmp_path / "soundgraph.toml").write_text(
        """
        [models]
        audio = "draft/audio"
        theme = "facebook/musicgen-large"
        mine = "/weights/mine"
        [cache]
        dir = "/var/cache/sound"
        salt = "2"
        [build]
        output = "Assets/Audio"
        workers = 3
        memory_budget = "12 GB"
        [defaults.generate]
        temperature = 0.7
        [policy]
        allow_licenses = ["CC-BY-NC-4.0"]
        """
    )
    project = load_project(tmp_path)
    assert project.models == {
        "music": "facebook/musicgen-small",
        "audio": "draft/audio",
        "theme": "facebook/musicgen-large",
        "mine": "/weights/mine",
    }
    assert (project.cache_dir, project.output_dir) == (Path("/var/cache/sound"), tmp_path / "Assets/Audio")
    assert (project.cache.salt, project.build.workers, project.memory_budget_bytes) == ("2", 3, 12 * 10**9)
    assert project.defaults == {"generate": {"temperature": 0.7}}
    assert project.policy.allow_licenses == ["CC-BY-NC-4.0"]


@pytest.mark.parametrize(
    ("text", "size"),
    [("12 GB", 12 * 10**9), ("12GB", 12 * 10**9), ("1.5 GiB", 3 * 2**29), ("800 MB", 8 * 10**8), ("512 B", 512)],
)
def test_sizes_are_read_with_decimal_and_binary_units(text: str, size: int) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["", "GB", "12 apples", "-1 GB", "12 gb", "1e3 MB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size"):
        parse_bytes(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[build]\noutput = "/out"', 'soundgraph.toml:2: build: output "/out" must be relative, not absolute'),
        ('[build]\noutput = "."', 'soundgraph.toml:2: build: output "." must not name what is hidden (".")'),
        ("[build]\nmemory_budget = 0", "soundgraph.toml:2: build: memory_budget must be over 0, not 0"),
        (
            "[build]\nmemory_budget = true",
            'soundgraph.toml:2: build: memory_budget must be a size such as "12 GB", or a number of bytes',
        ),
        (
            '[cache]\ndir = "build/cache"',
            'soundgraph.toml:2: cache: dir "build/cache" overlaps the folder of the exports',
        ),
        (
            '[build]\noutput = "cache/out"',
            'soundgraph.toml:2: build: output "cache/out" overlaps the folder of the cache',
        ),
        ('[cache]\ndir = "graphs"', 'soundgraph.toml:2: cache: dir "graphs" overlaps the folder of the scenes'),
        ('[cache]\ndir = "~/c"', 'soundgraph.toml:2: cache: dir is not expanded from "~"; write the whole path'),
        (
            '[build]\nweights_dir = "~/w"',
            'soundgraph.toml:2: build: weights_dir is not expanded from "~"; write the whole path',
        ),
        ('[cache]\ndir = "../c"', 'soundgraph.toml:2: cache: dir "../c" must not climb out with ".."'),
        ("[models]\nmusic = 3", "soundgraph.toml:2: models: music must be a string, not a number"),
        ("models = 3", "soundgraph.toml:1: models: must be a table, not a number"),
        ("cache = 3", "soundgraph.toml:1: cache: must be a table, not a number"),
        ("[policy]\nallow_licenses = 'MIT'", "soundgraph.toml:2: policy: allow_licenses must be a list, not a string"),
    ],
)
def test_a_mistake_in_the_project_file_is_said_with_its_line(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "soundgraph.toml").write_text(text)
    with pytest.raises(SceneError) as caught:
        load_project(tmp_path)
    assert str(caught.value) == said


def test_a_project_can_be_made_in_code(tmp_path: Path) -> None:
    assert Project(tmp_path).cache.dir == "cache"
