"""A desk without a connection: the page, and where it sends what it kept."""

import json
from dataclasses import asdict

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from consular.missions.access import Verb, officer_of, officer_page
from consular.people.registering import offline
from consular.people.registering.crisis_forms import CrisisEntry, IntakeForm

MOST_BYTES = 200_000


@officer_page(Verb.REGISTER)
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show the page; its script keeps what is entered, encrypted, for eight hours."""
    now = timezone.now()
    entry, more = CrisisEntry({}, [], now.date()), IntakeForm()
    entry.hush()
    context = {"section": "people", "page": entry, "more": more, "now": now}
    return render(request, "people/offline.html", context)


@officer_page(Verb.REGISTER)
@require_http_methods(["GET", "HEAD", "POST"])
def sync(request: HttpRequest) -> HttpResponse:
    """Take entries in, and say of each what became of it.

    A request to read gives what a page needs that was opened in an earlier session: the
    token of this one, and whose it is.
    """
    officer = officer_of(request)
    if request.method != "POST":
        return JsonResponse({"token": get_token(request), "officer": officer.pk})
    try:
        sent = json.loads(request.body[: MOST_BYTES + 1])["entries"]
        if len(request.body) > MOST_BYTES or len(sent) > offline.MOST_AT_ONCE:
            raise ValueError("too many")
        changes = [offline.Change.read(each) for each in sent]
    except (ValueError, KeyError, TypeError, RecursionError, RawPostDataException):
        return JsonResponse({"error": "These are no entries."}, status=400)
    now = timezone.now()
    answers = [asdict(offline.take(each, officer, now)) for each in changes]
    return JsonResponse({"entries": answers})
