"""Look at everything at a glance, hand it over; the second person's yes or no."""

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from alerts.incidents import framing, pictures
from alerts.incidents.approving import approval
from alerts.incidents.drafts import (
    comparing,
    drafting,
    message_forms,
    reckoning,
    templating,
)
from alerts.incidents.errors import FieldsError, ForbiddenError, IncidentError
from alerts.incidents.framing import Frame
from alerts.incidents.models import Draft
from alerts.incidents.zones import previewing
from consular.missions.access import MAY, Verb, officer_page
from consular.missions.models import Officer, Posting
from consular.missions.sign_in import stepping
from consular.modes import Mode

TICKS = {
    "tick_zone": "Tick that the zone and the number of people are right.",
    "tick_text": "Tick that you read the message.",
}
TICK_REAL = {"tick_real": "Tick that this is real, not an exercise."}


def _at_a_glance(request: HttpRequest, frame: Frame, page: str) -> dict[str, Any]:
    """Return what check and approve show alike: exactly what will be sent."""
    draft, incident = frame.draft, frame.incident
    assert draft is not None
    said = drafting.content_of(draft)
    counts = previewing.of_draft(draft, frame.now)
    columns = message_forms.columns(
        said, message_forms.languages_in(said), incident.mode, counts
    )
    message_forms.say_what_is_missing(columns, said, incident)
    shares = previewing.phone_shares(draft, frame.now) if reckoning.asks(said) else {}
    ways = reckoning.ways(said, incident.mode, counts, shares)
    last, now_shown = _before(draft), comparing.snapshot(draft, counts)
    before = draft.preview.get("people") if draft.state == "submitted" else None
    return frame.context(request, page) | {
        "counts": counts,
        "people": counts["people"],
        "before": before if before != counts["people"] else None,
        "said": said,
        "columns": columns,
        "ways": ways,
        "cost": sum(way.cost for way in ways),
        "changes": comparing.changes(last, now_shown) if last else [],
        "template": templating.as_approved(draft),
        "zones": incident.zones.all(),
        "picture": pictures.of_incident(
            incident, 440, 480, comparing.moved_from(last, now_shown)
        ),
        "moved": bool(comparing.moved_from(last, now_shown)),
        "problems": drafting.problems(said, incident.mode),
        "others": _others_who_may_approve(frame),
    }


def _before(draft: Draft) -> dict[str, Any]:
    """Return what a second person was shown before this version."""
    is_waiting = draft.state == Draft.State.SUBMITTED
    if is_waiting:
        return draft.shown_before
    return draft.shown or approval.last_sent(draft)


def _others_who_may_approve(frame: Frame) -> list[Officer]:
    roles = [role for role, verbs in MAY.items() if Verb.APPROVE in verbs]
    postings = Posting.objects.in_force(frame.now).filter(role__in=roles)
    draft = frame.draft
    return list(
        Officer.objects.filter(
            Q(pk__in=postings.values("officer")) | Q(is_superuser=True), is_active=True
        ).exclude(pk__in=draft.writers if draft else ())[:8]
    )


@officer_page(Verb.WATCH, keeps=False)
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, reference: str) -> HttpResponse:
    """Show everything at a glance, and hand it to a second person."""
    frame = framing.frame(request, reference)
    if frame.draft is None:
        where = "incidents:sending" if frame.alert else "incidents:message"
        return redirect(where, reference)
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            approval.submit(frame.draft, framing.officer_of(request), frame.now)
        except FieldsError as error:
            errors = error.errors
        except IncidentError as error:
            errors = {"draft": str(error)}
        else:
            messages.success(request, "Handed over. A second person can approve it.")
            return redirect("incidents:approve", reference)
    context = _at_a_glance(request, frame, "check") | {"errors": errors}
    return render(request, "incidents/check.html", context)


@officer_page(Verb.WATCH, keeps=False)
@require_http_methods(["GET", "HEAD", "POST"])
def approve(request: HttpRequest, reference: str) -> HttpResponse:
    """Show exactly what will be sent; approve, return or reject it."""
    frame = framing.frame(request, reference)
    draft, officer = frame.draft, framing.officer_of(request)
    if draft is None or draft.state != Draft.State.SUBMITTED:
        if request.method == "POST":
            messages.error(request, "This was decided or changed meanwhile.")
        going = draft is None and frame.alert is not None
        return redirect("incidents:sending" if going else "incidents:check", reference)
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            return _decided(request, frame, draft)
        except FieldsError as error:
            errors = error.errors
        except ForbiddenError as error:
            errors = {"decision": str(error)}
        except IncidentError as error:
            messages.error(request, str(error))
            return redirect("incidents:approve", reference)
    context = _at_a_glance(request, frame, "approve") | {
        "errors": errors,
        "why_not": approval.why_not(draft, officer, frame.now),
        "is_own": officer.pk in draft.writers,
        "needs_code": not stepping.is_fresh(request, frame.now),
        "ticked": [name for name in request.POST if name.startswith("tick_")],
        "reason": request.POST.get("reason", ""),
    }
    return render(request, "incidents/approve.html", context)


def _decided(request: HttpRequest, frame: Frame, draft: Draft) -> HttpResponse:
    officer, now = framing.officer_of(request), frame.now
    reference = frame.incident.reference
    number = request.POST.get("revision", "")
    if not number.isdecimal() or len(number) > 8:
        raise FieldsError({"decision": "Open the page again and decide there."})
    draft.revision = int(number)
    action = request.POST.get("action")
    if action == "return":
        approval.send_back(draft, officer, request.POST.get("reason", ""), now)
        messages.success(request, "Returned to the author with your reason.")
        return redirect("incidents:check", reference)
    if action == "reject":
        approval.reject(draft, officer, request.POST.get("reason", ""), now)
        messages.success(request, "Rejected. Nothing was sent.")
        return redirect("incidents:page", reference)
    wanted = TICKS | (TICK_REAL if frame.incident.mode == Mode.LIVE else {})
    if templating.as_approved(draft):  # two people have read its words already
        wanted = {name: words for name, words in wanted.items() if name != "tick_text"}
    if missing := {k: words for k, words in wanted.items() if k not in request.POST}:
        raise FieldsError(missing)
    if words := stepping.problem(request, now):
        raise FieldsError({"code": words})
    alert = approval.approve(draft, officer, now)
    where = redirect("incidents:sending", reference)
    where["Location"] += f"?alert={alert.pk}"
    return where
