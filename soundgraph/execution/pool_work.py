"""What is done with sounds beside the loop, in other threads: nodes are rendered, sounds checked, files delivered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from soundgraph.audio import artifact
from soundgraph.audio.artifact import Audio
from soundgraph.backends import Request
from soundgraph.cache.result_record import Record
from soundgraph.core import stopping
from soundgraph.core.errors import NodeError
from soundgraph.delivery import export_files, run_checks
from soundgraph.delivery.export_files import Delivery, Job
from soundgraph.execution.outcome import Site
from soundgraph.execution.result_buffer import Results
from soundgraph.planning import action
from soundgraph.scene.tables.scene import Node


class PoolWork:
    """Each method raises LostError for a sound that is gone, StoreError, and what its work raises."""

    def __init__(self, site: Site, results: Results):
        self._site, self._results = site, results

    def render(self, name: str, node: Node, inputs: Sequence[str], files: Mapping[str, str]) -> Audio:
        """A node's sound. inputs: digests. files: the digests of the files that it reads, as its key has them."""
        assert node.kind.render is not None
        sounds = [self._results.need(digest) for digest in inputs]
        with self._site.trace.span("node", name, kind=node.kind_name), stopping.heeding(self._site.stop):
            result = node.kind.render(node.params, sounds)
            result = artifact.make(result.samples, result.sample_rate)
            _ = result.digest  # hashing releases the interpreter's lock: better here than in the loop
        if action.files_of(node) != files:
            raise NodeError("the file changed while it was read; build again")
        return result

    def request(self, node: Node, inputs: Mapping[str, str]) -> Request:
        """What is asked of a node's model. inputs: digests by role."""
        assert node.model is not None
        sounds = {role: self._results.need(digest) for role, digest in inputs.items()}
        return Request.of(node.params, node.model, sounds)

    def check(self, name: str, record: Record) -> run_checks.Note | None:
        """What is to be kept of the checks of a node's sound, all of which passed. Raises CheckError."""
        site, read = self._site, partial(self._results.need, record.digest)
        with site.trace.span("check", name):
            return run_checks.run(site.checks[name], record.digest, read, site.store.notes, site.locate)

    def deliver(self, job: Job, record: Record, ancestry: Mapping[str, Any]) -> list[Delivery]:
        """The files of an export. ancestry: what its sound is made from."""
        site, read = self._site, partial(self._results.need, record.digest)
        with site.trace.span("export", job.owner), stopping.heeding(site.stop):
            return export_files.deliver(
                job, record, ancestry, read, site.store.notes, site.known, site.root, site.ask, site.locate
            )
