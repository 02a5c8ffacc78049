"""The zone page: draw, type, choose; see who is inside. Nothing is sent from it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from alerts.incidents import framing, pictures
from alerts.incidents.drafts import drafting
from alerts.incidents.errors import FieldsError, IncidentError
from alerts.incidents.framing import Frame
from alerts.incidents.models import Incident, SavedArea, Zone, ZoneLevel
from alerts.incidents.zones import (
    headcount,
    previewing,
    saving,
    sketching,
    zone_forms,
    zone_live_views,
    zoning,
)
from alerts.incidents.zones.outlining import Outline
from alerts.incidents.zones.zone_forms import Form, zone_of
from consular.missions.access import Verb, may, officer_page
from consular.missions.models import Mission
from geo import gazetteer, regions


@officer_page(Verb.WATCH)
@require_http_methods(["GET", "HEAD", "POST"])
def zone(request: HttpRequest, reference: str) -> HttpResponse:
    """Show and change the zones of an incident."""
    frame = framing.frame(request, reference)
    form, errors = Form.of(request, frame.incident), {}
    sketch = None
    if request.method == "POST":
        try:
            return _act(request, frame, form)
        except FieldsError as error:
            errors = error.errors
        except IncidentError as error:
            errors = {"shape": str(error)}
    elif form.edited is None:
        officer = framing.officer_of(request)
        sketch = sketching.left_behind(frame.incident, officer, frame.now)
    values = form.values | (sketch.values if sketch else {})
    context = {"values": values, "errors": errors, "sketch": sketch}
    context |= frame.context(request, "zone") | _shown(request, frame, form)
    return render(request, "incidents/zone.html", context)


def _shown(request: HttpRequest, frame: Frame, form: Form) -> dict[str, Any]:
    """Return what the page shows beside what was typed."""
    incident, officer = frame.incident, framing.officer_of(request)
    include = frame.draft.include if frame.draft else drafting.INCLUDE
    if request.method == "POST":
        include = zone_forms.include(request.POST)
    view = pictures.view_of(incident, 720, 640)
    area = previewing.outline(incident)
    zones = list(incident.zones.select_related("saved_by"))
    counts = previewing.count(
        incident,
        frame.now,
        include=include,
        valid_hours=zone_live_views.valid_hours(frame),
    )
    return {
        "edited": form.edited,
        "zones": zones,
        "levels": ZoneLevel.choices,
        "include": include,
        "may_draw": may(officer, Verb.DECLARE, frame.now, incident.territory),
        "view": view,
        "places": pictures.places_near(view),
        "crowd": zone_live_views.spots(
            previewing.crowd(incident, area, frame.now, include, view.zoom)
        ),
        "picture": pictures.of_incident(incident, 720, 640),
        "drawn": [
            {"id": each.pk, "level": each.level, "geometry": each.geometry}
            for each in zones
        ],
        **_choices(incident),
        **headcount.context(counts),
    }


def _choices(incident: Incident) -> dict[str, Any]:
    """Return what can be chosen instead of drawn."""
    here = regions.regions(incident.country)
    return {
        "countries": sorted(gazetteer.countries().items(), key=lambda pair: pair[1]),
        "regions": [zone_forms.region_option(code) for code in here],
        "missions": [each for each in Mission.objects.all() if each.serves],
        "saved_areas": SavedArea.objects.for_use_in(incident),
    }


def _act(request: HttpRequest, frame: Frame, form: Form) -> HttpResponse:
    """Do what the pressed button says; every button keeps whom to include."""
    incident, officer, now = frame.incident, framing.officer_of(request), frame.now
    action, _, number = request.POST.get("action", "save").partition("-")
    if action in ("remove", "keep", "forget", "discard"):
        words = _aside(request, frame, action, number)
        messages.success(request, words)
        return redirect("incidents:zone", incident.reference)
    if form.is_given() or action == "save":
        outline = form.outline(incident)
        if form.edited is None or _differs(form.edited, outline):
            zoning.save(incident, outline, officer, now, zone=form.edited)
    sketching.drop(incident, officer)
    draft = drafting.begin(incident, officer, now)
    drafting.set_include(draft, zone_forms.include(request.POST), officer, now)
    if action == "continue":
        if not incident.zones.exists():
            raise FieldsError({"shape": "Set a zone first."})
        return redirect("incidents:message", incident.reference)
    messages.success(request, "Zone saved. Nothing has been sent.")
    where = "incidents:page" if action == "leave" else "incidents:zone"
    return redirect(where, incident.reference)


def _aside(request: HttpRequest, frame: Frame, action: str, number: str) -> str:
    """Do what changes nothing of what is being drawn; return the words for it."""
    incident, officer, now = frame.incident, framing.officer_of(request), frame.now
    if action == "discard":
        sketching.drop(incident, officer)
        return "What was not saved is gone."
    if action == "forget":
        area = zone_forms.saved_area(request.POST, incident)
        saving.forget(area, officer, now)
        return f"“{area.name}” is no longer kept. Zones made from it stay."
    zone = zone_of(incident, number)
    if action == "keep":
        area = saving.keep(zone, request.POST.get(f"name-{number}", ""), officer, now)
        return f"Kept for later as “{area.name}”."
    zoning.remove(zone, officer, now)
    return "Zone removed."


def _differs(edited: Zone, outline: Outline) -> bool:
    values = zone_forms.values_of(edited)
    same = zone_forms.outline(values, edited.incident, edited=edited)
    return same != outline
