"""Say which exports change between a git revision and the working tree, and why, field by field. Nothing is built.

REV is a branch, a tag or a commit. A target is a scene file, a folder, a scene's id, or a pattern of ids; with ":name"
after it, an export of it. Without targets, every scene under graphs/ is compared.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from soundgraph import cli
from soundgraph.cli import shared_arguments
from soundgraph.core.text import counted, visible_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from soundgraph.core.errors import UsageError
    from soundgraph.project.git_revision import Revision
    from soundgraph.project.targets import Wanted
    from soundgraph.session.diff_audio import SoundDifference
    from soundgraph.session.diffing.comparison import ChangeStatus, Comparison, ExportChange
    from soundgraph.session.diffing.trees import Side


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("revision", metavar="REV", help="what to compare with: a branch, a tag or a commit")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="scene file, folder, scene, scene:export, pattern")
    parser.add_argument("--draft", action="store_true", help="compare what build --draft would deliver")
    parser.add_argument(
        "--listen", action="store_true", help="say how far apart the sounds are, where the cache holds both"
    )
    parser.add_argument("--exit-code", action="store_true", help="exit with 3 if an export changes")
    shared_arguments.add_json_argument(parser)


def run(options: argparse.Namespace) -> int:
    from pathlib import Path

    from soundgraph.core.errors import EXIT_OK, EXIT_WORK_TO_DO, EXIT_WRONG_INPUT
    from soundgraph.core.text import json_line
    from soundgraph.project import git_revision, targets
    from soundgraph.session.diffing import comparison, trees
    from soundgraph.session.diffing.comparison import ChangeStatus

    root = Path(targets.project_root(options.targets))
    places = [_relative(root, target) for target in options.targets]
    with git_revision.at(root, options.revision, [place for place in places if not place.startswith("..")]) as revision:
        asked = _Asked(root, revision, options.targets)
        new = trees.tree(root, asked.now, draft=options.draft)
        old = trees.past(revision, asked.then, new.session.project, draft=options.draft)
        asked.refuse_unknown(old, new)
        compared = comparison.compare(old, new, revision)
        changes = [change for change in compared.changes if asked.has(change.name) or asked.has(change.was)]
        equal = sum(map(asked.has, compared.equal))
        heard = dict(_heard(changes, compared, new)) if options.listen else {}
        mistakes = [*new.mistakes, *old.mistakes, *revision.gaps]
        for line in (_events if options.json else _lines)(changes, equal, revision, heard):
            print(line if options.json else visible_lines(line))
        if options.json:
            for mistake in mistakes:
                print(json_line({"event": "error", **asdict(mistake)}))
    sys.stdout.flush()
    for mistake in mistakes:
        cli.say(str(mistake))
    if revision.ignored and not options.json:
        files = counted(len(revision.ignored), "file")
        cli.say(f"{files} that git ignores: taken to have been the same then")
    if new.mistakes:
        return EXIT_WRONG_INPUT
    differs = any(change.status is not ChangeStatus.SAME_SOUND for change in changes)
    return EXIT_WORK_TO_DO if options.exit_code and differs else EXIT_OK


# What is asked for


class _Asked:
    """What the targets mean in both trees: one of them is enough. Raises UsageError for a target that means nothing.

    now, then: the scenes, each as a whole. items: the exports that are asked for, by scene; all where it is None.
    """

    def __init__(self, root: Path, revision: Revision, words: Sequence[str]):
        self.root, self.revision = root, revision
        self.items: dict[str, set[str] | None] = {}
        now: dict[str, Wanted] = {}
        then: dict[str, Wanted] = {}
        for word in words or [""]:
            here, error = self._select(str(root), word)
            there = self._then(word)
            if error is not None and not there:
                raise error
            for scenes, selected in ((now, here), (then, there)):
                for scene in selected:
                    scenes[scene.id] = type(scene)(scene.id, scene.path)
                    before = self.items.setdefault(scene.id, set())
                    self.items[scene.id] = before | set(scene.items) if scene.items and before is not None else None
        self.now, self.then = list(now.values()), list(then.values())

    def _select(self, folder: str, word: str) -> tuple[list[Wanted], UsageError | None]:
        from soundgraph.core.errors import UsageError
        from soundgraph.project import targets

        try:
            return targets.select(folder, [word] if word else []), None
        except UsageError as error:
            return [], error

    def _then(self, word: str) -> list[Wanted]:
        """What a target means in the tree of the revision, where a path leads to the same place."""
        from soundgraph.project import targets

        name, item = targets.split(word)
        place = str(self.revision.folder / _relative(self.root, word))
        by_name = [] if name.endswith(".toml") else self._select(str(self.revision.folder), word)[0]
        return by_name or (
            self._select(str(self.revision.folder), f"{place}:{item}" if item else place)[0] if word else []
        )

    def has(self, name: str) -> bool:
        """Whether an export or a manifest of that name is asked for."""
        scene, colon, own = name.partition(":")
        items = self.items.get(scene, set())
        return items is None or any(not colon or _means(item, own) for item in items)

    def refuse_unknown(self, old: Side, new: Side) -> None:
        """Raises UsageError for an item that is an export, or a manifest, in neither tree."""
        from soundgraph.core.errors import UsageError, did_you_mean, quote

        names: dict[str, set[str]] = {}
        for side in (old, new):
            owners = [job.owner for job in side.session.jobs]
            owners += [manifest.owner for manifest in side.session.handovers]
            for owner in owners:
                scene, _, name = owner.partition(":")
                names.setdefault(scene, set()).add(name)
        for scene, items in self.items.items():
            if scene in old.broken or scene in new.broken:
                continue
            for item in sorted(items or ()):
                if not any(_means(item, name) for name in names.get(scene, ())):
                    hint = did_you_mean(item, names.get(scene, ()))
                    when = f"now or at {self.revision.name}"
                    raise UsageError(f"{scene} has no export called {quote(item)} {when}{hint}")


def _means(item: str, name: str) -> bool:
    """Whether an item of a target names an export; "steps" means all takes of it, and "steps#1" the first."""
    from soundgraph.project import targets
    from soundgraph.scene.reading import variations

    return bool(targets.matching(item, [name, variations.split(name)[0], name if "#" in name else f"{name}#1"]))


def _relative(root: Path, target: str) -> str:
    """The path that a target would be, from the project's root."""
    import os

    from soundgraph.project import targets

    name = targets.split(target)[0] or "."
    return os.path.relpath(os.path.realpath(name), os.path.realpath(root)).replace(os.sep, "/")


