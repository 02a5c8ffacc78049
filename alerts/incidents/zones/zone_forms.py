"""Read the zone page's form: one outline, and whom to include.

The script on the page fills in the same fields that can be typed, so that a zone that
was drawn and one that was typed take the same way.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, QueryDict
from django.shortcuts import get_object_or_404

from alerts.incidents.drafts.drafting import INCLUDE
from alerts.incidents.errors import FieldsError
from alerts.incidents.models import Incident, SavedArea, Zone, ZoneLevel
from alerts.incidents.zones import coordinates
from alerts.incidents.zones.outlining import Outline, checked
from consular import words
from geo import gazetteer, regions, shapes
from geo.countries import fold
from geo.limits import MAX_BYTES

FIELDS = (
    "shape",
    "level",
    "margin_km",
    "corners",
    "lat",
    "lon",
    "radius_km",
    "code",
    "region",
    "mission",
    "saved",
)
NEVER = datetime(1, 1, 1, tzinfo=UTC)
_THOUSANDS = re.compile(r"\d{1,3},\d{3}")
_BEGUN = {
    Zone.Shape.POLYGON: ("corners",),
    Zone.Shape.CIRCLE: ("lat", "lon", "radius_km"),
    Zone.Shape.COUNTRY: ("code",),
    Zone.Shape.REGION: ("region",),
    Zone.Shape.MISSION: ("mission",),
    Zone.Shape.SAVED: ("saved",),
}


def typed(post: QueryDict) -> dict[str, str]:
    """Return what was typed, so that it can be shown again.

    What is too long stays so: a list that was cut would be another zone.
    """
    return {name: post.get(name, "")[: coordinates.MOST_LETTERS + 1] for name in FIELDS}


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
    elif zone.shape == Zone.Shape.REGION:
        values["region"] = region_option(given["code"])
    elif zone.shape in (Zone.Shape.MISSION, Zone.Shape.SAVED):
        values[zone.shape] = str(given[zone.shape])
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


def is_given(values: dict[str, str], document: bytes = b"") -> bool:
    """Tell whether the form holds an outline that was begun."""
    if values["shape"] == Zone.Shape.FILE:
        return bool(document)
    try:
        fields = _BEGUN.get(Zone.Shape(values["shape"]), ())
    except ValueError:
        return False
    return any(values[name].strip() for name in fields)


def outline(
    values: dict[str, str],
    incident: Incident,
    document: bytes = b"",
    edited: Zone | None = None,
) -> Outline:
    """Read an outline.

    Parameters
    ----------
    document : bytes
        An uploaded file, for a zone from a file; a zone that is changed keeps its own.

    Raises
    ------
    FieldsError
        With what to mend, at its field.
    """
    margin_km = _number(values, "margin_km", "0")
    shape = values["shape"]
    given: dict[str, Any]
    if shape == Zone.Shape.POLYGON:
        given = _drawn(values["corners"], edited)
    elif shape == Zone.Shape.CIRCLE:
        given = {
            "lat": _number(values, "lat"),
            "lon": _number(values, "lon"),
            "radius_m": _number(values, "radius_km") * 1000,
        }
    elif shape == Zone.Shape.FILE:
        given = _from_file(document, edited)
    else:
        given = _chosen(values, incident)
    return Outline(
        shape=shape,
        level=values["level"] or ZoneLevel.DANGER,
        given=given,
        margin_km=margin_km,
    )


def _drawn(corners: str, edited: Zone | None) -> dict[str, Any]:
    """Read corners; of a program's shape they show one part, and it stays whole."""
    if edited is not None and edited.shape == Zone.Shape.POLYGON:
        kept: dict[str, Any] = edited.given
        if "ring" not in kept and corners.split() == _corners(edited).split():
            return kept
    return {"ring": [list(point) for point in coordinates.ring(corners)]}


def _chosen(values: dict[str, str], incident: Incident) -> dict[str, Any]:
    """Read what was chosen from a list."""
    shape = values["shape"]
    if shape == Zone.Shape.COUNTRY:
        return {"code": values["code"]}
    if shape == Zone.Shape.REGION:
        return {"code": region_code(values["region"], incident.country)}
    if shape in (Zone.Shape.MISSION, Zone.Shape.SAVED):
        return {shape: words.row_number(values[shape].strip())}
    return {}


def region_option(code: str) -> str:
    """Write a region as the page's list offers it.

    Examples
    --------
    >>> region_option("CR-G")
    'Guanacaste, Costa Rica (CR-G)'
    """
    name, country = regions.region_name(code), gazetteer.country_name(code[:2])
    return f"{name}, {country} ({code})"


