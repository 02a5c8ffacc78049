"""CAP 1.1 and 1.2 alerts, alone or wrapped: `<alerts>`, EDXL-DE, Atom, RSS.

Nothing is validated against the schema: that would drop official alerts. What must be
there is an identifier, a sender and a time; everything doubtful else is a flag.

References
----------
OASIS, Common Alerting Protocol 1.2 (CAP-v1.2-os, 2010), section 3.2.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.hazards.feeds import areas, markup, signatures
from alerts.hazards.feeds.base import FeedError, FeedItem, Reading, plain, time_of

NAMESPACES = {
    "urn:oasis:names:tc:emergency:cap:1.2": "1.2",
    "urn:oasis:names:tc:emergency:cap:1.1": "1.1",
    "http://www.incident.com/cap/1.0": "1.0",
}
LEVELS = {"Minor": 1, "Moderate": 2, "Severe": 3, "Extreme": 4}
CATEGORIES = {
    "Geo": "earthquake",
    "Met": "weather",
    "Fire": "wildfire",
    "Security": "security",
    "Safety": "other",
    "Health": "health",
}
# Words in `<event>` that tell the kind better than `<category>` does.
EVENT_KINDS = (
    ("tsunami", "tsunami"),
    ("earthquake", "earthquake"),
    ("quake", "earthquake"),
    ("hurricane", "cyclone"),
    ("cyclone", "cyclone"),
    ("typhoon", "cyclone"),
    ("tropical storm", "cyclone"),
    ("flood", "flood"),
    ("volcan", "volcano"),
    ("fire", "wildfire"),
    ("drought", "drought"),
)
TEST_WORDS = ("this is a test", "test message", "monthly test", "weekly test")
ENVELOPES = {"alert", "alerts", "EDXLDistribution"}
STATUSES = {"Actual", "Exercise", "System", "Test", "Draft"}
FUTURE = timedelta(minutes=10)
# Stands for a `<sent>` that cannot be read: long over, so that it proposes nothing.
UNREADABLE = datetime(1970, 1, 1, tzinfo=UTC)


def alerts_of(root: Any) -> list[Any]:
    """Return every `<alert>` in a document, whatever it is wrapped in."""
    return markup.named(root, "alert")


def claims(root: Any) -> bool:
    """Tell whether a document holds at least one CAP alert of its own namespace."""
    return any(_version(alert) for alert in alerts_of(root))


def wrapped(root: Any) -> bool:
    """Tell whether a document is an alert, or an envelope that holds one."""
    return markup.local(root) in ENVELOPES or claims(root)


def _version(alert: Any) -> str:
    tag = str(alert.tag)
    namespace = tag[1:].partition("}")[0] if tag.startswith("{") else ""
    return NAMESPACES.get(namespace, "")


def parse(document: bytes, now: datetime | None = None) -> Reading:
    """Read all alerts of a document.

    Raises
    ------
    FeedError
        When an alert lacks its identifier, sender or time.
    """
    return read(markup.root_of(document), now)


def read(root: Any, now: datetime | None = None) -> Reading:
    """Read a parsed document; an alert that is broken does not take others with it.

    Raises
    ------
    FeedError
        When no alert in it has what must be there.
    """
    moment = now or datetime.now(UTC)
    items: list[FeedItem] = []
    broken: list[str] = []
    for alert in alerts_of(root):
        try:
            items.append(_item(alert, moment))
        except FeedError as error:
            broken.append(str(error))
    if broken and not items:
        raise FeedError(broken[0])
    flags = left_out(broken) if items else ["no alert in it"]
    return Reading(format="cap", items=items, flags=flags)


def left_out(broken: list[str]) -> list[str]:
    """Return the flag that tells of alerts that could not be read among others."""
    if not broken:
        return []
    number = "1 alert was" if len(broken) == 1 else f"{len(broken)} alerts were"
    return [f"{number} left out: {broken[0]}"]


def _required(said: dict[str, str]) -> tuple[str, str, str, datetime]:
    identifier, sender = plain(said["identifier"], 300), plain(said["sender"], 300)
    sent = said["sent"]
    for name, value in (("identifier", identifier), ("sender", sender), ("sent", sent)):
        if not value:
            raise FeedError(f"the alert has no {name}")
    return identifier, sender, sent, time_of(sent) or UNREADABLE


def _item(alert: Any, now: datetime) -> FeedItem:
    of_all = markup.texts(alert, _ALERT_FIELDS)
    identifier, sender, sent, sent_at = _required(of_all)
    infos = markup.children(alert, "info")
    languages = [plain(markup.text(info, "language"), 20) for info in infos]
    said = markup.texts(_best(infos, languages), _INFO_FIELDS)
    kind = kind_of(said)
    area = areas.read(infos, kind)
    status = _in_case(of_all["status"])
    severity = _in_case(said["severity"], 32)
    expires_at = time_of(said["expires"])
    doubts = _doubts(alert, infos, said, status)
    doubts += _clock_doubts(sent_at, expires_at, now)
    onset = time_of(said["onset"]) or time_of(said["effective"]) or sent_at
    return FeedItem(
        identifier=identifier,
        sender=sender,
        sent=plain(sent, 40),
        sent_at=sent_at,
        status=status,
        msg_type=_in_case(of_all["msgType"]),
        scope=_in_case(of_all["scope"]),
        kind=kind,
        natural_key=(sender, identifier, sent_at.isoformat()),
        event_keys=((sender, identifier),),
        happened_at=onset,
        event=plain(said["event"], 300),
        headline=plain(said["headline"] or said["event"], 600),
        description=plain(said["description"]),
        place=plain(area.description, 300),
        level=LEVELS.get(severity, 0),
        severity=severity,
        urgency=plain(said["urgency"], 32),
        certainty=plain(said["certainty"], 32),
        expires=said["expires"],
        expires_at=expires_at,
        lon=area.lon,
        lat=area.lat,
        geometry=area.geometry,
        geocodes=area.geocodes,
        languages=[language or "en-US" for language in languages],
        references=references_of(of_all["references"]),
        flags=[*area.flags, *doubts, signatures.check(alert, sent_at)],
        link=plain(said["web"], 500),
        info_count=len(infos),
        area_count=area.area_count,
        polygon_count=area.polygon_count,
        circle_count=area.circle_count,
        geocode_count=area.geocode_count,
        bbox=area.bbox,
    )


_ALERT_FIELDS = (
    "identifier",
    "sender",
    "sent",
    "status",
    "msgType",
    "scope",
    "references",
)
_INFO_FIELDS = (
    "category",
    "event",
    "headline",
    "description",
    "severity",
    "urgency",
    "certainty",
    "effective",
    "onset",
    "expires",
    "web",
)


def _in_case(word: str, most: int = 16) -> str:
    """Return a word of CAP's lists as the lists have it, whatever its letters' case."""
    kept = plain(word, most)
    return kept.capitalize() if kept.isascii() else kept


def _best(infos: list[Any], languages: list[str]) -> Any:
    """Choose the English info, else the first; an alert may have none."""
    for info, language in zip(infos, languages, strict=True):
        if language.lower().startswith("en"):
            return info
    return infos[0] if infos else ()


def kind_of(said: dict[str, str]) -> str:
    """Tell the kind of hazard by the event's words, else by its category."""
    words = said["event"].lower()
    for word, kind in EVENT_KINDS:
        if word in words:
            return kind
    return CATEGORIES.get(said["category"].strip(), "other")


