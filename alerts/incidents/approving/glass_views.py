"""The page on which a lone officer breaks the glass, and the auditors' page of it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from alerts.incidents import framing, pictures
from alerts.incidents.approving import breaking, release
from alerts.incidents.drafts import drafting, reckoning
from alerts.incidents.errors import FieldsError, IncidentError
from alerts.incidents.framing import Frame
from alerts.incidents.models import Draft
from alerts.incidents.zones import previewing
from consular import words
from consular.missions import audit
from consular.missions.access import Verb, officer_of, officer_page
from consular.missions.sign_in import stepping

TICKS = {
    "tick_alone": "Tick that nobody else can be reached in time.",
    "tick_text": "Tick that you read the message and looked at the zone.",
}


@officer_page(Verb.DECLARE, keeps=False)
@require_http_methods(["GET", "HEAD", "POST"])
def break_glass(request: HttpRequest, reference: str) -> HttpResponse:
    """Say what sending alone means; take the reason; send after a longer hold."""
    frame = framing.frame(request, reference)
    draft = frame.draft
    if draft is None or not draft.texts.exists():
        return redirect("incidents:message", reference)
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            return _broken(request, frame, draft)
        except FieldsError as error:
            errors = error.errors
        except IncidentError as error:
            errors = {"decision": str(error)}
    officer = officer_of(request)
    counts = previewing.of_draft(draft, frame.now)
    said = drafting.content_of(draft)
    shares = previewing.phone_shares(draft, frame.now) if reckoning.asks(said) else {}
    ways = reckoning.ways(said, frame.incident.mode, counts, shares)
    context = frame.context(request, "approve") | {
        "errors": errors,
        "counts": counts,
        "people": counts["people"],
        "said": said,
        "ways": ways,
        "cost": sum(way.cost for way in ways),
        "picture": pictures.of_incident(frame.incident, 440, 480),
        "zones": frame.incident.zones.all(),
        "why_not": breaking.why_not(draft, officer, frame.now),
        "told": _names(frame, request),
        "hold_s": round(release.longest_hold_s()),
        "needs_code": not stepping.is_fresh(request, frame.now),
        "ticked": [name for name in request.POST if name.startswith("tick_")],
        "reason": request.POST.get("reason", ""),
    }
    return render(request, "incidents/break_glass.html", context)


def _names(frame: Frame, request: HttpRequest) -> list[Any]:
    ways = breaking.others(frame.incident, officer_of(request), frame.now)
    return list(dict.fromkeys(way.officer for way in ways))


def _broken(request: HttpRequest, frame: Frame, draft: Draft) -> HttpResponse:
    number = request.POST.get("revision", "")
    if not number.isdecimal() or len(number) > 8:
        raise FieldsError({"decision": "Open the page again and decide there."})
    if missing := {k: words for k, words in TICKS.items() if k not in request.POST}:
        raise FieldsError(missing)
    if words := stepping.problem(request, frame.now):
        raise FieldsError({"code": words})
    alert = breaking.break_glass(
        draft,
        officer_of(request),
        request.POST.get("reason", ""),
        frame.now,
        revision=int(number),
    )
    where = redirect("incidents:sending", frame.incident.reference)
    where["Location"] += f"?alert={alert.pk}"
    return where


@officer_page(Verb.AUDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def reviews(request: HttpRequest) -> HttpResponse:
    """List what was sent alone, what nobody has reviewed first; take a finding."""
    officer, now = officer_of(request), timezone.now()
    rows = breaking.seen_by(officer, now)
    errors: dict[str, str] = {}
    if request.method == "POST":
        glass = get_object_or_404(
            rows, pk=words.row_number(request.POST.get("glass", ""))
        )
        try:
            breaking.review(glass, officer, request.POST.get("finding", ""), now)
        except IncidentError as error:
            errors = {f"finding-{glass.pk}": str(error)}
        else:
            messages.success(request, "Reviewed; the finding is kept.")
            return redirect("incidents:reviews")
    listed = rows.select_related("incident", "officer", "alert", "reviewed_by")
    context = {
        "section": "audit",
        "page_name": "reviews",
        "now": now,
        "errors": errors,
        "typed": request.POST.get("finding", ""),
        "waiting": listed.filter(reviewed_by=None).prefetch_related("told"),
        "reviewed": listed.exclude(reviewed_by=None)[:50],
        "officer": officer,
    }
    audit.record("view_break_glass", officer, "break-glass", now)
    return render(request, "incidents/reviews.html", context)
