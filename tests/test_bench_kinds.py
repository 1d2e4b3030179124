"""The benchmark of kinds measures every kind next to what does the same, and its verdicts follow from the figures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from soundgraph.nodes import kind_names
from tests.bench.kinds import report
from tests.bench.kinds.cases import UNMEASURED, cases

REPOSITORY = Path(__file__).parent.parent


def run(ours: float, peers: list[float], cores: float = 1.9) -> dict[str, object]:
    turns = {"soundgraph": [ours] * 3, **{str(number): [cost] * 3 for number, cost in enumerate(peers)}}
    known = [{"tool": "sox", "does": f"peer {number}", "measured": True} for number in range(len(peers))]
    case = {"turns": turns, "memory": 200, "bytes": 100, "peers": known, "note": "as | it is"}
    builds = {"-j 2": [{"cpu_s": 10 * cores, "wall_s": 10.0, "peak_mib": 1.0, "free": 2.0}]}
    return {"facts": {"Sound": "a"}, "seconds": 60.0, "scenes": 100, "cases": {"gain": case}, "builds": builds}


def test_every_kind_is_measured_or_it_is_said_why_not():
    listed = {case.kind for case in cases(60.0)} | UNMEASURED.keys()
    assert listed == set(kind_names()), "tests/bench/kinds/cases.py has each kind, or says in UNMEASURED why not"
    names = [case.name for case in cases(60.0)]
    assert len(set(names)) == len(names)


def test_what_has_no_peer_says_why():
    assert all(case.peers or case.note for case in cases(60.0))


def test_a_kind_is_held_against_the_slowest():
    assert report.against(run(1.0, [0.4, 2.0])["cases"]["gain"]) == [2.0, 0.4]
    assert report.slow(run(1.0, [0.4, 0.6])) == []
    assert report.slow(run(1.0, [0.4, 0.3])) == ["gain"]


def test_a_slow_kind_is_no_miss_if_its_page_says_why():
    slow = run(1.0, [0.3])
    assert [met for _, met in report.verdicts(slow)] == [False, True]
    slow["cases"] = {"noise, pink": slow["cases"]["gain"]}
    assert [met for _, met in report.verdicts(slow)] == [True, True]


@pytest.mark.parametrize(("cores", "met"), [(1.9, True), (1.4, False)])
def test_two_jobs_have_to_keep_two_processors_busy(cores, met):
    assert [found for _, found in report.verdicts(run(1.0, [1.0], cores))] == [True, met]


def test_the_page_is_written_between_its_markers_and_nowhere_else():
    text = report.page(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n", run(0.5, [1.0, 2.0]))
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "| gain | 120 | 4.00 | 2.00 | 2.0 |" in text
    assert "old" not in text
    with pytest.raises(ValueError, match="has no lines"):
        report.page("nothing", None)


def test_a_whole_run_on_short_sounds(tmp_path):
    page, raw = tmp_path / "page.md", tmp_path / "raw.json"
    page.write_text(f"{report.BEGIN}\n{report.END}\n")
    words = ["--seconds", "3", "--repetitions", "1", "--only", "gain", "reverse", "--scenes", "2", "--rounds", "1"]
    words += ["--scene-seconds", "0.5", "--out", str(page), "--raw", str(raw)]
    argv = [sys.executable, "-m", "tests.bench.kinds", *words]
    done = subprocess.run(argv, cwd=REPOSITORY, capture_output=True, text=True, env=os.environ, check=False)
    assert done.returncode in (0, 1), done.stderr  # whether so short a run meets a target is chance
    found = json.loads(raw.read_text())
    assert list(found["cases"]) == ["gain", "reverse"]
    assert set(found["builds"]) == {"-j 1", "-j 2", "default"}
    assert "| reverse |" in page.read_text()
