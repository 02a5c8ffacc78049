"""The people behind the board's numbers, and the views that officers keep of them."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from alerts.checkins.board import boards, choosing, counting, inside, titles
from alerts.checkins.models import BoardCount, SavedView
from alerts.incidents import framing
from alerts.incidents.models import Incident
from consular import languages
from consular.missions import audit
from consular.missions.access import Verb, may, officer_of, officer_page
from consular.missions.models import Officer
from consular.people.models import Person

A_PAGE = 100
MOST_VIEWS = 20


@officer_page(Verb.ANSWER)
@require_safe
def people(request: HttpRequest, reference: str) -> HttpResponse:
    """List the people inside; every number of the board leads here."""
    incident = framing.incident_of(request, reference, Verb.ANSWER)
    now, officer = timezone.now(), officer_of(request)
    chosen = choosing.of(request.GET)
    number = request.GET.get("page", "")
    page = min(int(number), 10**6) if number.isdecimal() and number != "0" else 1
    wanted = inside.rows(incident, chosen, (page - 1) * A_PAGE, A_PAGE + 1)
    known = Person.objects.select_related("registration").in_bulk(
        [each.person_id for each in wanted]
    )
    audit.record("view_people", officer, incident.key, now, people=len(known))
    context = _asked(incident, chosen, counting.current(incident, now), officer)
    context |= {
        "incident": incident,
        "tab": "people",
        "now": now,
        "place_zone": ZoneInfo(incident.time_zone),
        "ministry_zone": ZoneInfo(settings.MINISTRY_TIME_ZONE),
        "matching": inside.count(incident, chosen),
        "page": page,
        "has_more": len(wanted) > A_PAGE,
        "may_answer": may(officer, Verb.ANSWER, now, incident.territory),
        "may_export": may(officer, Verb.REGISTER, now, incident.territory),
        "rows": [
            (
                each,
                known[each.person_id],
                titles.STATUS_NAMES[each.status],
                titles.REACH_TITLES[each.reach],
            )
            for each in wanted[:A_PAGE]
            if each.person_id in known
        ],
    }
    return render(request, "checkins/people.html", context)


def _asked(
    incident: Incident, chosen: choosing.Chosen, row: BoardCount, officer: Officer
) -> dict[str, Any]:
    """Return what can be asked for, and what is; changing one thing keeps the rest."""
    views = [(view, choosing.of(view.chosen)) for view in officer.saved_views.all()]
    posts = titles.posts()
    return {
        "as_of": row.as_of,
        "totals": boards.totals_of(row),
        "chosen": chosen,
        "chosen_words": titles.words(chosen),
        "besides": replace(chosen, status="").known,
        "all": replace(chosen, status="").address,
        "statuses": [
            (name, title, row.totals[name], replace(chosen, status=name).address)
            for name, title in titles.STATUS_NAMES.items()
        ],
        "reaches": [
            (name, titles.REACH_TITLES[name], row.reach[name]) for name in row.reach
        ],
        "languages": languages.LANGUAGES,
        "who": titles.WHO_TITLES,
        "places": titles.PLACE_TITLES,
        "posts": posts if len(posts) > 1 or chosen.post else {},
        "saved": [
            (view, kept.address, kept == chosen, titles.words(kept))
            for view, kept in views
        ],
        "is_saved": any(kept == chosen for _, kept in views),
    }


@officer_page(Verb.ANSWER)
@require_POST
def save_view(request: HttpRequest, reference: str) -> HttpResponse:
    """Keep a choice under a name; the same name again is given to this choice."""
    incident = framing.incident_of(request, reference, Verb.ANSWER)
    officer = officer_of(request)
    chosen = choosing.of(request.POST)
    name = " ".join(request.POST.get("name", "").split())[:40]
    others = officer.saved_views.exclude(name=name)
    if not name:
        messages.error(request, "Give the view a name.")
    elif not chosen.known:
        messages.error(request, "Choose first who is to be in the view.")
    elif others.count() >= MOST_VIEWS:
        messages.error(request, f"You have {MOST_VIEWS} views. Remove one first.")
    else:
        officer.saved_views.update_or_create(
            name=name, defaults={"chosen": chosen.known}
        )
        messages.success(request, "Saved. You find it here in every incident.")
    return _back(incident, chosen)


@officer_page(Verb.ANSWER)
@require_POST
def drop_view(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """Remove one's own view; what it showed stays open, to be saved again."""
    incident = framing.incident_of(request, reference, Verb.ANSWER)
    view = get_object_or_404(SavedView, pk=pk, officer=officer_of(request))
    view.delete()
    messages.success(request, "Removed. What it showed is open; save it to undo.")
    return _back(incident, choosing.of(view.chosen))


def _back(incident: Incident, chosen: choosing.Chosen) -> HttpResponse:
    page = reverse("checkins:people", args=[incident.reference])
    return HttpResponseRedirect(f"{page}?{chosen.address}")
