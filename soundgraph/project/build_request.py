"""What a build is asked for, and how much of that is known to be current: the first look of any front end.

Standard library only, and little of it: a build with nothing to do goes through here.
"""

from __future__ import annotations

from soundgraph.project import build_state, targets, up_to_date

TYPE_CHECKING = False  # what typing.TYPE_CHECKING is, without importing it
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from soundgraph.backends import Device
    from soundgraph.project.targets import Wanted


class Options:
    """What a build is asked to do: what argparse gives for its command line, or the values here."""

    jobs = None
    policy = None
    device: Device = "auto"
    memory_budget = None
    force = False
    keep_nothing = False
    trace = None
    depfile: str | None = None
    since = None
    define: Sequence[str] = ()
    overwrite = False

    def __init__(self, words: Sequence[str], names: Sequence[str] = ()):
        """names: targets, whatever they begin with."""
        self.targets = [*(word for word in words if word[:1] != "-"), *names]
        self.draft, self.release = "--draft" in words, "--release" in words
        self.keep_going, self.json = "--keep-going" in words or "-k" in words, "--json" in words


class BuildRequest:
    """What a call asks for, and how much of that is known to be current.

    root: of the project, absolute. wanted: the scenes. config, stamps: the state that the last such build left.
    clean: the scenes that are as they were left. is_current: whether there is nothing to do.
    Raises UsageError for targets that name nothing.
    """

    __slots__ = ("clean", "config", "is_current", "root", "stamps", "wanted")

    def __init__(self, options: Options | argparse.Namespace):
        refuse_draft_release(options.draft, options.release)
        self.root = targets.project_root(options.targets)
        self.wanted = targets.select(self.root, options.targets)
        self.config = up_to_date.config_of(
            draft=options.draft,
            release=options.release,
            overrides=options.define,
            targets=options.targets,
            policy=options.policy,
        )
        self.stamps = stamps = build_state.load(self.root, self.config)
        self.clean = up_to_date.clean_scenes(stamps, self.wanted) if stamps is not None and not options.force else {}
        if stamps is not None and stamps.has_lost_ledger():
            self.clean = {}  # what was delivered is learned again from all that is asked for
        self.is_current = stamps is not None and up_to_date.is_complete(
            stamps, self.clean, self.wanted, options.targets
        )
        if options.define and not self.is_current:
            self.clean = {}  # an override has to match in some scene, so all are read

    def dirty(self) -> list[Wanted]:
        """The scenes to look at."""
        return [scene for scene in self.wanted if scene.id not in self.clean]


def refuse_draft_release(draft: bool, release: bool) -> None:
    if draft and release:
        from soundgraph.core.errors import UsageError

        raise UsageError("--draft and --release exclude each other: a release must not deliver drafts")
