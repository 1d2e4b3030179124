"""Mistakes planted one at a time, and whether the tests of a module notice: `make mutants MODULES=planning/schedule`.

Each module has the tests that are about it, since the whole suite would take minutes for each of thousands of mistakes.
They run over a copy of the tree, in which cosmic-ray (https://cosmic-ray.readthedocs.io) changes a line, has the tests
run, and changes it back. A run that was stopped goes on where it was. Several modules run at once, one a processor.

A sample costs less: `make mutants MODULES=cache/gc_choice SAMPLE=20 SEED=1` plants 20 mistakes, drawn from all of the
module's; the same 20 for the same seed and source. `WITHOUT="ffmpeg or opus"` leaves tests out by name: what pytest's
`-k` takes.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).parent.parent

TESTS = {
    "project/build_state": "project/test_build_state.py project/test_up_to_date.py",
    "planning/schedule": "planning/test_schedule.py planning/test_load_order.py",
    "planning/action": "planning/test_action.py planning/test_keys.py",
    "planning/planner": "planning/test_planner.py planning/test_explaining.py execution/test_builder.py",
    "execution/build_round": "execution/test_builder.py execution/test_result_buffer.py e2e/test_single_flight.py"
    " delivery/test_run_checks.py planning/test_pins.py"
    " e2e/test_rebuild.py",
    "cache/disk/records": "cache/test_store.py cache/test_sqlite_index.py cache/test_result_record.py"
    " faults/test_corruption.py",
    "cache/disk/blobs": "cache/test_store.py faults/test_corruption.py",
    "cache/disk/writing": "cache/test_store.py cache/test_cache_folder.py cache/test_leases.py",
    "cache/gc_choice": "cache/test_garbage_collection.py",
    "cache/garbage_collection": "cache/test_garbage_collection.py cli/test_cache.py",
    "planning/pins": "planning/test_pins.py planning/test_planner.py",
    "session/building": "session/test_building.py",
    "session/diffing/comparison": "session/test_diffing.py random/test_since.py",
    "delivery/export_files": "delivery/test_export_files.py scene/test_export_settings.py"
    " delivery/test_provenance.py cli/test_show.py delivery/test_run_checks.py"
    " execution/test_builder.py",
    "delivery/mastering": "delivery/test_mastering.py delivery/test_export_files.py audio/dsp/test_limiting.py",
    "audio/dsp/loudness": "audio/dsp/test_loudness.py audio/dsp/test_ebu.py audio/dsp/test_levelling.py"
    " delivery/test_mastering.py",
    "audio/dsp/loop_points": "audio/dsp/test_loop_points.py audio/dsp/test_seam.py nodes/test_loop.py",
}
"""The test files of each module, under `tests/`: the first is its own."""

# What cannot be noticed: annotations (`X | None`) are never evaluated here, and a few operators only make `<` out of
# `<=` in ways that mean the same.
_WITHOUT = [
    "core/ReplaceBinaryOperator_BitOr_.*",
    "core/ReplaceComparisonOperator_.*_(Is|IsNot)",
    "core/RemoveDecorator",
]

_CONFIG = """
[cosmic-ray]
module-path = "soundgraph/{module}.py"
timeout = {timeout_s}
excluded-modules = []
test-command = "{python} -m pytest -x -q -p no:cacheprovider -p no:xdist -o addopts= -o filterwarnings= {tests}"

[cosmic-ray.distributor]
name = "local"

[cosmic-ray.filters.operators-filter]
exclude-operators = [{without}]
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", help=f"of {', '.join(TESTS)}; all if none is named")
    parser.add_argument("--folder", type=Path, default=ROOT / "mutants", help="where copies and results are kept")
    parser.add_argument("--timeout", type=float, default=300, help="seconds after which tests count as failed")
    parser.add_argument("--sample", type=int, help="how many mistakes of each module are planted; all without")
    parser.add_argument("--seed", type=int, default=1, help="which ones a sample has")
    parser.add_argument("--without", default="", help="tests to leave out: what pytest's -k takes")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 1, help="modules at once")
    options = parser.parse_args()
    options.folder = options.folder.resolve()
    modules = options.modules or list(TESTS)
    if unknown := [name for name in modules if name not in TESTS]:
        parser.error(f"there are no tests for {', '.join(unknown)}")
    with ThreadPoolExecutor(options.jobs) as pool:
        found = list(pool.map(lambda name: run(name, options), modules))
    print("\n".join(found))
    return 0


