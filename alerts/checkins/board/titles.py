"""The words for statuses and for how far a message came, the same on every page."""

from alerts.checkins.board import inside

STATUS_NAMES = {
    "needs_help": "Need help",
    inside.SILENT: "No answer",
    inside.UNREACHABLE: "Unreachable",
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
