"""How the parts of a cache write: in the cache's folder, within the gate, and again where it was removed under them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from soundgraph.cache.disk.cache_folder import Places
from soundgraph.cache.disk.errors import disk_errors
from soundgraph.cache.disk.leases import Leases
from soundgraph.core.errors import StoreError

# How often what was removed under a build is made again before it is given up.
_TRIES = 20


class Writing:
    """Safe to use from several threads."""

    def __init__(self, places: Places, leases: Leases):
        self._places, self._leases = places, leases
        self._own = threading.local()

    def gate(self) -> contextlib.AbstractContextManager[None]:
        """Within it, no collection deletes."""
        return self._leases.gate()

    def adopt(self) -> None:
        """Makes the folder a cache. Raises StoreError for one that holds something else, OSError."""
        self._places.adopt()
        self._leases.renew()  # it may have been removed, and made again, while builds go on

    def publish(self, put: Callable[[], None]) -> None:
        """Calls `put` within the gate, as `through_removal` does. Within such a call, that one does it again."""
        if getattr(self._own, "publishes", False):
            put()
            return

        def within_gate() -> None:
            self._leases.open()
            with self.gate():
                put()

        self._own.publishes = True
        try:
            self.through_removal(within_gate)
        finally:
            self._own.publishes = False

    def through_removal(self, act: Callable[[], None]) -> None:
        """Calls `act`. Where the folder is removed meanwhile, all or parts of it, it is made, and `act` called, again.

        Raises StoreError.
        """
        for left in reversed(range(_TRIES)):
            was_there = False
            try:
                with disk_errors(self._places.folder):
                    self.adopt()
                    was_there = True
                    act()
                return
            except StoreError as error:
                lost = isinstance(error.__cause__, FileNotFoundError | NotADirectoryError)
                if not left or not (lost or (was_there and not self._places.is_there)):
                    raise
