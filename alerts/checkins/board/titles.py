"""The words for statuses and for how far a message came, the same on every page."""

from alerts.checkins.board import choosing
from alerts.incidents.models import ZoneLevel
from consular import languages
from consular.missions.models import Mission

STATUS_NAMES = {
    "needs_help": "Need help",
    choosing.SILENT: "No answer",
    choosing.UNREACHABLE: "Unreachable",
    "safe": "Safe",
    "not_here": "Not in the area",
    "left": "Have left",
}
# What a report prints of the totals, in its order.
TOTAL_TITLES = {
    "inside": "In the zone",
    **STATUS_NAMES,
    "answered": "Have answered",
    "fresh": "Fresh registrations",
    "stale": "Stale, asked twice in vain whether it is still right",
    "without_place": "Without a place on the map",
}
REACH_TITLES = {
    "delivered": "Delivered",
    "accepted": "Accepted",
    "unknown": "Cannot be known",
    "waiting": "Waiting",
    "not_delivered": "Not delivered",
}
WHO_TITLES = {
    "minor": "children",
    "needs": "with needs on record",
    "alone": "travelling alone",
    "party": "travelling with others",
    "companion": "registered by somebody else",
}
PLACE_TITLES = {
    **{value: f"zone of {label.lower()}" for value, label in ZoneLevel.choices},
    choosing.NOWHERE: "not on the map",
}


def words(chosen: choosing.Chosen) -> str:
    """Say which people a choice keeps."""
    parts = [
        STATUS_NAMES.get(chosen.status, ""),
        REACH_TITLES.get(chosen.reach, ""),
        languages.english(chosen.language) if chosen.language else "",
        WHO_TITLES.get(chosen.needs, ""),
        PLACE_TITLES.get(chosen.place, ""),
        posts().get(chosen.post, "another post") if chosen.post else "",
    ]
    return ", ".join(part for part in parts if part) or "Everyone inside"


def posts() -> dict[str, str]:
    """Return the missions that look after any country, by number."""
    rows = Mission.objects.exclude(serves=[]).values_list("pk", "name")
    return {str(pk): name for pk, name in rows}
