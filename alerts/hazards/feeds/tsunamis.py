"""Bulletins of the US tsunami warning centres: their Atom lists, and their texts.

References
----------
NOAA tsunami.gov, `PAAQAtom.xml` and `PHEBAtom.xml`: each entry has `geo:lat`,
`geo:long`, and a summary with Category, Preliminary Magnitude and Affected Region, and
links to the CAP alert. UNESCO-IOC Technical Series 105: the text products of PTWC.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from alerts.hazards.feeds import markup
from alerts.hazards.feeds.base import (
    FROM_LIST,
    FeedError,
    FeedItem,
    Reading,
    number,
    plain,
    position,
    time_of,
)

SENDER = "tsunami.gov"
LEVELS = {"warning": 4, "threat": 4, "advisory": 3, "watch": 3, "information": 1}
OVER = ("cancel", "no longer", "has now passed", "final")
_CATEGORY = re.compile(r"Category:\s*([A-Za-z]+)", re.I)
_MAGNITUDE = re.compile(r"MAGNITUDE:?\s+(\d(?:\.\d)?)", re.I)
_ORIGIN = re.compile(
    r"ORIGIN TIME\s+(\d{4})\s+UTC\s+([A-Z]{3})\s+(\d{1,2})\s+(\d{4})", re.I
)
_AT = re.compile(
    r"COORDINATES\s+([\d.]+)\s+(NORTH|SOUTH)\s+([\d.]+)\s+(EAST|WEST)", re.I
)
_PLACE = re.compile(r"LOCATION\s+(\S[^\n]{2,100})", re.I)
_ISSUED = re.compile(
    r"^(\d{4})\s+UTC\s+[A-Z]{3}\s+([A-Z]{3})\s+(\d{1,2})\s+(\d{4})", re.M
)


def claims_text(text: str) -> bool:
    """Tell whether a text is a bulletin."""
    return "TSUNAMI WARNING CENTER" in text and _ORIGIN.search(text) is not None


def claims(root: Any) -> bool:
    """Tell whether an Atom document is a centre's list."""
    if markup.local(root) != "feed":
        return False
    words = markup.text(root, "title") + markup.text(root, "id")
    entry = next(iter(markup.named(root, "entry")), None)
    has_place = entry is not None and bool(markup.text(entry, "lat"))
    return has_place and "tsunami" in (words + markup.text(root, "author")).lower()


def read(root: Any) -> Reading:
    """Read the entries: what they say, and the links to the alerts themselves."""
    entries = markup.children(root, "entry")
    items = [item for entry in entries if (item := _entry(entry))]
    links = [item.link for item in items if item.link]
    flags = ["a bulletin without id, time or place was passed over"]
    flags = flags if len(items) < len(entries) else []
    return Reading(format="tsunami", items=items, links=links, flags=flags)


@dataclass(frozen=True, kw_only=True)
class _Bulletin:
    """What a bulletin says, in whichever form it came."""

    identifier: str
    sent_at: datetime
    happened_at: datetime
    at: tuple[float, float]
    place: str
    word: str
    is_over: bool
    magnitude: float | None
    description: str
    link: str = ""
    flags: tuple[str, ...] = ()

    def item(self) -> FeedItem:
        """Write it as a feed's item."""
        lon, lat = self.at
        return FeedItem(
            identifier=self.identifier,
            sender=SENDER,
            sent=self.sent_at.isoformat(),
            sent_at=self.sent_at,
            msg_type="Cancel" if self.is_over else "Alert",
            kind="tsunami",
            natural_key=(SENDER, self.identifier, self.sent_at.isoformat()),
            event_keys=((SENDER, self.identifier),),
            happened_at=self.happened_at,
            event=f"Tsunami {self.word}".strip(),
            headline=f"Tsunami {self.word or 'bulletin'}: {self.place}"[:300],
            description=self.description,
            place=self.place,
            level=LEVELS.get(self.word, 0),
            severity=self.word.capitalize(),
            magnitude=self.magnitude,
            lon=lon,
            lat=lat,
            flags=list(self.flags),
            link=self.link,
            bbox=(lon, lat, lon, lat),
        )


def _cap_link(entry: Any) -> str:
    for link in markup.children(entry, "link"):
        address = str(link.get("href") or "")
        if "cap" in str(link.get("type", "")) or "CAP" in address:
            return plain(address, 500) if address.startswith("https://") else ""
    return ""


def _entry(entry: Any) -> FeedItem | None:
    identifier = plain(markup.text(entry, "id"), 300)
    sent_at = time_of(markup.text(entry, "updated"))
    at = position(markup.text(entry, "long"), markup.text(entry, "lat"))
    if not identifier or sent_at is None or at is None:
        return None
    summary = plain(markup.text(entry, "summary"))
    title = plain(markup.text(entry, "title"), 300)
    category = _CATEGORY.search(summary)
    word = category[1].lower() if category else ""
    return _Bulletin(
        identifier=identifier,
        sent_at=sent_at,
        happened_at=sent_at,
        at=at,
        place=title,
        word=word,
        is_over="cancel" in f"{word} {summary[:400]}".lower(),
        magnitude=_found(_MAGNITUDE, summary),
        description=summary,
        link=_cap_link(entry),
        flags=(FROM_LIST,),
    ).item()


def read_text(text: str) -> Reading:
    """Read a bulletin in capitals, as it goes out over the old networks.

    Raises
    ------
    FeedError
        When its time or place cannot be read.
    """
    at, happened_at = _place_of(text), _moment(_ORIGIN, text)
    sent_at = _moment(_ISSUED, text)
    if at is None or happened_at is None or sent_at is None:
        raise FeedError("the bulletin's time or place cannot be read")
    place = _PLACE.search(text)
    name = plain(place[1] if place else "", 200).title()
    head = next((li for li in text.splitlines() if li.startswith("...")), "")
    words = plain(head.strip(". "), 200)
    level = next((word for word in LEVELS if word in words.lower()), "information")
    bulletin = _Bulletin(
        identifier=f"{happened_at:%Y%m%d%H%M}/{at[0]:.1f}/{at[1]:.1f}",
        sent_at=sent_at,
        happened_at=happened_at,
        at=at,
        place=name,
        word=level,
        is_over=any(over in text.lower() for over in OVER),
        magnitude=_found(_MAGNITUDE, text),
        description=plain(text),
    )
    return Reading(format="tsunami", items=[bulletin.item()])


def _found(pattern: re.Pattern[str], text: str) -> float | None:
    found = pattern.search(text)
    return number(found[1]) if found else None


def _moment(pattern: re.Pattern[str], text: str) -> datetime | None:
    found = pattern.search(text)
    if found is None:
        return None
    try:
        return datetime.strptime(" ".join(found.groups()), "%H%M %b %d %Y").replace(
            tzinfo=UTC
        )
    except ValueError:
        return None


def _place_of(text: str) -> tuple[float, float] | None:
    found = _AT.search(text)
    if found is None:
        return None
    lat, lon = number(found[1]) or 0.0, number(found[3]) or 0.0
    south, west = found[2].upper() == "SOUTH", found[4].upper() == "WEST"
    return position(-lon if west else lon, -lat if south else lat)
