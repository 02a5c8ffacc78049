"""Pages of the duty officer beside the board: people, replies, cases."""

from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from alerts.checkins import audiences, boards, cases, inbox
from alerts.checkins.models import Case, Inbound, Label
from alerts.incidents import framing
from alerts.incidents.models import Audience, Incident
from consular.missions import audit
from consular.missions.access import Verb, officer_of, officer_page
from consular.people.models import Person

A_PAGE = 100
STATUS_NAMES = {
    "needs_help": "Need help",
    boards.SILENT: "No answer",
    boards.UNREACHABLE: "Unreachable",
    "safe": "Safe",
    "not_here": "Not in the area",
    "left": "Have left",
}


def _zones(incident: Incident | None) -> dict[str, Any]:
    place = incident.time_zone if incident else "UTC"
    return {
        "now": timezone.now(),
        "place_zone": ZoneInfo(place),
        "ministry_zone": ZoneInfo(settings.MINISTRY_TIME_ZONE),
    }


@officer_page(Verb.WATCH)
@require_safe
def people(request: HttpRequest, reference: str) -> HttpResponse:
    """List the people inside, by status; every number of the board leads here."""
    incident = framing.incident_of(request, reference)
    context = _zones(incident)
    board = boards.of(incident, context["now"])
    wanted = request.GET.get("status", "")
    chosen = [p for p in board.people if not wanted or p.status == wanted]
    page = Paginator(chosen, A_PAGE).get_page(request.GET.get("page"))
    known = Person.objects.select_related("registration").in_bulk(
        [each.person_id for each in page]
    )
    audit.record(
        "view_people",
        officer_of(request),
        incident.key,
        context["now"],
        people=len(known),
    )
    context |= {
        "incident": incident,
        "tab": "people",
        "totals": board.totals,
        "statuses": STATUS_NAMES,
        "wanted": wanted,
        "page": page,
        "rows": [
            (each, known[each.person_id], STATUS_NAMES[each.status])
            for each in page
            if each.person_id in known
        ],
    }
    return render(request, "checkins/people.html", context)


@officer_page(Verb.WATCH)
@require_safe
def replies(request: HttpRequest, reference: str = "") -> HttpResponse:
    """Show the replies that wait, the oldest first, and the last ones read."""
    incident = framing.incident_of(request, reference) if reference else None
    context = _zones(incident)
    waiting = Inbound.objects.filter(state=Inbound.State.INBOX).order_by("id")
    recent = Inbound.objects.exclude(state=Inbound.State.INBOX).order_by("-id")
    if incident:
        recent = recent.filter(incident=incident)
    rows = [(row, _who(row)) for row in waiting[:A_PAGE]]
    seen = len(rows)
    audit.record(
        "view_inbox", officer_of(request), "inbox", context["now"], replies=seen
    )
    context |= {
        "incident": incident,
        "tab": "inbox",
        "section": "incidents",
        "rows": rows,
        "waiting": waiting.count(),
        "recent": recent[:30],
        "labels": Label.choices,
    }
    return render(request, "checkins/inbox.html", context)


def _who(inbound: Inbound) -> list[Audience]:
    return audiences.of_address(inbound.from_key, inbound.channel)[:6]


@officer_page(Verb.ANSWER)
@require_POST
def handle(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what a reply means, and for whom."""
    inbound = get_object_or_404(Inbound, pk=pk)
    label = request.POST.get("label", "")
    code = request.POST.get("audience", "")
    rows = [row for row in _who(inbound) if not code or str(row.pk) == code]
    served = audiences.persons(rows)
    if label in ("safe", "help") and not served:
        messages.error(request, "Nobody of this number is in an open incident.")
    elif inbox.handle(inbound, label, served, officer_of(request), timezone.now()):
        messages.success(request, "Done. The reply is kept with what you said.")
    else:
        messages.error(request, "Another officer was quicker with this reply.")
    back = request.POST.get("back", "")
    return redirect(back if back.startswith("/desk/") else "checkins:inbox_all")


def _case_of(request: HttpRequest, pk: int) -> Case:
    """Return a case of an incident that the officer may answer in."""
    cases_of_all = Case.objects.select_related("incident", "person")
    case = get_object_or_404(cases_of_all, pk=pk)
    framing.incident_of(request, case.incident.reference, Verb.ANSWER)
    return case


@officer_page(Verb.ANSWER)
@require_POST
def take(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a case that nobody has."""
    case = _case_of(request, pk)
    if cases.take(case, officer_of(request), timezone.now()):
        messages.success(request, "The case is yours. The person was told so.")
    else:
        messages.error(request, "Another officer has this case already.")
    return _back_to(case)


@officer_page(Verb.ANSWER)
@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a case with an outcome."""
    case = _case_of(request, pk)
    note = request.POST.get("note", "").replace("\x00", "").strip()[:300]
    outcome = request.POST.get("outcome", "")
    if not note:
        messages.error(request, "Say how we know, then close the case.")
    elif cases.close(case, officer_of(request), outcome, note, timezone.now()):
        messages.success(request, "The case is closed.")
    else:
        messages.error(request, "The case was closed already, or has no outcome.")
    return _back_to(case)


def _back_to(case: Case) -> HttpResponse:
    response = redirect("checkins:board", case.incident.reference)
    response["Location"] += f"#case-{case.pk}"
    return response
