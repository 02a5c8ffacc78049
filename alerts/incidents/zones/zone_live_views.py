"""Answer the zone page's script: who is inside what is on screen, who else is here."""

from dataclasses import asdict

from django.http import HttpRequest, JsonResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST

from alerts.incidents import framing
from alerts.incidents.errors import FieldsError
from alerts.incidents.framing import Frame
from alerts.incidents.models import Incident, Zone
from alerts.incidents.zones import headcount, previewing, sketching, zone_forms
from alerts.incidents.zones.crowds import Crowd
from alerts.incidents.zones.outlining import Area, area_of
from alerts.incidents.zones.previewing import LevelArea
from alerts.incidents.zones.zone_forms import Form
from consular import words
from consular.missions.access import Verb, officer_page
from geo import shapes


def spots(crowd: list[Crowd]) -> list[tuple[float, float, int]]:
    """Return people by place, as the map's script takes them."""
    return [(each.lon, each.lat, each.people) for each in crowd]


def valid_hours(frame: Frame) -> int:
    """Return how long the message that is being written is to be valid."""
    return frame.draft.valid_hours if frame.draft else 12


@officer_page(Verb.DECLARE)
@require_POST
def here(request: HttpRequest, reference: str) -> JsonResponse:
    """Keep what is on the page and not saved, and tell who else is on it.

    Answers `names` of the others, `drawing` of those who have something unsaved, and
    `saved_at`, when one of them last saved a zone.
    """
    frame = framing.frame(request, reference)
    officer = framing.officer_of(request)
    values = zone_forms.typed(request.POST) if request.POST.get("keep") else None
    sketching.keep(frame.incident, officer, values, frame.now)
    company = sketching.company(frame.incident, officer, frame.now)
    return JsonResponse(asdict(company))


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
    areas, drawn, errors = _on_screen(incident, Form.of(request, incident))
    if request.POST.get("quick"):
        people = previewing.count_quickly(
            incident, areas, frame.now, valid_hours(frame)
        )
        return JsonResponse({"people": people, "is_quick": True, "errors": errors})
    include = zone_forms.include(request.POST)
    counts = previewing.count(
        incident,
        frame.now,
        areas=areas,
        include=include,
        valid_hours=valid_hours(frame),
    )
    last = request.POST.get("last", "")
    before = words.row_number(last) if last.isdecimal() else None
    shown = headcount.context(counts, last=before)
    html = render_to_string(
        "incidents/_count.html", frame.context(request, "zone") | shown, request
    )
    shape = previewing.joined(area for _, area in areas)
    crowd = previewing.crowd(incident, shape, frame.now, include, _zoom(request))
    return JsonResponse(
        {
            "people": counts["people"],
            "html": html,
            "geometry": shapes.to_geojson(drawn.geometry) if drawn else None,
            "crossing": drawn.crossing if drawn else None,
            "warning": drawn.warning if drawn else "",
            "errors": errors,
            "rules": shown["rules"],
            "crowd": spots(crowd),
        }
    )


def _on_screen(
    incident: Incident, form: Form
) -> tuple[list[LevelArea], Area | None, dict[str, str]]:
    """Return the areas on screen, what of them is being drawn, and what is wrong."""
    areas = [
        (zone.level, shapes.from_geojson(zone.geometry))
        for zone in incident.zones.all()
        if zone != form.edited
    ]
    if not form.is_given() and form.values["shape"] != Zone.Shape.HAZARD:
        return areas, None, {}
    try:
        outline = form.outline(incident)
        area = area_of(outline, incident)
    except FieldsError as error:
        return areas, None, error.errors
    areas.append((outline.level, area.geometry))
    return areas, area, {}


def _zoom(request: HttpRequest) -> float:
    """Return the map's zoom, for gathering people into spots."""
    try:
        zoom = float(request.POST.get("zoom", ""))
    except ValueError:
        return 7.0
    return zoom if 0 <= zoom <= 22 else 7.0
