"""Say an alert in CAP 1.2, and all of them as an Atom feed.

One document an alert, with an `<info>` for each language and level, and a chain of
references through its incident. A correction cancels what it corrects; an all-clear is
an update whose response is `AllClear`. Signed where a key is configured.

References
----------
OASIS, Common Alerting Protocol 1.2 (CAP-v1.2-os, 2010). RFC 4287, Atom.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Q
from lxml import etree
from signxml import SignatureConstructionMethod, XMLSigner

from alerts.hazards.models import Kind
from alerts.incidents.drafts import phrasing, wording
from alerts.incidents.models import Alert, AlertKind, ZoneLevel
from alerts.incidents.publication import publishing
from consular.modes import Mode
from consular.words import lines

CAP = "urn:oasis:names:tc:emergency:cap:1.2"
ATOM = "http://www.w3.org/2005/Atom"
CATEGORIES = {
    Kind.EARTHQUAKE: "Geo",
    Kind.TSUNAMI: "Geo",
    Kind.VOLCANO: "Geo",
    Kind.CYCLONE: "Met",
    Kind.FLOOD: "Met",
    Kind.WEATHER: "Met",
    Kind.DROUGHT: "Met",
    Kind.WILDFIRE: "Fire",
    Kind.SECURITY: "Security",
    Kind.HEALTH: "Health",
    Kind.OTHER: "Safety",
}
SEVERITIES = {
    ZoneLevel.DANGER: "Severe",
    ZoneLevel.CAUTION: "Moderate",
    ZoneLevel.INFORMATION: "Minor",
}
MESSAGE_TYPES = {
    AlertKind.ALERT: "Alert",
    AlertKind.UPDATE: "Update",
    AlertKind.CORRECTION: "Cancel",
    AlertKind.ALL_CLEAR: "Update",
}
# For each kind: response, urgency.
ACTIONS = {
    AlertKind.ALERT: ("Execute", "Immediate"),
    AlertKind.UPDATE: ("Execute", "Expected"),
    AlertKind.CORRECTION: ("None", "Past"),
    AlertKind.ALL_CLEAR: ("AllClear", "Past"),
}
LONGEST_HEADLINE = 160


def identifier(alert: Alert) -> str:
    """Return what a document is called: no blank, comma, `<` or `&` in it."""
    return f"muster-{alert.incident.reference}-{alert.pk}"


def sent(alert: Alert) -> str:
    """Return when an alert left, in the place's own time, as CAP writes it."""
    return _moment(alert.incident.local(alert.opens_at or alert.approved_at))


def _moment(at: datetime) -> str:
    words = at.replace(microsecond=0).isoformat()
    return words.replace("+00:00", "-00:00")  # CAP's own way to write UTC


def address(alert: Alert) -> str:
    """Return where a document is."""
    return f"{settings.PUBLIC_URL}/cap/{identifier(alert)}.xml"


def page(alert: Alert) -> str:
    """Return where the public page of an alert's incident is."""
    return f"{settings.PUBLIC_URL}/incident/{alert.incident.reference}/"