# What is printed


def _heard(
    changes: Sequence[ExportChange], compared: Comparison, new: Side
) -> Iterator[tuple[str, SoundDifference | str]]:
    """By the names of the exports that changed: how the new sound compares, or why that cannot be told."""
    from soundgraph.core.errors import NodeError
    from soundgraph.session import diff_audio
    from soundgraph.session.diffing.comparison import ChangeStatus

    for change in changes:
        if change.status is not ChangeStatus.CHANGED or change.old is None or change.new is None:
            continue
        digests = compared.digests(change)
        store = new.session.store
        sounds = [store.blobs.read(digest) if digest is not None else None for digest in digests]
        then, now = sounds
        if then is None or now is None:
            missing = [when for when, sound in (("then", then), ("now", now)) if sound is None]
            yield change.name, f"not in the cache: what it sounded like {' and '.join(missing)}"
            continue
        try:
            yield change.name, diff_audio.sound_difference((then, change.old), (now, change.new))
        except NodeError as error:
            yield change.name, f"cannot be delivered: {error}"


def _lines(
    changes: Sequence[ExportChange], equal: int, revision: Revision, heard: Mapping[str, SoundDifference | str]
) -> Iterator[str]:
    for change in changes:
        was = f"  (was {change.was})" if change.was else ""
        places = f"  {', '.join(change.paths)}" if change.paths else ""
        yield f"{change.name}  {change.status.value}{places}{was}"
        yield from (f"  {reason}" for reason in change.reasons)
        if change.why:
            yield f"  {change.why}"
        if change.name in heard:
            yield f"  {_heard_words(heard[change.name])}"
    counts = [f"{count:,} {status.value}" for status, count in _counts(changes).items() if count]
    as_they_were = f"{counted(equal, 'export')} as {'it was' if equal == 1 else 'they were'}"
    yield f"since {revision.name}: {', '.join(counts) or 'nothing changes'}, {as_they_were}"


def _heard_words(heard: SoundDifference | str) -> str:
    """ "residual -6.0 dB, loudness +6.0 LU, true peak +6.0 dB, length +0.25 s"."""
    if isinstance(heard, str):
        return heard
    parts = [
        "residual unknown (it was silent)" if heard.residual_db is None else f"residual {heard.residual_db:.1f} dB"
    ]
    for name, value, unit in (("loudness", heard.loudness_lu, "LU"), ("true peak", heard.true_peak_db, "dB")):
        parts.append(f"{name} {_signed(value, 1)} {unit}" if value is not None else f"{name} unknown")
    return ", ".join([*parts, f"length {_signed(heard.duration_s, 2)} s"])


def _signed(value: float, places: int) -> str:
    return f"{round(value, places) + 0.0:+.{places}f}"


def _counts(changes: Sequence[ExportChange]) -> dict[ChangeStatus, int]:
    from soundgraph.session.diffing.comparison import ChangeStatus

    return {status: sum(change.status is status for change in changes) for status in ChangeStatus}


def _events(
    changes: Sequence[ExportChange], equal: int, revision: Revision, heard: Mapping[str, SoundDifference | str]
) -> Iterator[str]:
    for change in changes:
        event: dict[str, Any] = {"event": "change", "name": change.name, "status": change.status.value}
        then = change.old.paths() if change.old is not None else []
        event |= {"paths": list(change.paths), "paths_then": then, "was": change.was, "why": change.why}
        event["reasons"] = [{"node": reason.node, **asdict(reason.change)} for reason in change.reasons]
        if change.name in heard:
            event["listen"] = _figures(heard[change.name])
        yield json.dumps(event, ensure_ascii=False)
    counts = {status.name.lower(): count for status, count in _counts(changes).items()}
    summary = {"event": "summary", "revision": revision.name, "commit": revision.sha, **counts, "equal": equal}
    yield json.dumps(summary, ensure_ascii=False)


def _figures(heard: SoundDifference | str) -> dict[str, Any]:
    """JSON knows no infinity: of equal samples it says `identical`."""
    if isinstance(heard, str):
        return {"why": heard}
    identical = heard.residual_db is not None and math.isinf(heard.residual_db)
    rounded = {
        name: round(value, 3) for name, value in asdict(heard).items() if value is not None and math.isfinite(value)
    }
    return {**dict.fromkeys(asdict(heard)), **rounded, "identical": identical}
