"""Keep the end of the audit chain outside the database: a file, syslog, a daily mail.

Whoever can change the database can write the whole chain anew. A line that left the
machine cannot be taken back.
"""

import logging
import logging.handlers
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings

from consular.missions.models import AuditEntry

logger = logging.getLogger(__name__)


def keep(now: datetime, sequence: int, entry_hash: str) -> None:
    """Write the end of the chain wherever the settings name a place."""
    line = f"{now.isoformat()} {sequence} {entry_hash}"
    if settings.AUDIT_ANCHORS:
        path = Path(settings.AUDIT_ANCHORS)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
    if settings.AUDIT_SYSLOG:
        _to_syslog(f"muster-audit: {line}")


def _to_syslog(line: str) -> None:
    """Write to a socket of this machine, or to `host:port` by UDP; it never blocks."""
    host, _, port = settings.AUDIT_SYSLOG.rpartition(":")
    where = (host, int(port)) if host and port.isdecimal() else settings.AUDIT_SYSLOG
    try:
        handler = logging.handlers.SysLogHandler(
            address=where, facility=logging.handlers.SysLogHandler.LOG_AUTH
        )
    except OSError as error:
        logger.error("syslog cannot be reached: %s", type(error).__name__)
        return
    try:
        record = logging.LogRecord("audit", logging.NOTSET, "", 0, line, (), None)
        record.levelno, record.levelname = logging.INFO, "INFO"
        handler.emit(record)
    finally:
        handler.close()


def kept() -> Iterator[tuple[int, str]]:
    """Yield the sequence and hash of each anchor in the file, if there is one."""
    path = Path(settings.AUDIT_ANCHORS) if settings.AUDIT_ANCHORS else None
    if path is None or not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        words = line.split(" ")
        if len(words) == 3 and words[1].isdecimal():  # else cut by a crash
            yield int(words[1]), words[2]


def end() -> tuple[int, str]:
    """Return the sequence and hash of the newest sealed entry; 0 when there is none."""
    last = AuditEntry.objects.exclude(sequence=None).order_by("-sequence").first()
    return (last.sequence or 0, last.entry_hash) if last else (0, "")