def document(alert: Alert, now: datetime) -> bytes:
    """Write an alert as a CAP 1.2 document."""
    root = etree.Element(f"{{{CAP}}}alert", nsmap=_only(CAP))
    _add(root, "identifier", identifier(alert))
    _add(root, "sender", settings.CAP_SENDER)
    _add(root, "sent", sent(alert))
    _add(root, "status", "Actual" if alert.mode == Mode.LIVE else "Exercise")
    _add(root, "msgType", MESSAGE_TYPES[AlertKind(alert.kind)])
    _add(root, "scope", "Public")
    if alert.corrects_id is not None:
        _add(root, "note", "The message that is cancelled was sent by mistake.")
    if chain := " ".join(references(alert, now)):
        _add(root, "references", chain)
    _add(root, "incidents", alert.incident.reference)
    for level in _levels(alert):
        for language in publishing.words(alert):
            root.append(_info(alert, language, level))
    if settings.CAP_KEY_FILE and settings.CAP_CERTIFICATE_FILE:
        root = _signed(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def references(alert: Alert, now: datetime) -> list[str]:
    """Return the earlier public documents that this one follows.

    A correction cancels what it corrects and nothing else; what follows an incident's
    alerts refers to all of them that are not cancelled.
    """
    if alert.kind == AlertKind.ALERT:
        return []
    earlier = publishing.alerts(now).filter(
        Q(incident=alert.incident_id), pk__lt=alert.pk
    )
    if alert.corrects_id is not None:
        earlier = earlier.filter(pk=alert.corrects_id)
    else:
        earlier = earlier.filter(corrections=None, corrects=None)
    return [f"{settings.CAP_SENDER},{identifier(e)},{sent(e)}" for e in earlier]


def _levels(alert: Alert) -> list[str]:
    there = {zone["level"] for zone in alert.zones}
    return [level for level in ZoneLevel.values if level in there]


def _info(alert: Alert, language: str, level: str) -> Any:
    """Write what is said in one language, about the areas of one level."""
    incident, kind = alert.incident, AlertKind(alert.kind)
    response, urgency = ACTIONS[kind]
    event = phrasing.event(incident.kind, language)
    info = etree.Element(f"{{{CAP}}}info")
    _add(info, "language", language)
    _add(info, "category", CATEGORIES[Kind(incident.kind)])
    _add(info, "event", event)
    _add(info, "responseType", response)
    _add(info, "urgency", urgency)
    _add(info, "severity", SEVERITIES[ZoneLevel(level)])
    is_ahead = incident.happened_at > alert.approved_at
    _add(info, "certainty", "Likely" if is_ahead else "Observed")
    _add(info, "effective", sent(alert))
    _add(info, "onset", _moment(incident.local(incident.happened_at)))
    _add(info, "expires", _moment(incident.local(alert.not_after)))
    _add(info, "senderName", settings.MINISTRY_NAME)
    phase = phrasing.phrases(language)[alert.draft.phase]["name"]
    if kind == AlertKind.CORRECTION:
        phase = phrasing.phrases(language)["correction"]["name"]
    headline = f"{phase}: {event}, {incident.place}"
    _add(info, "headline", _marked(alert, language, headline)[:LONGEST_HEADLINE])
    _add(info, "description", publishing.words(alert)[language].body)
    if kind in (AlertKind.ALERT, AlertKind.UPDATE):
        _add(info, "instruction", phrasing.advice(incident.kind, language))
    _add(info, "web", page(alert))
    _add(info, "contact", settings.EMERGENCY_PHONE)
    for zone in alert.zones:
        if zone["level"] == level:
            info.append(_area(zone, incident.place))
    return info


def _marked(alert: Alert, language: str, words: str) -> str:
    mark = wording.exercise_mark(language) if alert.mode != Mode.LIVE else ""
    return f"{mark} {words}".strip()


def _area(zone: dict[str, Any], place: str) -> Any:
    area = etree.Element(f"{{{CAP}}}area")
    _add(area, "areaDesc", zone.get("label") or place)
    for polygon in zone["geometry"]["coordinates"]:
        outer = polygon[0]  # CAP knows no holes, and zones have none
        corners = " ".join(f"{lat:.6f},{lon:.6f}" for lon, lat, *_ in outer)
        _add(area, "polygon", corners)
    return area


def _only(namespace: str) -> Any:
    """Let a document's one namespace need no prefix."""
    return {None: namespace}


def _add(parent: Any, name: str, words: str) -> None:
    namespace = etree.QName(parent).namespace
    # Drafts hold nothing that XML cannot; this is for what was kept before they did.
    etree.SubElement(parent, f"{{{namespace}}}{name}").text = lines(words)


def _signed(root: Any) -> Any:
    """Sign a document as CAP wants it: enveloped, at its end."""
    signer = XMLSigner(method=SignatureConstructionMethod.enveloped)
    key = Path(settings.CAP_KEY_FILE).read_bytes()
    certificate = Path(settings.CAP_CERTIFICATE_FILE).read_text(encoding="ascii")
    return signer.sign(root, key=key, cert=certificate)


def feed(alerts: Iterable[Alert], now: datetime) -> bytes:
    """Write the Atom feed of alerts, the newest first."""
    listed = sorted(alerts, key=lambda alert: -alert.pk)
    root = etree.Element(f"{{{ATOM}}}feed", nsmap=_only(ATOM))
    _add(root, "id", f"{settings.PUBLIC_URL}/cap/feed.atom")
    _add(root, "title", f"{settings.MINISTRY_NAME}: {settings.SERVICE_NAME}")
    newest = max((a.opens_at or a.approved_at for a in listed), default=now)
    _add(root, "updated", newest.replace(microsecond=0).isoformat())
    author = etree.SubElement(root, f"{{{ATOM}}}author")
    _add(author, "name", settings.MINISTRY_NAME)
    _link(root, f"{settings.PUBLIC_URL}/cap/feed.atom", "self", "application/atom+xml")
    for alert in listed:
        entry = etree.SubElement(root, f"{{{ATOM}}}entry")
        at = (alert.opens_at or alert.approved_at).replace(microsecond=0).isoformat()
        title = f"{alert.get_kind_display()}: {alert.incident.title}"
        _add(entry, "id", address(alert))
        _add(entry, "title", _marked(alert, "en", title))
        _add(entry, "updated", at)
        _add(entry, "published", at)
        said = publishing.in_language(alert, "en")
        _add(entry, "summary", said.body if said else title)
        _link(entry, address(alert), "alternate", "application/cap+xml")
        _link(entry, page(alert), "related", "text/html")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _link(parent: Any, href: str, rel: str, kind: str) -> None:
    etree.SubElement(parent, f"{{{ATOM}}}link", href=href, rel=rel, type=kind)