def references_of(words: str) -> list[str]:
    """Split `<references>`: triples with blanks between, or joined by mistakes.

    Examples
    --------
    >>> references_of("a@b,1,2020-01-01T00:00:00+00:00 a@b,2,2020-01-02T00:00:00+00:00")
    ['a@b,1,2020-01-01T00:00:00+00:00', 'a@b,2,2020-01-02T00:00:00+00:00']
    >>> references_of("a@b, 1, 2020-01-01T00:00:00+00:00")
    ['a@b,1,2020-01-01T00:00:00+00:00']
    """
    found = words.split()
    if any(word.count(",") < 2 for word in found):  # blanks within a triple, mostly
        found = re.sub(r"\s*,\s*", ",", words).split()
    return [plain(word, 700) for word in found]


def _doubts(
    alert: Any, infos: list[Any], said: dict[str, str], status: str
) -> list[str]:
    flags = []
    version = _version(alert)
    if version and version != "1.2":
        flags.append(f"CAP {version}")
    if not version:
        flags.append("no CAP namespace")
    if not infos:
        flags.append("no info")
    if status not in STATUSES:
        flags.append("unknown status")
    words = f"{said['event']} {said['headline']} {said['description'][:300]}".lower()
    if status == "Actual" and any(word in words for word in TEST_WORDS):
        flags.append("its words say that it is a test")
    return flags


def _clock_doubts(
    sent_at: datetime, expires_at: datetime | None, now: datetime
) -> list[str]:
    flags = ["the time in <sent> cannot be read"] if sent_at == UNREADABLE else []
    if sent_at > now + FUTURE:
        flags.append("sent in the future")
    if expires_at is not None and expires_at < sent_at:
        flags.append("expired before it was sent")
    if expires_at is None:
        flags.append("no expires")
    return flags
