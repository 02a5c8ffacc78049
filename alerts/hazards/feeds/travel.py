"""Lists of other ministries' travel advice, in JSON.

A destination that is missing, or has no level, says nothing: never that it is safe.
"""

from datetime import UTC, datetime
from typing import Any

from alerts.hazards.feeds.base import FeedItem, Reading, number, plain, time_of

STATUSES = {
    "some_parts": 2,
    "avoid_all_but_essential_travel_to_parts": 2,
    "avoid_all_but_essential_travel_to_whole_country": 3,
    "avoid_all_travel_to_parts": 3,
    "avoid_all_travel_to_whole_country": 4,
    "all_but_essential": 3,
    "whole_country": 4,
    "all_travel": 4,
}
UPDATES = (
    "last_updated",
    "last_updated_advisory",
    "updated_at",
    "public_updated_at",
    "date_updated",
)
LINKS = ("details_url", "advisory_details_url", "web_url", "base_path")


def claims(value: Any) -> bool:
    """Tell whether a JSON document is one of these."""
    if isinstance(value, list):
        return bool(value) and isinstance(value[0], dict) and "destination" in value[0]
    if not isinstance(value, dict):
        return False
    if value.get("schema_name") == "travel_advice":
        return True
    listed = value.get("countries")
    first = next(iter(listed.values()), None) if isinstance(listed, dict) else None
    return isinstance(first, dict) and {"status", "name"} <= set(first)


def read(value: Any) -> Reading:
    """Read the destinations, one item each."""
    rows = [_item(row, code) for row, code in _rows(value)]
    items = [item for item in rows if item is not None]
    flags = ["missing must not mean safe"]
    if len(items) < len(rows):
        flags.append("a destination without name was passed over")
    return Reading(format="travel", items=items, flags=flags)


def _rows(value: Any) -> list[tuple[dict[str, Any], str]]:
    if isinstance(value, list):
        return [(row, "") for row in value if isinstance(row, dict)]
    if value.get("schema_name") == "travel_advice":
        return [(_of_page(value), "")]
    pairs = value["countries"].items()
    return [(row, str(code)) for code, row in pairs if isinstance(row, dict)]


def _of_page(value: dict[str, Any]) -> dict[str, Any]:
    details = value.get("details")
    details = details if isinstance(details, dict) else {}
    country = details.get("country")
    country = country if isinstance(country, dict) else {}
    words = details.get("alert_status")
    return {
        **value,
        "name": country.get("name") or value.get("title"),
        "statuses": [str(w) for w in words] if isinstance(words, list) else [],
        "reason": details.get("change_description"),
    }


def _first(row: dict[str, Any], names: tuple[str, ...]) -> str:
    return next((str(row[name]) for name in names if row.get(name)), "")


def _level(row: dict[str, Any]) -> tuple[int, str]:
    """Return the common level and the list's own word; 0 where none is given."""
    if (value := number(row.get("risk_level_number"))) is not None:
        return int(min(max(value, 0), 4)), str(row.get("risk_level") or value)
    words = [*row.get("statuses", []), *([row["status"]] if row.get("status") else [])]
    known = [(STATUSES.get(str(word), 1), str(word)) for word in words]
    if known:
        return max(known)
    return 0, str(row.get("risk_level") or "")


def _item(row: dict[str, Any], code: str) -> FeedItem | None:
    name = plain(_first(row, ("destination", "name")), 200)
    if not name:
        return None
    update = _first(row, UPDATES)
    when = time_of(update)
    level, word = _level(row)
    sent_at = when or datetime(1970, 1, 1, tzinfo=UTC)
    flags = [] if when else ["no date"]
    flags += [] if level else ["no level given: this does not mean safe"]
    flags += ["only geocodes" if code else "no geometry", "watch only"]
    link = _first(row, LINKS)
    link = f"https://www.gov.uk{link}" if link.startswith("/") else link
    sender = link.split("/")[2] if link.count("/") > 1 else "travel-advice"
    key = code or name
    return FeedItem(
        identifier=key,
        sender=plain(sender, 100),
        sent=plain(update, 40),
        sent_at=sent_at,
        kind="security",
        natural_key=(sender, key, update, word),
        event_keys=((sender, key),),
        happened_at=sent_at,
        event="Travel advice",
        headline=plain(f"{name}: {word or 'no level given'}", 300),
        description=plain(str(row.get("reason") or "")),
        place=name,
        level=level,
        severity=plain(word, 32),
        geocodes=[("ISO 3166-1 alpha-2", plain(code, 2))] if code else [],
        flags=flags,
        geocode_count=1 if code else 0,
        link=plain(link, 500),
    )
