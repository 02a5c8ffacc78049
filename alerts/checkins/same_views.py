"""Show who may be registered twice, side by side; an officer says what is so."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from alerts.checkins import duplicates
from alerts.checkins.casework import merging
from consular import modes
from consular.missions import audit
from consular.missions.access import Verb, officer_of, officer_page
from consular.missions.models import Officer
from consular.people.models import Resemblance
from consular.people.protecting import scoping
from consular.people.resembling import REASONS

A_PAGE = 20
State = Resemblance.State


def _rows(officer: Officer) -> QuerySet[Resemblance]:
    seen = scoping.seen_by(officer, timezone.now())
    return (
        Resemblance.objects.filter(one__registration__mode=modes.installation())
        .filter(one__registration__in=seen, two__registration__in=seen)
        .select_related("one__registration", "two__registration", "decided_by")
        .prefetch_related(
            "one__registration__contacts",
            "two__registration__contacts",
            "one__registration__stays",
            "two__registration__stays",
        )
    )


@officer_page(Verb.REGISTER)
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """List those to be looked at, the surest first, or those decided on."""
    now = timezone.now()
    wanted = request.GET.get("state", State.OPEN)
    state = State(wanted) if wanted in State.values else State.OPEN
    rows = _rows(officer_of(request)).filter(state=state)
    if state != State.OPEN:
        rows = rows.order_by("-decided_at", "-pk")
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    audit.record("list", officer_of(request), "resemblances", now, shown=len(page))
    context = {
        "section": "people",
        "page": page,
        "rows": [(row, [REASONS[each] for each in row.reasons]) for row in page],
        "state": state,
        "states": State.choices,
        "now": now,
        "ministry_zone": ZoneInfo(settings.MINISTRY_TIME_ZONE),
    }
    return render(request, "checkins/same.html", context)


@officer_page(Verb.REGISTER)
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what an officer says of a pair; it can be taken back."""
    row = get_object_or_404(_rows(officer_of(request)), pk=pk)
    said = request.POST.get("state", "")
    officer, now = officer_of(request), timezone.now()
    words = {
        State.SAME: "Counted as one person from now on. Both entries are kept.",
        State.DIFFERENT: "Kept as two persons; not suggested again.",
        State.OPEN: "Taken back.",
    }
    if said in State.values:
        try:
            _carry_out(row, State(said), officer, now)
        except Resemblance.DoesNotExist:  # one of the two deleted their data meanwhile
            raise Http404 from None
        messages.success(request, words[State(said)])
    return redirect("checkins:same")


@transaction.atomic
def _carry_out(row: Resemblance, said: State, officer: Officer, now: datetime) -> None:
    duplicates.hold()
    row.refresh_from_db(fields=["state"])
    if row.state == State.SAME and said != State.SAME:
        merged = duplicates.parting((row.one_id, row.two_id))
        if merged is not None:
            merging.unmerge(merged, officer, now)
    decided = None if said == State.OPEN else now
    Resemblance.objects.filter(pk=row.pk).update(
        state=said, decided_at=decided, decided_by=officer if decided else None
    )
    if said == State.SAME:  # the newer entry says what holds now
        merging.merge(row.two, row.one, officer, now)
    elif said == State.DIFFERENT:
        audit.record("persons_differ", officer, f"resemblance {row.pk}", now)
