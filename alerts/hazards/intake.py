"""Take a document in: store it first, read it in the child, write what it says.

The document is committed before anything looks at it. Reading it again writes nothing
twice: a report's natural key is unique within its source.
"""

import hashlib
from datetime import datetime

from django.db import transaction

from alerts.hazards import clustering, reading
from alerts.hazards.feeds.base import FeedItem, Reading
from alerts.hazards.models import Document, Report, Source


def take(source: Source, body: bytes, content_type: str, now: datetime) -> Document:
    """Store a document and read it; the same bytes again are the same document."""
    document, is_new = Document.objects.get_or_create(
        source=source,
        sha256=hashlib.sha256(body).hexdigest(),
        defaults={
            "body": body,
            "content_type": content_type[:80],
            "fetched_at": now,
        },
    )
    if is_new or document.state == Document.State.NEW:
        read(document, now)
    return document


def read(document: Document, now: datetime) -> set[int]:
    """Read a stored document; return the ids of the hazards that changed.

    What cannot be read is quarantined with the reason, and can be tried again.
    """
    _, reason, found = reading.in_child(bytes(document.body), document.source.format)
    if found is None:
        document.state, document.reason = Document.State.QUARANTINED, reason[:300]
        document.save(update_fields=["state", "reason"])
        return set()
    with transaction.atomic():
        touched = write(document, found, now)
        document.state, document.reason = Document.State.PARSED, ""
        document.save(update_fields=["state", "reason"])
    return touched


def write(document: Document, found: Reading, now: datetime) -> set[int]:
    """Write the reports that are new, and the hazards they belong to."""
    source = document.source
    fresh = _fresh(source, found.items)
    if not fresh:
        return set()
    aliases = _aliases(source, fresh)
    reports = Report.objects.bulk_create(
        (_report(document, item, key, aliases, now) for key, item in fresh.items()),
        500,
    )
    _supersede(source, reports)
    touched = clustering.place(reports, now)
    clustering.summarise(touched, now)
    return touched


def _digest(*words: str) -> str:
    return hashlib.sha256("\x1f".join(words).encode()).hexdigest()


def _fresh(source: Source, items: list[FeedItem]) -> dict[str, FeedItem]:
    keyed = {_digest(*item.natural_key): item for item in items}
    known: set[str] = set()
    keys = list(keyed)
    for start in range(0, len(keys), 800):
        known |= set(
            Report.objects.filter(
                source=source, key__in=keys[start : start + 800]
            ).values_list("key", flat=True)
        )
    return {key: item for key, item in keyed.items() if key not in known}


def _aliases(source: Source, fresh: dict[str, FeedItem]) -> dict[str, str]:
    """Map every event key of the items to the one that is stored already, if any.

    An event may come back under a new id that names the old one beside it.
    """
    digests = {_digest(*key) for item in fresh.values() for key in item.event_keys}
    listed = list(digests)
    stored: set[str] = set()
    for start in range(0, len(listed), 800):
        stored |= set(
            Report.objects.filter(
                source=source, event_key__in=listed[start : start + 800]
            ).values_list("event_key", flat=True)
        )
    chosen: dict[str, str] = {}
    for item in fresh.values():
        keys = [_digest(*key) for key in item.event_keys]
        lead = next((chosen.get(k, k) for k in keys if k in stored or k in chosen), "")
        for key in keys:
            chosen.setdefault(key, lead or keys[0])
    return chosen


def _report(
    document: Document,
    item: FeedItem,
    key: str,
    aliases: dict[str, str],
    now: datetime,
) -> Report:
    copied = {name: getattr(item, name) for name in _COPIED}
    return Report(
        source=document.source,
        document=document,
        mode=document.source.mode,
        key=key,
        event_key=aliases[_digest(*item.event_keys[0])],
        geocodes=[list(pair) for pair in item.geocodes],
        heard_at=now,
        **copied,
    )


_COPIED = (
    "identifier",
    "sender",
    "sent_at",
    "status",
    "msg_type",
    "scope",
    "kind",
    "event",
    "headline",
    "description",
    "place",
    "level",
    "severity",
    "urgency",
    "certainty",
    "happened_at",
    "expires_at",
    "magnitude",
    "depth_km",
    "lon",
    "lat",
    "geometry",
    "languages",
    "references",
    "flags",
    "link",
)


def _supersede(source: Source, reports: list[Report]) -> None:
    """Let the newest version of each statement be the latest, in any order of arrival.

    An Update or Cancel names what it replaces; it counts only from the same sender.
    """
    for report in reports:
        for reference in report.references:
            sender, _, rest = reference.partition(",")
            if sender == report.sender:
                identifier = rest.partition(",")[0]
                _adopt(source, report, _digest(sender, identifier))
    keys = {report.event_key for report in reports}
    versions = Report.objects.filter(source=source, event_key__in=keys)
    newest: dict[str, Report] = {}
    order = "sent_at", "identifier", "id"
    for version in versions.only("pk", "event_key", "is_latest").order_by(*order):
        newest[version.event_key] = version
    latest = [version.pk for version in newest.values()]
    versions.exclude(pk__in=latest).update(is_latest=False)
    versions.filter(pk__in=latest).update(is_latest=True)


def _adopt(source: Source, report: Report, referred: str) -> None:
    """Make a report a version of the statement that it refers to."""
    if referred == report.event_key:
        return
    theirs = Report.objects.filter(source=source, event_key=report.event_key)
    theirs.update(event_key=referred)
    report.event_key = referred
