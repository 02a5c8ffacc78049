"""What goes wrong at the simulated provider, repeatably.

A fault depends on the seed, its name, the address and how often that address was
asked, and not on the order in which requests happen to arrive: the same seed gives the
same faults to the same messages however many threads send them.
"""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

# The most likely first: each names what a sender sees, and whether it was accepted.
ANSWERS = (
    "busy",  # 429 with Retry-After: not processed
    "unavailable",  # 503: not processed
    "error_500",  # 500, not accepted
    "accepted_500",  # accepted, then 500
    "reset",  # connection dropped, not accepted
    "accepted_reset",  # accepted, then the connection is dropped
    "hang",  # no answer for `hang_s`, not accepted
    "accepted_hang",  # accepted, then no answer for `hang_s`
)
ACCEPTED = {"", "accepted_500", "accepted_reset", "accepted_hang"}


class FaultsError(ValueError):
    """Say which fault is not known, or not a share between 0 and 1."""


@dataclass(frozen=True, kw_only=True)
class Faults:
    """Shares (0 to 1) of requests or receipts that go wrong, and some durations.

    `undelivered` maps Twilio's error codes to shares, such as `{"30003": 0.02}`.
    """

    busy: float = 0
    unavailable: float = 0
    error_500: float = 0
    accepted_500: float = 0
    reset: float = 0
    accepted_reset: float = 0
    hang: float = 0
    accepted_hang: float = 0
    receipt_dropped: float = 0
    receipt_late: float = 0
    receipt_double: float = 0
    receipt_shuffled: float = 0
    undelivered: Mapping[str, float] = field(default_factory=dict)
    receipts_off: bool = False  # no receipt of anything
    latency_ms: float = 0  # median of a log-normal spread
    latency_spread: float = 0.3  # 0 is always the same
    retry_after_s: float = 1
    hang_s: float = 30
    late_s: float = 20
    list_lag_s: float = 0  # how long until a new message is listed
    max_in_flight: int = 0  # 429 beyond it; 0 for no limit
    down: bool = False  # every request is answered 503
    only_twilio: bool = False  # a second SMS provider has none of these faults

    @classmethod
    def parse(cls, text: str) -> "Faults":
        """Read faults from JSON; an empty text means none.

        Raises
        ------
        FaultsError
            When a name is not known or a share is not between 0 and 1.
        """
        try:
            given: dict[str, Any] = json.loads(text) if text.strip() else {}
        except ValueError as error:
            raise FaultsError(f"the faults are not JSON: {error}") from None
        known = {each.name for each in fields(cls)}
        if unknown := set(given) - known:
            raise FaultsError(f"no such fault: {', '.join(sorted(unknown))}")
        found = cls(**given)
        shares = [getattr(found, name) for name in ANSWERS]
        shares += [getattr(found, name) for name in known if name.startswith("receipt")]
        shares += found.undelivered.values()
        if not all(0 <= share <= 1 for share in shares):
            raise FaultsError("a share lies between 0 and 1")
        return found


def share(*words: object) -> float:
    """Return a number from 0 to 1 that depends on the words alone.

    Examples
    --------
    >>> share(1, "busy", "+12025550101") == share(1, "busy", "+12025550101")
    True
    >>> share(1, "a") == share(2, "a")
    False
    """
    text = "\x1f".join(str(word) for word in words)
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


class Dice:
    """Decide what happens to each request and receipt, by a seed."""

    def __init__(self, faults: Faults, seed: int) -> None:
        self.faults = faults
        self.seed = seed
        self._asked: Counter[str] = Counter()

    def answer(self, address: str) -> str:
        """Choose a request's fault, or an empty text for none."""
        self._asked[address] += 1
        point = share(self.seed, "answer", address, self._asked[address])
        for name in ANSWERS:
            point -= getattr(self.faults, name)
            if point < 0:
                return name
        return ""

    def undelivered(self, address: str) -> str:
        """Choose the code with which an address stays undelivered, or nothing."""
        point = share(self.seed, "undelivered", address)
        for code, part in sorted(self.faults.undelivered.items()):
            point -= part
            if point < 0:
                return code
        return ""

    def happens(self, name: str, *words: object) -> bool:
        """Tell whether a receipt's fault happens to one receipt."""
        part: float = getattr(self.faults, name)
        return share(self.seed, name, *words) < part

    def latency_s(self, address: str) -> float:
        """Return how long this request takes: log-normal around the median."""
        if not self.faults.latency_ms:
            return 0.0
        point = share(self.seed, "latency", address, self._asked[address])
        # Logistic quantile: close to the normal one, and short.
        spread = math.log((point + 1e-9) / (1 - point + 1e-9))
        more = math.exp(self.faults.latency_spread * spread)
        return self.faults.latency_ms / 1000 * more
