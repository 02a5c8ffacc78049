"""Work out once a second what all boards of an incident ask for.

Hundreds of boards poll at once, and nearly all of them ask the same. The first works it
out; who comes meanwhile waits for it, and who comes within
`settings.BOARD_SHARED_S` reads it from memory. Nothing that depends on the reader is
kept here: who they are and what they may see is asked of the database each time.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.conf import settings

Made = TypeVar("Made")
MOST = 500


@dataclass
class _Kept(Generic[Made]):
    made: Made
    at_s: float


class Shared(Generic[Made]):
    """What was worked out lately, by key; one thread at a time works out one key."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, _Kept[Made]] = OrderedDict()
        self._locks: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(
        self,
        key: Hashable,
        make: Callable[[], Made],
        is_good: Callable[[Made], bool] = lambda _: True,
    ) -> Made:
        """Return what is kept under a key and is good for this reader, or make it."""
        kept = self._fresh(key)
        if kept is not None and is_good(kept.made):
            return kept.made
        with self._lock:
            mine = self._locks.setdefault(key, threading.Lock())
        with mine:
            kept = self._fresh(key)
            if kept is not None and is_good(kept.made):
                return kept.made
            began_s = time.monotonic()  # what is made is as old as its first look
            made = make()
            self._keep(key, _Kept(made, began_s))
            return made

    def forget(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._kept.clear()

    def _fresh(self, key: Hashable) -> _Kept[Made] | None:
        kept = self._kept.get(key)
        longest_s = settings.BOARD_SHARED_S
        if kept is None or time.monotonic() - kept.at_s >= longest_s:
            return None
        return kept

    def _keep(self, key: Hashable, kept: _Kept[Made]) -> None:
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = kept
            while len(self._kept) > MOST:
                oldest, _ = self._kept.popitem(last=False)
                self._locks.pop(oldest, None)
