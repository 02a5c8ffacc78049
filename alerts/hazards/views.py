"""Pages of hazards and sources: what the world says, and whether we still hear it."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import shapely
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from alerts.hazards import listing, proposing
from alerts.hazards.events import differences, entering, lifetimes
from alerts.hazards.models import (
    Hazard,
    Kind,
    Level,
    Proposal,
    Report,
    Source,
    WaitingCode,
)
from consular.missions.access import Verb, may, officer_of, officer_page
from geo import basemap, gazetteer
from geo.basemap import View

A_PAGE = 50


def _open_proposals() -> QuerySet[Proposal]:
    return (
        Proposal.objects.filter(state=Proposal.State.OPEN)
        .select_related("hazard")
        .order_by("-level", "-hazard__happened_at")
    )


def _times(now: datetime) -> dict[str, Any]:
    return {"now": now, "ministry_zone": ZoneInfo(settings.MINISTRY_TIME_ZONE)}


@officer_page(Verb.WATCH)
@require_safe
def hazards(request: HttpRequest) -> HttpResponse:
    """List what matters of what is reported, proposals on top; the rest on asking."""
    now = timezone.now()
    found = listing.asked_for(request.GET, now)
    page = Paginator(found, A_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = _times(now) | {
        "section": "hazards",
        "page": page,
        "query": query.urlencode(),
        "proposals": _open_proposals(),
        "kinds": Kind.choices,
        "levels": Level.choices[1:],
        "days": listing.DAYS,
        "shown": listing.SHOWN,
        "show": listing.shown(request.GET),
        "narrowed": any(request.GET.get(name) for name in listing.NARROWED),
        "numbers": listing.numbers(),
        "codes": WaitingCode.objects.filter(set_aside_by=None).exists(),
        "silent_sources": Source.objects.filter(is_active=True).exclude(trouble=""),
        "may_declare": may(officer_of(request), Verb.DECLARE, now),
    }
    return render(request, "hazards/list.html", context)


def _near(hazard: Hazard) -> QuerySet[Hazard]:
    """Return what a hazard could be the same event as, by time and place."""
    beside = Hazard.objects.filter(
        mode=hazard.mode, is_test=hazard.is_test, merged_into=None
    ).exclude(pk=hazard.pk)
    week = timedelta(days=7)
    beside = beside.filter(
        happened_at__range=(hazard.happened_at - week, hazard.happened_at + week)
    )
    if hazard.lat is not None:
        beside = beside.filter(lat__range=(hazard.lat - 8, hazard.lat + 8))
    return beside.order_by("-level", "-happened_at")[:20]


@officer_page(Verb.WATCH)
@require_safe
def hazard(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one hazard: map, proposed zone, people inside, every version and source."""
    latest = Report.objects.select_related("source")
    found = get_object_or_404(
        Hazard.objects.prefetch_related(
            Prefetch("reports", queryset=latest), "proposals"
        ),
        pk=pk,
    )
    now = timezone.now()
    geometry, radius_m = proposing.zone_of(found)
    zone = shapely.geometry.shape(geometry) if geometry else None
    context: dict[str, Any] = _times(now) | {
        "section": "hazards",
        "hazard": found,
        "versions": differences.versions(found.reports.all()),
        "statements": [r for r in found.reports.all() if r.is_basis],
        "near": _near(found),
        "officers": entering.SENDER,
        "assumed": lifetimes.ASSUMED,
        "proposals": found.proposals.all(),
        "is_declared": any(
            proposal.state == Proposal.State.TAKEN for proposal in found.proposals.all()
        ),
        "count": proposing.count_inside(found, now) if zone else None,
        "radius_km": radius_m / 1000 if radius_m else None,
        "may_declare": may(officer_of(request), Verb.DECLARE, now),
    }
    if zone is not None:
        view = View.around(zone, 720, 480, margin=0.5)
        context["base"] = basemap.of(view)
        context["zone_path"] = view.path(zone)
    if zone is not None and found.lon is not None and found.lat is not None:
        context["event"] = view.project(found.lon, found.lat)
        nearest = gazetteer.nearest(found.lon, found.lat)
        context |= {"place": nearest, "place_zone": ZoneInfo(nearest.time_zone)}
    return render(request, "hazards/page.html", context)


@officer_page(Verb.DECLARE)
@require_POST
def dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a proposal aside, with the reason; the hazard stays in the list."""
    proposal = get_object_or_404(Proposal, pk=pk)
    reason = request.POST.get("reason", "").strip()[:300]
    if not reason:
        messages.error(request, "Say why the proposal is put aside.")
    else:
        proposing.dismiss(proposal, officer_of(request), reason, timezone.now())
        messages.success(request, "The proposal was put aside. The hazard stays here.")
    return redirect("hazards:page", proposal.hazard_id)
