"""The duty officer's inbox: the replies that wait, and what they mean."""

from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from alerts.checkins.answers import attributing, audiences, inbox, inboxes, media
from alerts.checkins.models import Inbound, Label
from alerts.incidents import framing
from alerts.incidents.models import Audience, Incident
from consular.missions import audit
from consular.missions.access import Verb, officer_of, officer_page
from consular.missions.models import Officer

A_PAGE = 100


def _zones(incident: Incident | None) -> dict[str, Any]:
    place = incident.time_zone if incident else "UTC"
    return {
        "now": timezone.now(),
        "place_zone": ZoneInfo(place),
        "ministry_zone": ZoneInfo(settings.MINISTRY_TIME_ZONE),
    }


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
    rows = attributing.offered(inbound)
    return [row for row in rows if row.alert.incident_id in known]


@officer_page(Verb.ANSWER)
@require_POST
def handle(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what a reply means, and for whom."""
    officer = officer_of(request)
    inbound = get_object_or_404(inboxes.seen_by(officer, timezone.now()), pk=pk)
    label = request.POST.get("label", "")
    code = request.POST.get("audience", "")
    of_phone = attributing.candidates(inbound)
    rows = [
        row
        for row in _who(inbound, officer)
        if (str(row.pk) == code if code else row in of_phone)
    ]
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
