"""Answer what anyone may read: incidents in eight languages, CAP, its Atom feed.

No session and no cookie: so the forms are exempt from the CSRF check, as all public
ones are. Nothing here writes.
"""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from alerts.incidents.publication import cap, public_pages, publishing
from consular import languages

A_MINUTE = "public, max-age=60"


def _show(request: HttpRequest, name: str, shown: dict[str, Any]) -> HttpResponse:
    code = shown["page_language"]
    with languages.speak(code):
        response = render(request, f"incidents/public_{name}.html", shown)
    response.headers["Content-Language"] = code
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = A_MINUTE
    response.headers["Vary"] = "Accept-Language"
    return response


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def incident(request: HttpRequest, reference: str) -> HttpResponse:
    """Show what is known and what to do; tell whether a message's code is ours."""
    now, code = timezone.now(), languages.chosen(request)
    rows = publishing.incidents(now).select_related("lead_mission")
    found = get_object_or_404(rows, reference=reference)
    shown = public_pages.context(found, code, now)
    if request.method == "POST":
        shown["asked"] = True
        shown["is_real"] = public_pages.is_real(found, request.POST.get("code", ""))
    response = _show(request, "incident", shown)
    if request.method == "POST":
        response.headers["Cache-Control"] = "no-store"
    return response


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """List the incidents that the public is told about."""
    now, code = timezone.now(), languages.chosen(request)
    shown = {
        "incidents_listed": public_pages.listed(code, now),
        "page_language": code,
        "page_direction": languages.direction(code),
        "now": now,
    }
    return _show(request, "list", shown)


@require_safe
def document(request: HttpRequest, identifier: str) -> HttpResponse:
    """Answer with one alert as a CAP document."""
    now, number = timezone.now(), identifier.rpartition("-")[2]
    if not number.isdecimal() or len(number) > 17:
        raise Http404
    rows = publishing.alerts(now).select_related("draft")
    alert = get_object_or_404(rows, pk=int(number))
    if cap.identifier(alert) != identifier:
        raise Http404
    body = cap.document(alert, now)
    return HttpResponse(
        body,
        content_type="application/cap+xml",
        headers={"Cache-Control": A_MINUTE},
    )


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """Answer with the Atom feed of the newest alerts."""
    now = timezone.now()
    newest = publishing.alerts(now).select_related("draft").order_by("-pk")[:100]
    return HttpResponse(
        cap.feed(newest, now),
        content_type="application/atom+xml",
        headers={"Cache-Control": A_MINUTE},
    )


urlpatterns = [
    path("incident/", listing, name="public_incidents"),
    path("incident/<str:reference>/", incident, name="public_incident"),
    path("cap/feed.atom", feed, name="cap_feed"),
    path("cap/<str:identifier>.xml", document, name="cap_document"),
]
