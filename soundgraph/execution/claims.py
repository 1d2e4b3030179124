"""The actions that this build runs, and that no other build in the same cache runs meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterable

from soundgraph.cache.store import Coordination

ASK_AGAIN_S = 0.05
"""How long it takes at least until it is asked again whether another build is done."""

# Of its time, a build spends no more than about one part in so many with asking.
_ASK_SHARE = 10


class BuildClaims:
    def __init__(self, coordination: Coordination):
        self._coordination = coordination
        self._keys: set[str] = set()
        self._ask_at = 0.0

    def claim(self, key: str) -> bool:
        """Whether the action is this build's; False while another build has it."""
        # Windows refuses a lock to its own holder, too.
        if key not in self._keys and not self._coordination.claim(key):
            return False
        self._keys.add(key)
        return True

    def let_go(self, keys: Iterable[str]) -> None:
        """Of those that are this build's. Not before what came of them is published, or given up."""
        done = self._keys.intersection(keys)
        self._keys -= done
        self._coordination.release(done)

    def let_all_go(self) -> None:
        self.let_go(set(self._keys))

    def is_time_to_ask(self) -> bool:
        return time.perf_counter() > self._ask_at

    def asked(self, began: float) -> None:
        """All that others have was asked for, since `began` by `time.perf_counter`.

        They may hold a thousand claims, and the system walks through all of them for each.
        """
        now = time.perf_counter()
        self._ask_at = now + max(ASK_AGAIN_S, _ASK_SHARE * (now - began))