def run(module: str, options: argparse.Namespace) -> str:
    """Plants each mistake of a module, or of its sample, that was not tried yet; says how many were not noticed."""
    name = module.replace("/", "_") + (f"-{options.sample}-{options.seed}" if options.sample else "")
    copy, session = options.folder / name, options.folder / f"{name}.sqlite"
    if not session.exists():
        _make(module, copy, session, options)
    _call(copy, "exec", "mutants.toml", session)
    report = subprocess.run(
        [_program("cr-report"), "--show-diff", "--surviving-only", session], capture_output=True, text=True, check=True
    ).stdout
    told = options.folder / f"{name}.txt"
    told.write_text(report, encoding="utf-8")
    tried = [line for line in report.splitlines() if line.startswith("total jobs")]
    return f"{module}: {tried[-1]}, {report.strip().splitlines()[-1]}; {told} has them"


def _make(module: str, copy: Path, session: Path, options: argparse.Namespace) -> None:
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    for part in ("soundgraph", "tests", "docs", "graphs"):
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    config = _CONFIG.format(
        module=module,
        timeout_s=options.timeout,
        python=sys.executable,
        tests=" ".join(f"tests/{path}" for path in TESTS[module].split())
        + (f" -k 'not ({options.without})'" if options.without else ""),
        without=", ".join(f'"{pattern}"' for pattern in _WITHOUT),
    )
    (copy / "mutants.toml").write_text(config, encoding="utf-8")
    place = subprocess.run(
        [sys.executable, "-c", "import soundgraph; print(soundgraph.__file__)"],
        cwd=copy,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    if Path(place).resolve() != (copy / "soundgraph/__init__.py").resolve():
        raise SystemExit(f"the copy in {copy} would not be what is tested, but {place}")
    # Before any mistake: what it leaves compiled halves the time of all runs after it, none of which writes any more.
    _call(copy, "baseline", "mutants.toml", compiling=True)
    unfinished = session.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    _call(copy, "init", "mutants.toml", unfinished)
    subprocess.run([_program("cr-filter-operators"), unfinished, "mutants.toml"], cwd=copy, check=True)
    draw(unfinished, options.sample, options.seed)
    unfinished.rename(session)


def draw(session: Path, sample: int | None, seed: int) -> None:
    """Takes out of a session what was filtered, which a report would count as noticed, and what is not drawn."""
    with closing(sqlite3.connect(session)) as database, database:
        # The identifiers of jobs are random, so what a seed draws from is in the order of the source.
        pending = database.execute(
            "SELECT job_id FROM mutation_specs WHERE job_id NOT IN (SELECT job_id FROM work_results)"
            " ORDER BY start_pos_row, start_pos_col, operator_name, operator_args, occurrence"
        ).fetchall()
        drawn = pending if sample is None else random.Random(seed).sample(pending, min(sample, len(pending)))
        database.execute("CREATE TEMP TABLE drawn (job_id PRIMARY KEY)")
        database.executemany("INSERT INTO drawn VALUES (?)", drawn)
        for table in ("work_results", "mutation_specs", "work_items"):
            database.execute(f"DELETE FROM {table} WHERE job_id NOT IN (SELECT job_id FROM drawn)")


def _call(copy: Path, *words: object, compiling: bool = False) -> None:
    environment = {**os.environ, **_ENVIRONMENT, "PYTHONDONTWRITEBYTECODE": "" if compiling else "1"}
    subprocess.run([_program("cosmic-ray"), *map(str, words)], cwd=copy, check=True, env=environment)


def _program(name: str) -> str:
    return str(Path(sys.executable).parent / name)


# What is written by one mistake must not be read by the next one: no examples of hypothesis; in `_call`, no bytecode.
_ENVIRONMENT = {"HYPOTHESIS_STORAGE_DIRECTORY": os.devnull}


if __name__ == "__main__":
    sys.exit(main())
