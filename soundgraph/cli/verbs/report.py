"""Write a page about the project: every export with a player, its waveform, figures, licence and what it is made from.

The page holds all it shows, so that it can be sent or kept. It is build/report.html if -o names no other.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from soundgraph.cli import find_sound, shared_arguments
from soundgraph.cli.verbs import show
from soundgraph.core.path_names import real
from soundgraph.core.text import counted

if TYPE_CHECKING:
    from soundgraph.delivery.export_files import Job
    from soundgraph.planning.planner import Plan
    from soundgraph.planning.schedule import Step
    from soundgraph.session.session import Session
    from soundgraph.views.sound.report import ReportedExport

NAME = "report.html"
LIMIT = "30 MB"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    shared_arguments.add_scene_arguments(parser)
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help=f"write to FILE instead of build/{NAME}")
    parser.add_argument(
        "--audio-limit",
        type=shared_arguments.size,
        default=LIMIT,
        metavar="SIZE",
        help=f"how much sound the page may hold, {LIMIT} if not given; exports after that have no player",
    )
    shared_arguments.add_json_argument(parser)


def run(options: argparse.Namespace) -> int:
    from soundgraph.core.errors import UsageError
    from soundgraph.core.threads import spread
    from soundgraph.planning import schedule
    from soundgraph.session import refusals
    from soundgraph.views.sound import report

    if options.output and options.output.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f'cannot report into {options.output}: its suffix is not ".html"')
    session = shared_arguments.open_session(options)
    if not session.jobs:
        raise UsageError("nothing that was asked for is delivered: there is no export to report on")
    plan = session.plan()
    steps = schedule.loads(plan, budget=session.project.memory_budget_bytes).steps
    why = {job.owner: find_sound.why_not(session, plan, job) for job in session.jobs}
    missing = [job.owner for job in session.jobs if why[job.owner]]
    if len(missing) == len(session.jobs):
        raise find_sound.not_built(missing[0], why[missing[0]], options)
    refusals.check_folders(session)
    shared_arguments.release_collector()
    make = partial(_entry, session, plan, steps, why, options)
    entries = spread(make, session.jobs, shared_arguments.processors())
    data = report.of_project(real(session.root).name, entries, options.audio_limit)
    path = options.output or session.root / session.jobs[0].folder / NAME
    if options.output is None:
        _refuse_others(path)
        path.parent.mkdir(parents=True, exist_ok=True)
    show.write(path, data)
    session.store.close()
    shown = str(options.output or f"{session.jobs[0].folder}/{NAME}")
    if options.json:
        facts = {"path": shown, "exports": len(entries), "missing": missing, "bytes": len(data)}
        print(json.dumps({"event": "report", **facts}, ensure_ascii=False))
    else:
        print(_told(shown, len(entries), len(missing), len(data)))
    return 0


def _refuse_others(path: Path) -> None:
    """Raises UsageError for a file that is no page of soundgraph's, where nobody has named it to be written."""
    from soundgraph.core.errors import UsageError
    from soundgraph.views.sound import page

    try:
        with path.open("rb") as file:
            is_page = file.read(len(page.HEAD)) == page.HEAD.encode()
    except OSError:  # it is not there; or writing it will say what is wrong
        return
    if not is_page:
        raise UsageError(
            f"cannot write {path.name}: it is there, and soundgraph did not write it", "name another with -o"
        )


def _told(path: str, exports: int, missing: int, n_bytes: int) -> str:
    from soundgraph.views.sound.text import size

    left_out = f", {missing} of them not built" if missing else ""
    return f"{path}  {counted(exports, 'export')}{left_out}  {size(n_bytes)}"


def _entry(
    session: Session,
    plan: Plan,
    steps: Sequence[Step],
    why: dict[str, str],
    options: argparse.Namespace,
    job: Job,
) -> ReportedExport:
    from soundgraph.audio.containers import decode
    from soundgraph.audio.dsp import figures
    from soundgraph.core.errors import NodeError
    from soundgraph.delivery import provenance
    from soundgraph.views.sound import media, pictures
    from soundgraph.views.sound.report import ReportedExport

    graph = _graph(plan, steps, job)
    if reason := why[job.owner]:
        return ReportedExport(job.owner, graph=graph, missing=str(find_sound.not_built(job.owner, reason, options)))
    files = find_sound.best_of([session.root / path for path in job.paths()])
    try:
        audio = decode.read(files[0])
    except NodeError as error:
        return ReportedExport(job.owner, graph=graph, missing=str(error))
    records = {name: decision.record for name, decision in plan.decisions.items() if decision.record is not None}
    # What the build measured, before it was encoded; and, of a file whose sidecar is gone, what is in it.
    sidecars = [find_sound.sidecar_of(path) for path in files]
    marks = find_sound.marks_of(files[0], audio.sample_rate)
    known = session.ledger.entries.get(job.paths()[0])
    return ReportedExport(
        job.owner,
        files=[(path, (session.root / path).stat().st_size) for path in job.paths()],
        figures=sidecars[0] if "clipped_samples" in sidecars[0] else asdict(figures.measure(audio)),
        marks=marks,
        remarks=_remarks(sidecars),
        faults=session.faults(plan, job),
        ancestry=provenance.ancestry(session.graph, job.node, records),
        commit=known.commit if known else "",
        picture=pictures.png(audio, marks, size=pictures.COMPACT),
        clip=media.clip(audio, files),
        graph=graph,
    )


def _graph(plan: Plan, steps: Sequence[Step], job: Job) -> str:
    """The part of the graph that an export is made from."""
    from dataclasses import replace

    from soundgraph.planning import scene_graph
    from soundgraph.views import diagram

    needed = scene_graph.needed(plan.graph, [job.node])
    decisions = {name: decision for name, decision in plan.decisions.items() if name in needed}
    return diagram.svg(
        replace(plan, targets=(job.node,), decisions=decisions), steps, {job.node: list(job.export.files())}
    )


def _remarks(sidecars: Sequence[Mapping[str, object]]) -> list[str]:
    """What a build had to say of an export's files, each thing once."""
    told = [remarks for sidecar in sidecars if isinstance(remarks := sidecar.get("remarks"), list)]
    return list(dict.fromkeys(str(remark) for remarks in told for remark in remarks))
