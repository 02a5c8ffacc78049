"""Watch an alert go; stop it, pause it. The hold runs on the server, not here."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_http_methods, require_safe

from alerts.incidents import framing
from alerts.incidents.approving import correcting, release, sendoff
from alerts.incidents.audiences import warned
from alerts.incidents.errors import IncidentError
from alerts.incidents.framing import Frame
from alerts.incidents.models import Alert, AlertKind
from alerts.incidents.zones import previewing
from consular.missions.access import Verb, officer_page

REFRESH_S = 5  # without a script


def _context(request: HttpRequest, frame: Frame) -> dict[str, Any]:
    alert = frame.alert
    context = frame.context(request, "sending") | {"refresh_s": REFRESH_S}
    if alert is None:
        return context
    left_s = 0
    if alert.opens_at is not None:
        left_s = max(0, round((alert.opens_at - frame.now).total_seconds()))
    state = alert.state
    if state == Alert.State.HELD and left_s == 0:
        state = Alert.State.RELEASED  # the mail room's door is open already
    lines = sendoff.lines(alert, frame.now)
    why_not = correcting.why_not(alert, framing.officer_of(request), frame.now)
    can_correct = not why_not and alert.kind != AlertKind.CORRECTION
    return context | {
        "state": state,
        "hold_s": round(release.hold_s(alert)),
        "lines": lines,
        "came_since": sendoff.came_since(alert),
        "waiting": sum(line.waiting for line in lines),
        "left_s": left_s,
        "left_clock": f"{left_s // 60}:{left_s % 60:02}",
        "can_correct": can_correct,
        "reach": correcting.reach(alert) if can_correct else None,
        "standby": correcting.shown(alert) if can_correct else [],
        "correction": alert.corrections.first(),
        "is_paused": sendoff.is_paused(alert),
        "is_going": alert.is_going,
        "is_over": state in (Alert.State.ENDED, Alert.State.STOPPED),
    }


@officer_page(Verb.WATCH, keeps=False)
@require_http_methods(["GET", "HEAD", "POST"])
def sending(request: HttpRequest, reference: str) -> HttpResponse:
    """Show the hold, then the progress of each way of sending."""
    frame = framing.frame(request, reference, request.GET.get("alert", ""))
    if request.method == "POST" and frame.alert is not None:
        try:
            return _act(request, frame, frame.alert)
        except IncidentError as error:
            messages.error(request, str(error))
            return redirect(request.get_full_path())
    context = _context(request, frame)
    if (
        frame.alert is not None
        and frame.draft is None
        and warned.with_zone(frame.incident)
    ):
        context["outside"] = previewing.count_outside(frame.incident, frame.now)[
            "people"
        ]
    return render(request, "incidents/sending.html", context)


def _act(request: HttpRequest, frame: Frame, alert: Alert) -> HttpResponse:
    officer, now = framing.officer_of(request), frame.now
    action = request.POST.get("action")
    if action == "return":
        release.stop_and_return(alert, officer, now)
        messages.success(request, "Stopped. The message is a draft again.")
        return redirect("incidents:message", frame.incident.reference)
    if action == "correct":
        sent = correcting.correct(alert, officer, now)
        messages.success(request, "The correction is leaving now.")
        where = redirect("incidents:sending", frame.incident.reference)
        where["Location"] += f"?alert={sent.pk}"
        return where
    if action == "stop":
        unsent = release.stop(alert, officer, now)
        messages.success(request, f"Stopped. {unsent:,} messages had not left.")
    elif action == "pause":
        release.pause(alert, officer, now)
        messages.success(request, "Paused. Nothing more leaves until you go on.")
    elif action == "resume":
        release.resume(alert, officer, now)
        messages.success(request, "Sending goes on.")
    return redirect(request.get_full_path())


@officer_page(Verb.WATCH)
@require_safe
def progress(request: HttpRequest, reference: str) -> JsonResponse:
    """Answer with the part of the page that moves, and whether it still does."""
    frame = framing.frame(request, reference, request.GET.get("alert", ""))
    context = _context(request, frame)
    return JsonResponse(
        {
            "now": frame.now.isoformat(),
            "state": context.get("state", ""),
            "left_s": context.get("left_s", 0),
            "is_over": context.get("is_over", True),
            "html": render_to_string("incidents/_sending.html", context, request),
        }
    )
