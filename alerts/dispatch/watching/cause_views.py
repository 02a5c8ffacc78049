"""One cause: how far it is by channel and country, and the list behind each figure."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from alerts.dispatch import addresses, outbox
from alerts.dispatch.models import Cause, Channel, Message
from alerts.dispatch.watching import progress, scoping
from consular.missions import audit
from consular.missions.access import Verb, may, officer_of, officer_page

PAGE = 100
REFRESH_S = 5
PART_NAMES = {
    "waiting": "Waiting",
    "accepted": "Accepted, no receipt yet",
    "delivered": "Delivered",
    "unclear": "Unclear",
    "failed": "Not delivered",
    "stopped": "Stopped or too late",
}


@officer_page(Verb.WATCH)
@require_safe
def cause(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far a cause is; each figure leads to its list."""
    now = timezone.now()
    mine = scoping.causes(officer_of(request), now)
    found = get_object_or_404(mine, pk=pk)
    rows = Message.objects.filter(cause=found)
    said = progress.of(now, cause_keys=[found.key])
    context = {
        "section": "dispatch",
        "cause": found,
        "now": now,
        "progress": said,
        "refresh_s": REFRESH_S if said.to_go else 0,
        "part_names": PART_NAMES.values(),
        "table": [_row(found, row) for row in progress.by_country(rows)],
        "failures": [
            (f, _list(found, channel=f.channel, code=f.code or "none", part="failed"))
            for f in said.failures
        ],
        "posts": progress.posts(found),
        "may_stop": may(officer_of(request), Verb.STOP, now),
    }
    return render(request, "dispatch/cause.html", context)


def _row(found: Cause, row: progress.Row) -> dict[str, Any]:
    of = {"channel": row.channel, "country": row.country or "none"}
    cells = [
        (PART_NAMES[part], n, _list(found, **of, part=part))
        for part, n in row.parts.items()
    ]
    return {
        "name": Channel(row.channel).label,
        "country": addresses.country_words(row.channel, row.country),
        "cells": cells,
        "total": row.total,
    }


def _list(found: Cause, **words: str) -> str:
    return reverse("dispatch:messages", args=[found.pk]) + "?" + urlencode(words)


def _filtered(request: HttpRequest, found: Cause) -> QuerySet[Message]:
    """Keep the messages that the address of a list asks for."""
    rows = Message.objects.filter(cause=found)
    asked = request.GET
    if asked.get("channel") in Channel.values:
        rows = rows.filter(channel=asked["channel"])
    if country := asked.get("country"):
        rows = rows.filter(address__country="" if country == "none" else country[:2])
    if part := asked.get("part"):
        states = [state for state, each in progress.PART_OF.items() if each == part]
        rows = rows.filter(state__in=states)
    if code := asked.get("code"):
        rows = rows.filter(provider_code="" if code == "none" else code[:24])
    return rows


@officer_page(Verb.WATCH)
@require_safe
def message_list(request: HttpRequest, pk: int) -> HttpResponse:
    """List the messages behind a figure: references and reasons, no address."""
    now = timezone.now()
    mine = scoping.causes(officer_of(request), now)
    found = get_object_or_404(mine, pk=pk)
    rows = _filtered(request, found)
    ordered = rows.select_related("address").order_by("id")
    page = Paginator(ordered, PAGE).get_page(request.GET.get("page"))
    words = {n: v for n, v in request.GET.items() if n != "page"}
    context = {
        "section": "dispatch",
        "cause": found,
        "now": now,
        "page": page,
        "listed": [
            (
                each,
                progress.why(each),
                addresses.country_words(each.channel, each.address.country),
            )
            for each in page
        ],
        "query": urlencode(words),
        "can_retry": rows.filter(state__in=outbox.RETRIABLE).count(),
        "part": PART_NAMES.get(request.GET.get("part", ""), "Messages"),
        "may_stop": may(officer_of(request), Verb.STOP, now),
    }
    return render(request, "dispatch/messages.html", context)


@officer_page(Verb.STOP)
@require_POST
def retry_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Send again what of a list was set aside or is unclear."""
    now = timezone.now()
    mine = scoping.causes(officer_of(request), now, Verb.STOP)
    found = get_object_or_404(mine, pk=pk)
    with transaction.atomic():
        moved = outbox.retry(_filtered(request, found), now)
        audit.record("retry", officer_of(request), found.key, now, messages=moved)
    messages.success(request, f"{moved:,} messages are sent again.")
    return redirect("dispatch:cause", pk)


@officer_page(Verb.STOP)
@require_POST
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """Pause a cause, or let it go on."""
    now = timezone.now()
    mine = scoping.causes(officer_of(request), now, Verb.STOP)
    found = get_object_or_404(mine, pk=pk)
    pausing = request.POST.get("to") == "pause"
    with transaction.atomic():
        if pausing:
            outbox.pause(now, key=found.key)
        else:
            outbox.resume(key=found.key)
        verb = "pause" if pausing else "resume"
        audit.record(verb, officer_of(request), found.key, now)
    messages.success(request, "Paused." if pausing else "Going on.")
    return redirect("dispatch:cause", pk)
