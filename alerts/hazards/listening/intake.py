"""Take a document in: store it first, read it in the child, write what it says.

The document is committed before anything looks at it. Reading it again writes nothing
twice: a report's natural key is unique within its source.
"""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DataError, transaction

from alerts.hazards import geocodes
from alerts.hazards.events import placing, reports, versions
from alerts.hazards.events.versions import Fresh
from alerts.hazards.feeds.base import FeedItem, Reading
from alerts.hazards.listening import addresses, maps, reading
from alerts.hazards.models import Document, Hazard, Report, Source
from consular import copying

FLAGS_MOST = 20
OLD_AT_ONCE = 500  # the rest has its turn at the next poll


def store(
    source: Source, body: bytes, content_type: str, now: datetime, url: str = ""
) -> Document:
    """Store a document as it came; the same bytes again are the same document."""
    digest = hashlib.sha256(body).hexdigest()
    known = Document.objects.filter(source=source, sha256=digest)
    if document := known.defer("body").first():  # its megabytes are not asked for
        return document
    document, _ = Document.objects.get_or_create(
        source=source,
        sha256=digest,
        defaults={
            "url": url,
            "body": body,
            "content_type": content_type[:80],
            "fetched_at": now,
        },
    )
    return document


def take(
    source: Source, body: bytes, content_type: str, now: datetime
) -> tuple[Document, list[str]]:
    """Store a document and read it, unless it was read before; return its links too.

    A list is read each time, since what it links to may not have been fetched yet.
    """
    document = store(source, body, content_type, now)
    if document.state == Document.State.NEW or source.format == "index":
        return document, read(document, now)
    return document, []


def read(document: Document, now: datetime) -> list[str]:
    """Read a stored document; return the links to further documents that it holds.

    What cannot be read is quarantined with the reason, and can be tried again.
    """
    hint = "auto" if document.url else document.source.format
    _, reason, found = reading.in_child(bytes(document.body), hint)
    if found is None:
        return _quarantine(document, reason)
    others = [item for item in found.items if item.sender != settings.CAP_SENDER]
    if found.items and not others:
        return _quarantine(document, "it is our own alert; it is not taken back in")
    found = maps.beside_events(document.source, replace(found, items=others))
    found = addresses.made_whole(found, document.url or document.source.url)
    try:
        with transaction.atomic():
            placing.one_at_a_time()
            write(document, found, now)
            flags = [reports.storable(each, 300) for each in found.flags[:FLAGS_MOST]]
            if (document.state, document.flags) != (Document.State.PARSED, flags):
                document.state, document.reason = Document.State.PARSED, ""
                document.flags = flags
                document.save(update_fields=["state", "reason", "flags"])
    except (DataError, ValueError, OverflowError):
        return _quarantine(document, "it holds a value that cannot be stored")
    return found.links


def let_go(source: Source, now: datetime) -> int:
    """Delete raw documents that are older than the source keeps them; reports stay."""
    old = source.documents.filter(
        fetched_at__lt=now - timedelta(days=source.keep_days)
    ).order_by("fetched_at")
    ids = list(old.values_list("pk", flat=True)[:OLD_AT_ONCE])
    if ids:
        source.documents.filter(pk__in=ids).delete()
    return len(ids)


def _quarantine(document: Document, reason: str) -> list[str]:
    document.state = Document.State.QUARANTINED
    document.reason = reports.storable(reason, 300)
    document.save(update_fields=["state", "reason"])
    return []


def write(document: Document, found: Reading, now: datetime) -> set[int]:
    """Write the reports that are new, and the hazards they belong to."""
    also = [versions.name_of_link(document.url)] if _is_one(document, found) else []
    fresh = [
        Fresh(reports.made(document, item, key, now), versions.names_of(item) + also)
        for key, item in _unknown(document.source, found.items).items()
    ]
    if not fresh:
        return set()
    made = [each.report for each in fresh]
    missing = geocodes.place(made)
    statements = versions.join(document.source, fresh)
    touched = placing.place(statements, now)
    copying.create(made)
    geocodes.wait(made, missing)
    Hazard.objects.filter(pk__in=touched).update(weighed_at=None)
    return touched


def _is_one(document: Document, found: Reading) -> bool:
    """Tell whether a link led to exactly one alert: then the link is its name, too."""
    return bool(document.url) and len(found.items) == 1


def _unknown(source: Source, items: list[FeedItem]) -> dict[str, FeedItem]:
    """Return the items whose natural key is not stored yet, by its digest."""
    keyed = {reports.digest(*item.natural_key): item for item in items}
    known: set[str] = set()
    for some in versions.chunks(keyed):
        rows = Report.objects.filter(source=source, key__in=some)
        known |= set(rows.values_list("key", flat=True))
    return {key: item for key, item in keyed.items() if key not in known}
