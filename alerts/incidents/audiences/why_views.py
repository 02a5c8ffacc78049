"""Why was somebody (not) warned: one registration, one alert."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from alerts.incidents import framing
from alerts.incidents.audiences import explaining
from consular.missions import audit
from consular.missions.access import Verb, officer_page
from consular.people.protecting import scoping


@officer_page(Verb.REGISTER)
@require_safe
def why(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask by a registration's reference; each look is in the audit trail."""
    frame = framing.frame(request, reference, request.GET.get("alert", ""))
    asked = request.GET.get("registration", "").strip().upper()[:12]
    context = frame.context(request, "sending") | {
        "asked": asked,
        "alerts": frame.incident.alerts.exclude(settled_at=None),
    }
    if asked and frame.alert is not None:
        seen = scoping.seen_by(framing.officer_of(request), frame.now)
        registration = seen.filter(reference=asked, mode=frame.alert.mode).first()
        context["is_unknown"] = registration is None
        if registration is not None:
            context["why"] = explaining.explain(frame.alert, registration)
            audit.record(
                "why",
                framing.officer_of(request),
                f"registration {registration.pk}",
                frame.now,
                alert=frame.alert.pk,
            )
    return render(request, "incidents/why.html", context)