def region_code(text: str, country: str) -> str:
    """Read a region: one of the list, its code, or a name that only one has.

    Raises
    ------
    FieldsError
        When there is none, or several; with those that it may be.
    """
    text = text.strip()
    code = text.rpartition("(")[2].rstrip(")").strip().upper()
    if code in regions.regions(code[:2]):
        return code
    found = regions.codes_like(fold(text))
    if len(found) > 1:
        same = [each for each in found if fold(regions.region_name(each)) == fold(text)]
        here = [each for each in (same or found) if each[:2] == country]
        found = here if len(here) == 1 else (same or found)
    if len(found) == 1:
        return found[0]
    if not found:
        words = "There is no region of this name; choose one from the list."
        raise FieldsError({"region": words})
    several = "; ".join(region_option(each) for each in found[:5])
    raise FieldsError({"region": f"Which one? {several}"})


def read(upload: UploadedFile | None) -> bytes:
    """Return the bytes of an uploaded file, one more than are allowed at most."""
    return upload.read(MAX_BYTES + 1) if upload is not None else b""


def _from_file(document: bytes, edited: Zone | None) -> dict[str, Any]:
    """Read GeoJSON or KML; its name says nothing, its first letter does."""
    if not document and edited is not None and edited.shape == Zone.Shape.FILE:
        kept: dict[str, Any] = edited.given
        return kept
    start = document.lstrip(b"\xef\xbb\xbf \t\r\n")[:2]
    if not start:
        raise FieldsError({"file": "Choose a GeoJSON or KML file."})
    if start == b"PK":
        words = "This file is zipped, as KMZ is; unzip it and take the .kml inside."
        raise FieldsError({"file": words})
    reader = "from_kml" if start[:1] == b"<" else "from_geojson_file"
    return shapes.to_geojson(checked("file", f"geo.shapes.{reader}", document))


def _number(values: dict[str, str], name: str, default: str = "") -> float:
    text = values[name].strip() or default
    if name.endswith("_km") and _THOUSANDS.fullmatch(text):
        both = f"{text.replace(',', '')} or {text.replace(',', '.')}"
        raise FieldsError({name: f"“{text}” can be read as two numbers; write {both}."})
    try:
        return coordinates.number(text)
    except ValueError:
        raise FieldsError({name: "Give a number, such as 12.5."}) from None


def include(post: QueryDict) -> dict[str, bool]:
    """Read whom to include."""
    return {name: post.get(f"include_{name}") == "1" for name in INCLUDE}


def zone_of(incident: Incident, number: str) -> Zone:
    """Find one of an incident's zones by the number that came with a form."""
    return get_object_or_404(incident.zones, pk=words.row_number(number))


def _moment(typed: str) -> datetime:
    """Read when a zone on the screen was saved; what is no moment fits no zone."""
    try:
        return datetime.fromisoformat(typed).astimezone(UTC)
    except (ValueError, OverflowError):
        return NEVER


def saved_area(posted: QueryDict, incident: Incident) -> SavedArea:
    """Find the kept area that is chosen.

    Raises
    ------
    FieldsError
        When none is.
    """
    usable = SavedArea.objects.for_use_in(incident)
    area = usable.filter(pk=words.row_number(str(posted.get("saved", "")))).first()
    if area is None:
        raise FieldsError({"saved": "Choose the kept area that is to go."})
    return area


@dataclass(frozen=True, kw_only=True)
class Form:
    """What came with the page's form, and the zone that it changes.

    That zone says it was saved when the one on the screen was: `zoning.save` then
    refuses to write over what somebody else has saved since.
    """

    values: dict[str, str]
    document: bytes = b""
    edited: Zone | None = None

    @classmethod
    def of(cls, request: HttpRequest, incident: Incident) -> "Form":
        """Read a request's form; that of a page that is only looked at shows a zone."""
        number = request.POST.get("zone") or request.GET.get("zone") or ""
        edited = zone_of(incident, number) if number else None
        if request.method != "POST":
            return cls(values=values_of(edited), edited=edited)
        document = read(request.FILES.get("file"))
        if edited is not None and (seen := request.POST.get("zone_at")):
            edited.saved_at = _moment(seen)
        return cls(values=typed(request.POST), document=document, edited=edited)

    def is_given(self) -> bool:
        """Tell whether it holds an outline that was begun."""
        return is_given(self.values, self.document)

    def outline(self, incident: Incident) -> Outline:
        """Read its outline."""
        return outline(self.values, incident, self.document, self.edited)
