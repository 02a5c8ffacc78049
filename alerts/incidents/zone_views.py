"""The zone page: draw, type, choose; see who is inside. Nothing is sent from it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_http_methods, require_POST

from alerts.incidents import (
    drafting,
    framing,
    headcount,
    pictures,
    previewing,
    zone_forms,
    zoning,
)
from alerts.incidents.crowds import Crowd
from alerts.incidents.errors import FieldsError, IncidentError
from alerts.incidents.framing import Frame
from alerts.incidents.models import Incident, Zone, ZoneLevel
from alerts.incidents.previewing import LevelArea
from consular.missions.access import Verb, may, officer_page
from geo import gazetteer, shapes


@officer_page(Verb.WATCH)
@require_http_methods(["GET", "HEAD", "POST"])
def zone(request: HttpRequest, reference: str) -> HttpResponse:
    """Show and change the zones of an incident."""
    frame = framing.frame(request, reference)
    edited = _edited(request, frame.incident)
    values, errors = zone_forms.values_of(edited), {}
    if request.method == "POST":
        values = zone_forms.typed(request.POST)
        try:
            return _act(request, frame, values, edited)
        except FieldsError as error:
            errors = error.errors
        except IncidentError as error:
            errors = {"shape": str(error)}
    include = frame.draft.include if frame.draft else drafting.INCLUDE
    if request.method == "POST":
        include = zone_forms.include(request.POST)
    view = pictures.view_of(frame.incident, 720, 640)
    area = previewing.outline(frame.incident)
    context = frame.context(request, "zone") | {
        "values": values,
        "errors": errors,
        "edited": edited,
        "zones": frame.incident.zones.select_related("saved_by"),
        "levels": ZoneLevel.choices,
        "countries": sorted(gazetteer.countries().items(), key=lambda pair: pair[1]),
        "include": include,
        "may_draw": may(
            framing.officer_of(request),
            Verb.DECLARE,
            frame.now,
            frame.incident.territory,
        ),
        "view": view,
        "places": pictures.places_near(view),
        "crowd": _spots(
            previewing.crowd(frame.incident, area, frame.now, include, view.zoom)
        ),
        "picture": pictures.of_incident(frame.incident, 720, 640),
        "drawn": [
            {"id": each.pk, "level": each.level, "geometry": each.geometry}
            for each in frame.incident.zones.all()
        ],
        **headcount.context(
            previewing.count(
                frame.incident, frame.now, include=include, valid_hours=_hours(frame)
            )
        ),
    }
    return render(request, "incidents/zone.html", context)


def _spots(crowd: list[Crowd]) -> list[tuple[float, float, int]]:
    return [(each.lon, each.lat, each.people) for each in crowd]


def _hours(frame: Frame) -> int:
    return frame.draft.valid_hours if frame.draft else 12


def _edited(request: HttpRequest, incident: Incident) -> Zone | None:
    number = request.POST.get("zone") or request.GET.get("zone") or ""
    if not number.isdecimal() or len(number) > 17:
        return None
    return get_object_or_404(incident.zones, pk=int(number))


def _act(
    request: HttpRequest, frame: Frame, values: dict[str, str], edited: Zone | None
) -> HttpResponse:
    """Do what the pressed button says; every button keeps whom to include."""
    incident, officer, now = frame.incident, framing.officer_of(request), frame.now
    action = request.POST.get("action", "save")
    if action.startswith("remove-"):
        number = action.removeprefix("remove-")
        known = number.isdecimal() and len(number) < 18
        gone = get_object_or_404(incident.zones, pk=int(number) if known else 0)
        zoning.remove(gone, officer, now)
        messages.success(request, "Zone removed.")
        return redirect("incidents:zone", incident.reference)
    given = zone_forms.is_given(values)
    if given or action == "save":
        outline = zone_forms.outline(values)
        if edited is None or _differs(edited, outline):
            zoning.save(incident, outline, officer, now, zone=edited)
    draft = drafting.begin(incident, officer, now)
    drafting.set_include(draft, zone_forms.include(request.POST), officer, now)
    if action == "continue":
        if not incident.zones.exists():
            raise FieldsError({"shape": "Set a zone first."})
        return redirect("incidents:message", incident.reference)
    messages.success(request, "Zone saved. Nothing has been sent.")
    where = "incidents:page" if action == "leave" else "incidents:zone"
    return redirect(where, incident.reference)


def _differs(edited: Zone, outline: zoning.Outline) -> bool:
    same = zone_forms.outline(zone_forms.values_of(edited))
    return same != outline


@officer_page(Verb.DECLARE)
@require_POST
def preview(request: HttpRequest) -> JsonResponse:
    """Count who is inside what is on screen, saved or not; nothing is written.

    Answers `people`, the part of the page that shows the counts, the outline's geometry
    with its margin, and the errors of its fields; asked `quick`, while something is
    being dragged, only a figure that is about right.
    """
    frame = framing.frame(request, request.POST.get("incident", "")[:16])
    incident = frame.incident
    values = zone_forms.typed(request.POST)
    edited = _edited(request, incident)
    areas, drawn, errors = _on_screen(incident, values, edited)
    if request.POST.get("quick"):
        people = previewing.count_quickly(incident, areas, frame.now, _hours(frame))
        return JsonResponse({"people": people, "is_quick": True, "errors": errors})
    include = zone_forms.include(request.POST)
    counts = previewing.count(
        incident, frame.now, areas=areas, include=include, valid_hours=_hours(frame)
    )
    last = request.POST.get("last", "")
    shown = headcount.context(counts, last=int(last) if last.isdecimal() else None)
    html = render_to_string(
        "incidents/_count.html", frame.context(request, "zone") | shown, request
    )
    shape = previewing.joined(area for _, area in areas)
    crowd = previewing.crowd(incident, shape, frame.now, include, _zoom(request))
    return JsonResponse(
        {
            "people": counts["people"],
            "html": html,
            "geometry": drawn,
            "errors": errors,
            "rules": shown["rules"],
            "crowd": _spots(crowd),
        }
    )


def _on_screen(
    incident: Incident, values: dict[str, str], edited: Zone | None
) -> tuple[list[LevelArea], dict[str, Any] | None, dict[str, str]]:
    """Return the areas on screen, what of them is being drawn, and what is wrong."""
    areas = [
        (zone.level, shapes.from_geojson(zone.geometry))
        for zone in incident.zones.all()
        if zone != edited
    ]
    if not zone_forms.is_given(values):
        return areas, None, {}
    try:
        outline = zone_forms.outline(values)
        area = zoning.area_of(outline, incident)
    except FieldsError as error:
        return areas, None, error.errors
    areas.append((outline.level, area.geometry))
    return areas, shapes.to_geojson(area.geometry), {}


def _zoom(request: HttpRequest) -> float:
    """Return the map's zoom, for gathering people into spots."""
    try:
        zoom = float(request.POST.get("zoom", ""))
    except ValueError:
        return 7.0
    return zoom if 0 <= zoom <= 22 else 7.0
