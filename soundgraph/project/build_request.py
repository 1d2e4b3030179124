"""What a build is asked for, and how much of that is known to be current: the first look of any front end.

Standard library only, and little of it: a build with nothing to do goes through here.
"""

from __future__ import annotations

from soundgraph.project import build_state, targets, up_to_date

TYPE_CHECKING = False  # what typing.TYPE_CHECKING is, without importing it
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from soundgraph.backends import Device
    from soundgraph.project.build_state import Stamps
    from soundgraph.project.targets import Wanted


class SceneTable:
    """A scene that is asked for by its tables, whatever stands in its file."""

    __slots__ = ("id", "path", "table")

    def __init__(self, id: str, table: Mapping[str, Any], path: Path | None = None):  # noqa: A002
        """path: of its file, absolute; None for a scene that has none."""
        self.id, self.table, self.path = id, table, path


class BuildRequest:
    """What a build is asked for."""

    __slots__ = (
        "depfile",
        "device",
        "draft",
        "force",
        "jobs",
        "keep_going",
        "keep_nothing",
        "memory_budget",
        "overrides",
        "overwrite",
        "policy",
        "release",
        "root",
        "since",
        "tables",
        "targets",
    )

    root: str | None
    """Of the project, absolute; None for that of the first target that is a path, or of the current folder."""
    targets: Sequence[str]
    """As on the command line; none for all scenes under graphs/, unless there are `tables`."""
    tables: Sequence[SceneTable]
    """Scenes beside those."""
    overrides: Sequence[str]
    """As after -D."""
    draft: bool
    release: bool
    """Whether an export with a draft upstream is refused."""
    policy: str | None
    """Beside that of soundgraph.toml."""
    since: str | None
    """A git revision: what is as it was there is left out."""
    force: bool
    keep_going: bool
    keep_nothing: bool
    """Whether the cache is only read."""
    overwrite: bool
    """Whether files are written over that soundgraph did not deliver."""
    jobs: int | None
    """How many nodes are processed at once; None for what soundgraph.toml says, or the number of processors."""
    device: Device
    memory_budget: int | None
    """Bytes that loaded models may take; None for what soundgraph.toml says."""
    depfile: str | None
    """Where to write what the delivered files were made from."""

    def __init__(
        self,
        targets: Sequence[str] = (),
        *,
        root: str | None = None,
        tables: Sequence[SceneTable] = (),
        overrides: Sequence[str] = (),
        draft: bool = False,
        release: bool = False,
        policy: str | None = None,
        since: str | None = None,
        force: bool = False,
        keep_going: bool = False,
        keep_nothing: bool = False,
        overwrite: bool = False,
        jobs: int | None = None,
        device: Device = "auto",
        memory_budget: int | None = None,
        depfile: str | None = None,
    ):
        self.root, self.targets, self.tables, self.overrides = root, targets, tables, overrides
        self.draft, self.release, self.policy, self.since = draft, release, policy, since
        self.force, self.keep_going, self.keep_nothing, self.overwrite = force, keep_going, keep_nothing, overwrite
        self.jobs, self.device, self.memory_budget, self.depfile = jobs, device, memory_budget, depfile


class UpToDateCheck:
    """How much of what is asked for is known to be current, by what the last such build left.

    Raises UsageError for targets that name nothing.
    """

    __slots__ = ("clean", "config", "is_current", "root", "stamps", "wanted")

    root: str
    """Of the project, absolute."""
    wanted: list[Wanted]
    """The scenes that the targets name."""
    config: str
    """The name of the state that such a build leaves."""
    stamps: Stamps | None
    """That state, if there is one."""
    clean: dict[str, build_state.SceneStamp]
    """The scenes that are as they were left."""
    is_current: bool
    """Whether there is nothing to do."""

    def __init__(self, request: BuildRequest, *, looks_at_all: bool = False):
        """looks_at_all: whether no scene is taken for clean, since what is in each of them is wanted."""
        self.root = request.root or targets.project_root(request.targets)
        by_table_only = bool(request.tables) and not request.targets
        self.wanted = [] if by_table_only else targets.select(self.root, request.targets)
        self.config = up_to_date.config_of(
            draft=request.draft,
            release=request.release,
            overrides=request.overrides,
            targets=request.targets,
            policy=request.policy,
        )
        self.stamps = stamps = build_state.load(self.root, self.config)
        self.clean = {}
        self.is_current = False
        if stamps is None or request.force or looks_at_all:
            return
        # Where it was lost what was delivered, that is learned again from all that is asked for.
        if not stamps.has_lost_ledger():
            self.clean = up_to_date.clean_scenes(stamps, self.wanted)
        self.is_current = up_to_date.is_complete(stamps, self.clean, self.wanted, request.targets)
        if request.overrides and not self.is_current:
            self.clean = {}  # an override has to match in some scene, so all are read

    def dirty(self) -> list[Wanted]:
        """The scenes to look at."""
        return [scene for scene in self.wanted if scene.id not in self.clean]

    def save(self, stamps: Stamps) -> None:
        """Keeps the state for the next such build. Where that cannot be written, it looks at everything again."""
        try:
            build_state.save(stamps, self.config)
            build_state.prune(stamps.root)
        except OSError:
            return
