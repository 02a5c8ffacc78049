"""Pages of the duty officer beside the board: people and replies."""

from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from alerts.checkins.answers import attributing, audiences, inbox, inboxes, media
from alerts.checkins.board import boards, counting, inside
from alerts.checkins.board.titles import REACH_TITLES, STATUS_NAMES
from alerts.checkins.models import Inbound, Label
from alerts.incidents import framing
from alerts.incidents.models import Audience, Incident
from consular import languages
from consular.missions import audit
from consular.missions.access import Verb, may, officer_of, officer_page
from consular.missions.models import Officer
from consular.people.models import Person

A_PAGE = 100


def _zones(incident: Incident | None) -> dict[str, Any]:
    place = incident.time_zone if incident else "UTC"
    return {
        "now": timezone.now(),
        "place_zone": ZoneInfo(place),
        "ministry_zone": ZoneInfo(settings.MINISTRY_TIME_ZONE),
    }


def chosen_of(request: HttpRequest) -> inside.Chosen:
    """Read which people are wanted from an address."""
    names = ("status", "language", "reach", "needs", "place")
    return inside.Chosen(**{name: request.GET.get(name, "")[:16] for name in names})


@officer_page(Verb.ANSWER)
@require_safe
def people(request: HttpRequest, reference: str) -> HttpResponse:
    """List the people inside; every number of the board leads here."""
    incident = framing.incident_of(request, reference, Verb.ANSWER)
    context = _zones(incident)
    now, officer = context["now"], officer_of(request)
    chosen = chosen_of(request)
    row = counting.current(incident, now)
    number = request.GET.get("page", "")
    page = min(int(number), 10**6) if number.isdecimal() and number != "0" else 1
    wanted = inside.rows(incident, chosen, (page - 1) * A_PAGE, A_PAGE + 1)
    known = Person.objects.select_related("registration").in_bulk(
        [each.person_id for each in wanted]
    )
    audit.record("view_people", officer, incident.key, now, people=len(known))
    kept = request.GET.copy()
    kept.pop("page", None)
    context |= {
        "incident": incident,
        "tab": "people",
        "as_of": row.as_of,
        "totals": boards.totals_of(row),
        "matching": inside.count(incident, chosen),
        "statuses": [(n, title, row.totals[n]) for n, title in STATUS_NAMES.items()],
        "reaches": [(name, REACH_TITLES[name], row.reach[name]) for name in row.reach],
        "languages": languages.LANGUAGES,
        "chosen": chosen,
        "kept": kept.urlencode(),
        "page": page,
        "has_more": len(wanted) > A_PAGE,
        "may_answer": may(officer, Verb.ANSWER, now, incident.territory),
        "rows": [
            (
                each,
                known[each.person_id],
                STATUS_NAMES[each.status],
                REACH_TITLES[each.reach],
            )
            for each in wanted[:A_PAGE]
            if each.person_id in known
        ],
    }
    return render(request, "checkins/people.html", context)


@officer_page(Verb.ANSWER)
@require_safe
def replies(request: HttpRequest, reference: str = "") -> HttpResponse:
    """Show the replies that wait, calls for help first, and the last ones read."""
    officer = officer_of(request)
    incident = (
        framing.incident_of(request, reference, Verb.ANSWER) if reference else None
    )
    context = _zones(incident)
    seen_replies = inboxes.seen_by(officer, context["now"])
    waiting = inboxes.calls_first(seen_replies.filter(state=Inbound.State.INBOX))
    recent = seen_replies.exclude(state=Inbound.State.INBOX).order_by("-id")
    if incident:
        recent = recent.filter(incident=incident)
    rows = [(row, _who(row, officer), media.of(row)) for row in waiting[:A_PAGE]]
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


def _who(inbound: Inbound, officer: Officer) -> list[Audience]:
    """Return whose answer it may be, among the incidents that an officer reaches."""
    seen = Incident.objects.seen_by(officer, timezone.now(), Verb.ANSWER)
    known = set(seen.values_list("pk", flat=True))
    rows = attributing.candidates(inbound)
    return [row for row in rows if row.alert.incident_id in known]


@officer_page(Verb.ANSWER)
@require_POST
def handle(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what a reply means, and for whom."""
    officer = officer_of(request)
    inbound = get_object_or_404(inboxes.seen_by(officer, timezone.now()), pk=pk)
    label = request.POST.get("label", "")
    code = request.POST.get("audience", "")
    rows = [row for row in _who(inbound, officer) if not code or str(row.pk) == code]
    served = audiences.persons(rows)
    if label not in (*inbox.STATUSES, inbox.NOTHING):
        messages.error(request, "Say what the reply means.")
    elif label != inbox.NOTHING and not served:
        messages.error(request, "Nobody of this number is in an open incident.")
    elif inbox.handle(inbound, label, served, officer_of(request), timezone.now()):
        messages.success(request, "Done. The reply is kept with what you said.")
    else:
        messages.error(request, "Another officer was quicker with this reply.")
    back = request.POST.get("back", "")
    return redirect(back if back.startswith("/desk/") else "checkins:inbox_all")
