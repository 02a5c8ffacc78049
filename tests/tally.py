"""Count what a provider took while it works, from the growth of its journal."""

import time
from pathlib import Path

ACCEPTED = b'"kind": "accepted"'


class Tally:
    """Counts what a provider took, from what its journal has grown by.

    Parameters
    ----------
    mark : str
        Counts only the lines that hold it, such as the first digits of numbers.
    """

    def __init__(self, path: Path, mark: str = "") -> None:
        self.path = path
        self.mark = mark.encode()
        self.read = path.stat().st_size if path.exists() and mark else 0
        self.count = 0
        self.rest = b""

    def now(self) -> int:
        """Return how many messages the provider has accepted."""
        with self.path.open("rb") as file:
            file.seek(self.read)
            grown = self.rest + file.read()
            self.read = file.tell()
        whole, _, self.rest = grown.rpartition(b"\n")
        if self.mark:
            lines = whole.split(b"\n")
            self.count += sum(ACCEPTED in x and self.mark in x for x in lines)
        else:
            self.count += whole.count(ACCEPTED)
        return self.count

    def wait(self, count: int, most_s: float = 600.0) -> float:
        """Wait until so many were accepted; return the moment.

        Raises
        ------
        TimeoutError
            When they do not come.
        """
        by_s = time.perf_counter() + most_s
        while time.perf_counter() < by_s:
            if self.now() >= count:
                return time.perf_counter()
            time.sleep(0.02)
        raise TimeoutError(f"{self.count} of {count} accepted in {most_s:.0f} s")
