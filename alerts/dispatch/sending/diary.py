"""Note at once what a provider has taken, so that a killed sender's results are known.

Results are written to the ledger a tenth of a second later, many at a time; what is in
between when a sender is killed would be unclear, and nobody can ask a mail server. A
line in a file survives the process. Whoever works on the same machine reads the file
once its writer is gone: the system then lets go of the lock.
"""

import fcntl
import logging
import os
import re
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings

from alerts.dispatch.models import Message, State
from alerts.dispatch.sending.jobs import Job

logger = logging.getLogger(__name__)

MOST_BYTES = 64_000_000  # of a file that is read; emptied whenever nothing is in flight
AT_ONCE = 500
Line = tuple[uuid.UUID, int, str, str]  # message, attempt, account, provider's id
_UID = re.compile(r"[0-9a-f-]{32,36}")
# Where a message stands whose attempt was begun and whose result was not written; it
# may have been given back to the queue already.
OPEN = [State.CLAIMED, State.UNCLEAR, State.QUEUED]


def folder() -> Path:
    """Return where the diaries of this machine lie."""
    return Path(settings.DATA_DIR) / "sending"


class Diary:
    """What one sender had taken; without a disk to write on it sends all the same."""

    def __init__(self, owner: str) -> None:
        self.path = folder() / f"{owner}.diary"
        self._file = -1
        self._is_empty = True
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = _held(self.path)
        except OSError as error:
            logger.warning("no diary is kept: %s", type(error).__name__)

    def note(self, job: Job, provider_id: str) -> None:
        """Write that a message was taken; called by sender threads."""
        words = [job.outgoing.uid, str(job.outgoing.attempt), job.account, provider_id]
        if self._file < 0 or any(" " in word or not word for word in words):
            return
        self._is_empty = False
        try:
            os.write(self._file, (" ".join(words) + "\n").encode())
        except OSError as error:
            logger.warning("the diary was not written: %s", type(error).__name__)

    def empty(self) -> None:
        """Begin anew, when all that was taken is in the ledger."""
        if self._file < 0 or self._is_empty:
            return
        try:
            os.ftruncate(self._file, 0)
            self._is_empty = True
        except OSError as error:
            logger.warning("the diary was not written: %s", type(error).__name__)

    def close(self) -> None:
        """Leave nothing behind."""
        if self._file >= 0:
            self.path.unlink(missing_ok=True)
            os.close(self._file)
            self._file = -1


def _held(path: Path) -> int:
    """Open a diary to write in, and hold it.

    Whoever reads what the dead have left may take it away before it is held.
    """
    while True:
        file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file).st_nlink:
            return file
        os.close(file)


def settle(now: datetime) -> int:
    """Write to the ledger what killed senders of this machine had taken; count it."""
    settled = 0
    for path in sorted(folder().glob("*.diary")):
        try:
            file = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            continue  # another process was quicker
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            lines = list(_lines(file))
            for start in range(0, len(lines), AT_ONCE):
                settled += _settle(lines[start : start + AT_ONCE], now)
            path.unlink(missing_ok=True)
        except BlockingIOError:
            continue  # its writer lives, or another process reads it
        finally:
            os.close(file)
    return settled


def _lines(file: int) -> Iterator[Line]:
    """Yield what was noted last; a line that was cut off or damaged says nothing."""
    os.lseek(file, max(os.fstat(file).st_size - MOST_BYTES, 0), os.SEEK_SET)
    said = os.read(file, MOST_BYTES).decode(errors="replace")
    for line in said.split("\n")[:-1]:
        words = line.split(" ")
        if len(words) == 4 and words[1].isdecimal() and _UID.fullmatch(words[0]):
            yield uuid.UUID(words[0]), int(words[1]), words[2], words[3]


def _settle(lines: list[Line], now: datetime) -> int:
    """Write what some lines say of messages whose results were not written."""
    rows = Message.objects.filter(uid__in=[line[0] for line in lines], state__in=OPEN)
    unwritten = set(rows.values_list("uid", "attempt"))
    return sum(_taken(*line, now) for line in lines if line[:2] in unwritten)


def _taken(
    uid: uuid.UUID, attempt: int, account: str, provider_id: str, at: datetime
) -> int:
    row = Message.objects.filter(uid=uid, attempt=attempt, state__in=OPEN)
    return row.update(
        state=State.ACCEPTED,
        account=account,
        provider_id=provider_id[:200],
        provider_code="",
        accepted_at=at,
        lease_until=None,
        lease_owner="",
    )
