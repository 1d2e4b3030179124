"""What docs/contributing.md shows works: its files are put into a copy of the package, and used as it says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
PAGE = (REPOSITORY / "docs" / "contributing.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^```python file=(\S+)\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL))

SCENE = """[nodes.beep]
kind = "tone"
freq_hz = 440
duration = 0.2

[nodes.soft]
kind = "halve"
input = "beep"

[exports.soft]
node = "soft"
format = ["wav", "au"]

[nodes.hum]
kind = "generate"
model = "hum/low"
prompt = "hm"
duration = 0.2
octave = 1

[exports.hum]
node = "hum"

[manifests.tape]
engine = "cassette"
"""


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of the package to which all of the page's files were added."""
    place = tmp_path_factory.mktemp("copy")
    shutil.copytree(REPOSITORY / "soundgraph", place / "soundgraph", ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in FILES.items():
        assert not (place / name).exists(), name
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text(text, encoding="utf-8")
    verbs = place / "soundgraph/cli/__init__.py"
    text = verbs.read_text(encoding="utf-8")
    assert "VERBS = {\n" in text
    verbs.write_text(text.replace("VERBS = {\n", 'VERBS = {\n    "hello": "say hello to a scene",\n'), encoding="utf-8")
    return place


def soundgraph(changed: Path, project: Path, *arguments: str) -> str:
    run = [sys.executable, "-c", "import sys; from soundgraph.cli import main; sys.exit(main())", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(changed)}
    ended = subprocess.run(run, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_a_kind_a_verb_and_whatever_else_the_page_shows_work_as_it_says(changed: Path, tmp_path: Path) -> None:
    assert {Path(name).parent.name for name in FILES} >= {"nodes", "verbs", "formats", "hum", "engines"}
    (tmp_path / "graphs").mkdir()
    (tmp_path / "soundgraph.toml").touch()
    (tmp_path / "graphs/a.toml").write_text(SCENE, encoding="utf-8")
    soundgraph(changed, tmp_path, "build")
    assert (tmp_path / "build/soft.wav").is_file()
    sun = (tmp_path / "build/soft.au").read_bytes()
    assert (sun[:4], len(sun)) == (b".snd", 24 + 3 * 48000 // 5)
    assert (tmp_path / "build/hum.wav").is_file()
    assert (tmp_path / "build/tape.txt").read_text(encoding="utf-8") == "side A\nsoft.wav\nhum.wav\n"
    assert "how many octaves higher; models of hum" in soundgraph(changed, tmp_path, "kinds", "generate")
    assert "hum/low" in soundgraph(changed, tmp_path, "models")
    assert "Make a sound half as loud" in soundgraph(changed, tmp_path, "kinds")
    assert '"halve"' in json.dumps(json.loads(soundgraph(changed, tmp_path, "schema")))
    assert soundgraph(changed, tmp_path, "hello") == "hello, a\n"
    assert "hello" in soundgraph(changed, tmp_path, "--help")
