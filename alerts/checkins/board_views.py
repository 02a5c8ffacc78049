"""The duty officer's live view: one page, and the short answers that keep it fresh."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from alerts.checkins import boards, pictures
from alerts.checkins.models import Case, CheckIn, Inbound, Status
from alerts.incidents import framing
from alerts.incidents.models import Incident
from consular.missions import audit
from consular.missions.access import Verb, may, officer_of, officer_page
from consular.people.models import Contact

FRAGMENTS = ("tiles", "picture", "cases", "timeline")
PLOT_WIDTH, PLOT_UP, PLOT_DOWN = 1000.0, 56.0, 18.0
LONGEST_LIST = 200


@dataclass(frozen=True)
class Row:
    """A case as the list shows it."""

    case: Case
    call: CheckIn | None
    companions: int
    has_minor: bool
    phone: str
    lon: float | None
    lat: float | None
    waiting_min: int


def _rows(incident: Incident, board: boards.Board, now: datetime) -> list[Row]:
    """List the open cases: not taken before taken, then the worst, then the longest."""
    calls = CheckIn.objects.filter(
        incident=incident, status=Status.NEEDS_HELP
    ).order_by("-stated_at", "-id")
    cases = (
        Case.objects.filter(incident=incident, closed_at=None)
        .select_related("person__registration", "owner")
        .prefetch_related(
            Prefetch("person__checkins", queryset=calls, to_attr="calls"),
            "person__registration__persons",
            Prefetch(
                "person__registration__contacts",
                queryset=Contact.objects.filter(
                    kind=Contact.Kind.PHONE, role=Contact.Role.OWN
                ),
                to_attr="phones",
            ),
        )
    )
    places = {person.person_id: (person.lon, person.lat) for person in board.people}
    rows = [_row(case, places, now) for case in cases]
    rows.sort(
        key=lambda row: (
            row.case.owner_id is not None,
            -row.case.priority,
            row.case.opened_at,
        )
    )
    return rows


def _row(
    case: Case, places: dict[int, tuple[float | None, float | None]], now: datetime
) -> Row:
    person: Any = case.person  # with what `_rows` fetched beside it
    call = next(iter(person.calls), None)
    lon, lat = places.get(case.person_id, (None, None))
    if call is not None and call.lon is not None:
        lon, lat = call.lon, call.lat
    party = list(case.person.registration.persons.all())
    phone = next(iter(person.registration.phones), None)
    return Row(
        case=case,
        call=call,
        companions=len(party) - 1,
        has_minor=any(person.is_minor for person in party),
        phone=phone.address if phone else "",
        lon=lon,
        lat=lat,
        waiting_min=int((now - case.opened_at).total_seconds() // 60),
    )


def _context(request: HttpRequest, incident: Incident, now: datetime) -> dict[str, Any]:
    board = boards.of(incident, now)
    rows = _rows(incident, board, now)
    view = pictures.view_of(incident, request.GET.get("view", ""))
    calls = [
        pictures.Call(row.lon, row.lat, row.case.pk)
        for row in rows
        if row.lon is not None and row.lat is not None
    ]
    line = boards.timeline(incident, now)
    return {
        "incident": incident,
        "board": board,
        "totals": board.totals,
        "reach": board.reach,
        "rows": rows[:LONGEST_LIST],
        "rows_total": len(rows),
        "not_taken": sum(row.case.owner_id is None for row in rows),
        "picture": pictures.picture(incident, board, calls, view),
        "view": view,
        "closer": view.zoomed(2),
        "further": view.zoomed(0.5),
        "line": line,
        "bars": pictures.bars(line, PLOT_WIDTH, PLOT_UP, PLOT_DOWN),
        "bar_width": round(PLOT_WIDTH / boards.STEPS * 0.82, 1),
        "inbox_count": Inbound.objects.filter(state=Inbound.State.INBOX).count(),
        "outcomes": Status.choices,
        "may_answer": may(officer_of(request), Verb.ANSWER, now, incident.territory),
        "now": now,
        "place_zone": ZoneInfo(incident.time_zone),
        "ministry_zone": ZoneInfo(settings.MINISTRY_TIME_ZONE),
        "tab": "board",
    }


@officer_page(Verb.WATCH)
@require_safe
def board(request: HttpRequest, reference: str) -> HttpResponse:
    """Show the live map and the list of those who need help first."""
    incident = framing.incident_of(request, reference)
    now = timezone.now()
    context = _context(request, incident, now)
    context["cursor"] = boards.version(incident)
    context["look"] = "wall" if request.GET.get("look") == "wall" else "desk"
    audit.record(
        "view_board", officer_of(request), incident.key, now, cases=len(context["rows"])
    )
    return render(request, "checkins/board.html", context)


@officer_page(Verb.WATCH)
@require_safe
def live(request: HttpRequest, reference: str) -> HttpResponse:
    """Answer 304 when nothing changed since a cursor, else the parts that are shown."""
    incident = framing.incident_of(request, reference)
    cursor = boards.version(incident)
    if request.GET.get("since") == cursor:
        return HttpResponseNotModified()
    now = timezone.now()
    context = _context(request, incident, now)
    parts = {
        name: render_to_string(f"checkins/_{name}.html", context, request)
        for name in FRAGMENTS
    }
    return JsonResponse(
        {
            "cursor": cursor,
            "now": now.isoformat(),
            "help": context["totals"][Status.NEEDS_HELP.value],
            "parts": parts,
        }
    )
