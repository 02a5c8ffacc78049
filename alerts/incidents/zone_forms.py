"""Read the zone page's form: one outline, and whom to include.

The script on the page fills in the same fields that can be typed, so that a zone that
was drawn and one that was typed take the same way.
"""

from django.http import QueryDict

from alerts.incidents import coordinates
from alerts.incidents.drafting import INCLUDE
from alerts.incidents.errors import FieldsError
from alerts.incidents.models import Zone, ZoneLevel
from alerts.incidents.zoning import Outline

FIELDS = ("shape", "level", "margin_km", "corners", "lat", "lon", "radius_km", "code")


def typed(post: QueryDict) -> dict[str, str]:
    """Return what was typed, so that it can be shown again."""
    return {name: post.get(name, "")[:60_000] for name in FIELDS}


def values_of(zone: Zone | None) -> dict[str, str]:
    """Return what the form shows: a zone to change, or nothing yet."""
    values = dict.fromkeys(FIELDS, "")
    if zone is None:
        return values | {"level": ZoneLevel.DANGER.value, "margin_km": "0"}
    values |= {
        "shape": zone.shape,
        "level": zone.level,
        "margin_km": f"{zone.margin_km:g}",
    }
    given = zone.given
    if zone.shape == Zone.Shape.CIRCLE:
        values |= {
            "lat": f"{given['lat']:.5f}",
            "lon": f"{given['lon']:.5f}",
            "radius_km": f"{given['radius_m'] / 1000:g}",
        }
    elif zone.shape == Zone.Shape.COUNTRY:
        values["code"] = given["code"]
    elif zone.shape == Zone.Shape.POLYGON:
        values["corners"] = _corners(zone)
    return values


def _corners(zone: Zone) -> str:
    """Write the corners of a drawn zone, one `latitude, longitude` a line."""
    ring = zone.given.get("ring")
    if ring is None:
        first = zone.geometry["coordinates"][0][0]
        ring = first[:-1]
    return "\n".join(f"{lat:.5f}, {lon:.5f}" for lon, lat, *_ in ring)


def is_given(values: dict[str, str]) -> bool:
    """Tell whether the form holds an outline that was begun."""
    names = {
        Zone.Shape.POLYGON: ("corners",),
        Zone.Shape.CIRCLE: ("lat", "lon", "radius_km"),
        Zone.Shape.COUNTRY: ("code",),
    }
    try:
        fields = names.get(Zone.Shape(values["shape"]), ())
    except ValueError:
        return False
    return any(values[name].strip() for name in fields)


def outline(values: dict[str, str]) -> Outline:
    """Read an outline.

    Raises
    ------
    FieldsError
        With what to mend, at its field.
    """
    margin_km = _number(values, "margin_km", "0")
    given: dict[str, object] = {}
    if values["shape"] == Zone.Shape.POLYGON:
        ring = coordinates.ring(values["corners"])
        given = {"ring": [list(point) for point in ring]}
    elif values["shape"] == Zone.Shape.CIRCLE:
        given = {
            "lat": _number(values, "lat"),
            "lon": _number(values, "lon"),
            "radius_m": _number(values, "radius_km") * 1000,
        }
    elif values["shape"] == Zone.Shape.COUNTRY:
        given = {"code": values["code"]}
    return Outline(
        shape=values["shape"],
        level=values["level"] or ZoneLevel.DANGER,
        given=given,
        margin_km=margin_km,
    )


def _number(values: dict[str, str], name: str, default: str = "") -> float:
    text = values[name].strip() or default
    try:
        return coordinates.number(text)
    except ValueError:
        raise FieldsError({name: "Give a number, such as 12.5."}) from None


def include(post: QueryDict) -> dict[str, bool]:
    """Read whom to include."""
    return {name: post.get(f"include_{name}") == "1" for name in INCLUDE}
