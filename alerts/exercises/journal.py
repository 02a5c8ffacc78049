"""The simulated provider's own journal: the truth of every loss and duplicate.

One JSON object a line, written with one unbuffered `write` each, so that a kill loses
at most the line that was being written. Nothing of Muster's own database is in it.
"""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

WAITS = {"busy", "unavailable", "10011", "10016"}  # answers with a Retry-After


class Writer:
    """Append lines to a journal; only its owner can read the file."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._file = os.open(path, flags, 0o600)

    def add(self, kind: str, now: datetime, **facts: object) -> None:
        """Write one line."""
        line = {"kind": kind, "at": now.isoformat(), **facts}
        os.write(self._file, json.dumps(line, ensure_ascii=False).encode() + b"\n")

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """Read a journal's lines; a last one that was cut off by a kill is left out."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield json.loads(line)


@dataclass(frozen=True)
class Journal:
    """What a journal says.

    An accepted line has `channel` (sms, email, social), `to`, `body`, `sid`,
    `reference` (our own id, from the callback address or the Message-ID), `answer`
    (what the sender saw) and `at`.
    """

    rows: list[dict[str, Any]]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Keep the lines of one kind, in order."""
        return [row for row in self.rows if row["kind"] == kind]

    def accepted(self, channel: str = "") -> list[dict[str, Any]]:
        """Return all that a provider took on, whatever it answered."""
        return [
            row for row in self.of("accepted") if channel in ("", str(row["channel"]))
        ]

    def copies(self, channel: str = "") -> Counter[str]:
        """Count how often each message was accepted, by its channel, address and text.

        A message's text has a link of its own, so two messages are never alike.
        """
        return Counter(_identity(row) for row in self.accepted(channel))

    def duplicates(self, channel: str = "") -> int:
        """Count the copies beyond the first of each message."""
        return sum(count - 1 for count in self.copies(channel).values())

    def references(self, channel: str = "") -> Counter[str]:
        """Count how often each of our own ids was accepted."""
        found = (str(row["reference"]) for row in self.accepted(channel))
        return Counter(reference for reference in found if reference)

    def lost(self, references: Iterable[str], channel: str = "") -> set[str]:
        """Return those of our own ids that never arrived."""
        return set(references) - set(self.references(channel))

    def faults(self) -> Counter[str]:
        """Count the answers that were not what a sender hopes for."""
        rows = [*self.of("accepted"), *self.of("refused")]
        return Counter(str(row["answer"]) for row in rows if row["answer"])

    def told_to_wait(self) -> list[dict[str, Any]]:
        """Return the requests that were refused for now, with a Retry-After."""
        return [row for row in self.of("refused") if row["answer"] in WAITS]

    def too_soon(self, wait_s: float) -> int:
        """Count the requests for an address that came before its Retry-After was over.

        Parameters
        ----------
        wait_s : float
            What every refusal asked for.
        """
        until: dict[str, datetime] = {}
        count = 0
        for row in self.rows:
            if row["kind"] in ("accepted", "refused") and row["to"]:
                at = datetime.fromisoformat(row["at"])
                count += at < until.get(row["to"], at)
                if row["answer"] in WAITS:
                    until[row["to"]] = at + timedelta(seconds=wait_s)
        return count

    def answers(self) -> list[dict[str, Any]]:
        """Return what simulated people answered, and by which way."""
        return self.of("answer")


def _identity(row: dict[str, Any]) -> str:
    text = f"{row['channel']} {row['to']} {row['body']}"
    return hashlib.sha256(text.encode()).hexdigest()


def read(path: Path) -> Journal:
    """Read a whole journal."""
    return Journal(list(lines(path)))
