"""The Python API: scenes built in code or read from files, planned and built, with the sounds as numpy arrays."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from soundgraph.api.scene import Scene
from soundgraph.audio.artifact import Audio, Samples
from soundgraph.backends import Device
from soundgraph.core import events
from soundgraph.core.errors import BuildError, SceneError, UsageError, one_of
from soundgraph.core.events import Listener
from soundgraph.core.stopping import Stop, StoppedError
from soundgraph.execution.loaded_models import LoadedModels
from soundgraph.planning.planner import Plan
from soundgraph.project import targets
from soundgraph.project.build_request import BuildRequest, SceneTable, UpToDateCheck
from soundgraph.scene.tables.scene import node_id
from soundgraph.session import building, opening, previewing, refusals
from soundgraph.session.building import BuildResult
from soundgraph.session.previewing import RenderedSounds, SoundWindow
from soundgraph.session.session import Session


class Result:
    """What a build came to.

    >>> import soundgraph
    >>> scene = soundgraph.Scene("blip", duration=0.2)
    >>> beep = scene.generate("short beep", model="draft/audio", name="beep")
    >>> result = soundgraph.build(scene)
    >>> result["beep"].shape
    (1, 3200)
    """

    def __init__(self, built: BuildResult):
        self._built, self._session, self._outcome = built, built.session, built.outcome

    @property
    def ran(self) -> list[str]:
        """The nodes that ran, as "scene:node"."""
        return self._with("ran")

    @property
    def hits(self) -> list[str]:
        """The nodes whose sound was in the cache, those found by early cutoff included."""
        return [*self._with("hit"), *self._with("cutoff")]

    @property
    def failures(self) -> dict[str, str]:
        """Why nodes or exports failed."""
        return self._built.failures

    @property
    def loads(self) -> int:
        """How often a model was loaded."""
        return self._outcome.loads

    @property
    def files(self) -> list[Path]:
        """The files that were delivered, or were there already: in the order of the scenes, manifests last."""
        deliveries, handed = self._outcome.deliveries, self._outcome.handed
        paths = [delivery.path for job in self._session.jobs for delivery in deliveries.get(job.owner, ())]
        paths += [file.entry.path for manifest in self._session.handovers for file in handed.get(manifest.owner, ())]
        return [self._session.root / path for path in paths]

    @property
    def nodes(self) -> list[str]:
        """The nodes whose sound there is, as "scene:node"."""
        return [name for name in self._outcome.plan.decisions if name in self._outcome.records]

    def audio(self, node: str) -> Audio:
        """The sound of a node: "scene:node", or "node" where there is one scene. Read from the cache, and checked.

        Raises UsageError for a node that the build did not come to.
        """
        name = node if node in self._outcome.records else f"{self._session.scenes[0].id}:{node}"
        record = self._outcome.records.get(name)
        if record is None or (":" not in node and len(self._session.scenes) > 1):
            known = ", ".join(self._outcome.records)
            raise UsageError(f'the build has no sound of a node "{node}"', f"it has: {known}")
        sound = self._session.store.blobs.read(record.digest)
        if sound is None:
            raise UsageError(f'the sound of "{node}" is gone from the cache', "build again")
        return sound

    def __getitem__(self, node: str) -> Samples:
        """The samples of a node: float32, shaped (channels, n)."""
        return self.audio(node).samples

    def _with(self, status: str) -> list[str]:
        statuses = self._outcome.statuses
        return [name for name in self._outcome.plan.decisions if statuses.get(name) == status]


_previewed = RenderedSounds()

Buildable = Scene | str | Path
"""A scene, or a target as on the command line: a file, a folder, "forest/rain", "rainy_forest:rain"."""


def plan(
    *what: Buildable,
    draft: bool = False,
    policy: str | None = None,
    overrides: Sequence[str] = (),
    root: str | Path | None = None,
) -> Plan:
    """What a build would do, and nothing done. Without arguments, all scenes under graphs/ are meant.

    Raises SceneError with every mistake.
    """
    session = _session(_request(what, root=root, draft=draft, policy=policy, overrides=overrides))
    try:
        return session.plan()
    finally:
        session.store.close()


def build(
    *what: Buildable,
    draft: bool = False,
    release: bool = False,
    policy: str | None = None,
    overrides: Sequence[str] = (),
    jobs: int = 1,
    keep_going: bool = False,
    force: bool = False,
    device: Device = "auto",
    memory_budget: int | None = None,
    overwrite: bool = False,
    root: str | Path | None = None,
    listener: Listener = events.ignore,
    stop: Stop | None = None,
) -> Result:
    """Runs what changed and delivers the files, as `soundgraph build` does; all scenes under graphs/ without arguments.

    policy: as after --policy: "commercial". overrides: as after -D: "nodes.rain.seed=3". jobs: how many nodes are
    processed at once. device: where models are loaded. memory_budget: how many bytes they may take. overwrite: whether
    files in the output folder that no build delivered are written over. root: of the project; by default that of the
    first scene with a file, else of the current folder. stop: ends the build once another thread calls its `request`.

    A scene without exports gives the sounds of the nodes that nothing in it uses.
    Raises SceneError with every mistake, and BuildError if a node failed, unless `keep_going`: then `failures` tells.
    A build that is stopped keeps what is finished, and raises StoppedError, or KeyboardInterrupt after Ctrl-C.
    """
    if not isinstance(jobs, int) or jobs < 1:
        raise UsageError(f"jobs must be a whole number from 1, not {jobs!r}")
    if memory_budget is not None and (not isinstance(memory_budget, int) or memory_budget < 1):
        raise UsageError(f"memory_budget must be a whole number of bytes, not {memory_budget!r}")
    request = _request(
        what,
        root=root,
        draft=draft,
        release=release,
        policy=policy,
        overrides=overrides,
        jobs=jobs,
        keep_going=keep_going,
        force=force,
        device=checked_device(device),
        memory_budget=memory_budget,
        overwrite=overwrite,
    )
    return result_of(request, listener, stop)


def preview(
    scene: Buildable,
    node: str,
    *,
    start_s: float = 0.0,
    seconds: float | None = None,
    draft: bool = False,
    policy: str | None = None,
    overrides: Sequence[str] = (),
    root: str | Path | None = None,
    stop: Stop | None = None,
) -> Audio:
    """The sound of a node as a build would make it, without a build: nothing is kept in the cache, nor delivered.

    What is in the cache is read, the rest is made in memory; so are drafts. Other takes have to be generated before, by
    `build`. What one preview has made the next one in this process need not make again, up to 256 MiB.

    scene: one. node: "node" or "scene:node". start_s, seconds: the part that is wanted, to the sample; all of the sound
    if they are not given. draft, policy, overrides, root, stop: as in `build`.

    >>> import soundgraph
    >>> scene = soundgraph.Scene("blip", duration=0.2)
    >>> beep = scene.generate("short beep", model="draft/audio", name="beep")
    >>> soundgraph.preview(scene, "beep", start_s=0.1, seconds=0.05).samples.shape
    (1, 800)

    Raises SceneError with every mistake, UsageError for a node that there is not, or that needs takes to be generated,
    NodeError for one that fails, StoppedError.
    """
    window = SoundWindow(start_s, seconds)
    session = _session(_request([scene], root=root, draft=draft, policy=policy, overrides=overrides))
    try:
        if len(session.scenes) != 1:
            raise UsageError(f'a preview is of one scene, and "{scene}" stands for {len(session.scenes)}')
        name = node if ":" in node else node_id(session.scenes[0].id, node)
        return previewing.preview(session, name, window, stop, rendered=_previewed)
    finally:
        session.store.close()


def _session(request: BuildRequest) -> Session:
    """Raises SceneError with every mistake."""
    check = UpToDateCheck(request, looks_at_all=True)
    session = opening.open_session(
        Path(check.root),
        check.wanted,
        tables=request.tables,
        overrides=request.overrides,
        draft=request.draft,
        require=request.policy,
    )
    if mistakes := refusals.of_policy(session):
        raise SceneError(mistakes)
    return session


def result_of(
    request: BuildRequest,
    listener: Listener = events.ignore,
    stop: Stop | None = None,
    models: LoadedModels | None = None,
) -> Result:
    """`build`, of a request. models: they stay loaded afterwards."""
    built = building.build(request, listener, stop, models=models)
    if built.outcome.interrupted:
        raise StoppedError if stop is not None and stop.is_requested() else KeyboardInterrupt
    if built.outcome.failures and not request.keep_going:
        raise BuildError(built.failures)
    return Result(built)


def checked_device(device: Device) -> Device:
    """The device, as it is. Raises UsageError for what is none."""
    if device not in get_args(Device):
        raise UsageError(f"there is no device {device!r}", f"there is {one_of(get_args(Device))}")
    return device


def _request(
    what: Sequence[Buildable], *, root: str | Path | None, overrides: Sequence[str], **options: Any
) -> BuildRequest:
    """options: further fields of a request."""
    if isinstance(overrides, str) or not all(isinstance(words, str) for words in overrides):
        raise UsageError("overrides must be a list of texts", 'as in overrides=["nodes.rain.seed=3"]')
    for item in what:
        if not isinstance(item, Scene | str | Path):
            raise UsageError(f"a {type(item).__name__} is no scene", "give a soundgraph.Scene, a path or a target")
    places = [str(item.path if isinstance(item, Scene) else item) for item in what]
    folder = Path(root).absolute() if root is not None else Path(targets.project_root(places))
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}")
    return BuildRequest(
        [str(item) for item in what if not isinstance(item, Scene)],
        root=str(folder),
        tables=[SceneTable(item.id, item.to_dict(), item.path) for item in what if isinstance(item, Scene)],
        overrides=overrides,
        **options,
    )
