"""QuakeML 1.0 to 1.2, and the SeisComPML that resembles it.

References
----------
QuakeML 1.2 basic event description (https://quake.ethz.ch/quakeml): depths are in
metres; in SeisComPML they are kilometres, and origins stand beside the events.
"""

from typing import Any

from alerts.hazards.feeds import markup
from alerts.hazards.feeds.base import (
    FeedError,
    FeedItem,
    Reading,
    number,
    plain,
    position,
    quake_level,
    time_of,
)

NO_QUAKE = ("not existing", "not reported")


def claims(root: Any) -> bool:
    """Tell whether a document is one of these."""
    return markup.local(root) in ("quakeml", "seiscomp", "eventParameters")


def read(root: Any) -> Reading:
    """Read the events, one item each."""
    km = markup.local(root) == "seiscomp"
    frames = [e for e in root.iter() if markup.local(e) in _FRAMES]
    if not frames:
        raise FeedError("it has no event parameters")
    items, flags = [], []
    for frame in frames:
        for event in markup.children(frame, "event"):
            item = _item(event, frame, km)
            if item is None:
                flags.append("an event without id, time or place was passed over")
            else:
                items.append(item)
    return Reading(format="quakeml", items=items, flags=sorted(set(flags)))


_FRAMES = ("eventParameters", "EventParameters")


def _value(element: Any, name: str) -> str:
    """Return a quantity, which may stand in a `value` of its own."""
    for child in markup.children(element, name) if element is not None else []:
        return markup.text(child, "value") or str(child.text or "").strip()
    return ""


def _preferred(event: Any, frame: Any, what: str, wish: str) -> Any:
    """Return the preferred origin or magnitude; else the last one that is given."""
    wanted = markup.text(event, wish)
    listed = markup.children(event, what) + markup.children(frame, what)
    for origin in markup.children(frame, "origin"):
        listed += markup.children(origin, what)
    for each in listed:
        if wanted and each.get("publicID") == wanted:
            return each
    return listed[-1] if listed else None


def _place(event: Any) -> str:
    for each in markup.children(event, "description"):
        return plain(markup.text(each, "text"), 200)
    return ""


def _moment(event: Any, origin: Any) -> str:
    for each in (event, origin):
        for made in markup.children(each, "creationInfo"):
            word = markup.text(made, "modificationTime")
            word = word or markup.text(made, "creationTime")
            if time_of(word):
                return word
    return ""


def _item(event: Any, frame: Any, km: bool) -> FeedItem | None:
    origin = _preferred(event, frame, "origin", "preferredOriginID")
    if origin is None:
        return None
    size = _preferred(event, frame, "magnitude", "preferredMagnitudeID")
    name = plain(str(event.get("publicID") or ""), 300)
    at = position(_value(origin, "longitude"), _value(origin, "latitude"))
    happened = time_of(_value(origin, "time"))
    if not name or at is None or happened is None:
        return None
    sent = time_of(_moment(event, origin)) or happened
    magnitude = number(_value(size, "mag") or _value(size, "magnitude"))
    depth = number(_value(origin, "depth"))
    word = markup.text(event, "type")
    quake = word in ("", "null", "earthquake")
    lon, lat = at
    place = _place(event)
    return FeedItem(
        identifier=name,
        sender=_agency(event, origin),
        sent=sent.isoformat(),
        sent_at=sent,
        msg_type="Cancel" if word in NO_QUAKE else "Alert",
        kind="earthquake" if quake or word in NO_QUAKE else "other",
        natural_key=(name, sent.isoformat(), str(magnitude)),
        event_keys=((name,),),
        happened_at=happened,
        event=plain(word, 60).capitalize() if not quake else "Earthquake",
        headline=f"M {magnitude:.1f} - {place}" if magnitude is not None else place,
        place=place,
        level=quake_level(magnitude),
        magnitude=magnitude,
        depth_km=depth if km or depth is None else depth / 1000,
        lon=lon,
        lat=lat,
        flags=[] if magnitude is not None else ["no magnitude"],
        bbox=(lon, lat, lon, lat),
    )


def _agency(event: Any, origin: Any) -> str:
    for each in (event, origin):
        for made in markup.children(each, "creationInfo"):
            word = markup.text(made, "agencyID") or markup.text(made, "agencyURI")
            if word:
                return plain(word, 100)
    return "unknown agency"
