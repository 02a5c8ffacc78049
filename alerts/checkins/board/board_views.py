"""The duty officer's live view: one page, and the short answers that keep it fresh."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from alerts.checkins.answers import inboxes
from alerts.checkins.board import boards, counting, pictures
from alerts.checkins.board.sharing import Shared
from alerts.checkins.casework import case_facts, case_views
from alerts.checkins.models import BoardCount, Case, Inbound, Status
from alerts.incidents import framing
from alerts.incidents.models import Incident
from consular.missions import audit
from consular.missions.access import Verb, may, officer_of, officer_page

PLOT_WIDTH, PLOT_UP, PLOT_DOWN = 1000.0, 56.0, 18.0
LONGEST_LIST = 200
# What polls of one incident share: the count with its cursor, and the drawings.
COUNTED: Shared[tuple[BoardCount, str]] = Shared()
PARTS: Shared[dict[str, str]] = Shared()
LATE = timedelta(seconds=30)  # a change may be committed so long after its time
SHOWN = ("open", "urgent", "free", "mine", "due")


def _look(request: HttpRequest) -> str:
    return "wall" if request.GET.get("look") == "wall" else "desk"


def _show(request: HttpRequest) -> str:
    asked = request.GET.get("show", "")
    return asked if asked in SHOWN else "open"


def _frame(request: HttpRequest, incident: Incident, now: datetime) -> dict[str, Any]:
    """Return what every part needs, and the order of the cases."""
    officer = officer_of(request)
    chosen = case_facts.chosen(incident, _show(request), officer, now)
    return {
        "incident": incident,
        "now": now,
        "place_zone": ZoneInfo(incident.time_zone),
        "ministry_zone": ZoneInfo(settings.MINISTRY_TIME_ZONE),
        "look": _look(request),
        "show": _show(request),
        "order": case_facts.order(chosen, now),
        "may_answer": may(officer, Verb.ANSWER, now, incident.territory),
    }


def _numbers(
    request: HttpRequest, incident: Incident, row: BoardCount, now: datetime
) -> dict[str, Any]:
    replies = inboxes.seen_by(officer_of(request), now)
    free = case_facts.chosen(incident, "free", None, now)
    return {
        "as_of": row.as_of,
        "totals": boards.totals_of(row),
        "reach": row.reach,
        "not_taken": free.count(),
        "inbox_count": replies.filter(state=Inbound.State.INBOX).count(),
    }


def _drawn(
    request: HttpRequest, incident: Incident, row: BoardCount, now: datetime
) -> dict[str, Any]:
    """Draw the map and the timeline."""
    view = pictures.view_of(incident, request.GET.get("view", ""))
    everyone = case_facts.order(case_facts.chosen(incident, "", None, now), now)
    calls = [pictures.Call(*spot) for spot in case_facts.spots(incident, everyone)]
    line = boards.timeline(incident, row, now)
    return {
        "picture": pictures.picture(
            incident, row, calls, view, pictures.outlines(incident)
        ),
        "view": view,
        "closer": view.zoomed(2),
        "further": view.zoomed(0.5),
        "line": line,
        "bars": pictures.bars(line, PLOT_WIDTH, PLOT_UP, PLOT_DOWN),
        "bar_width": round(PLOT_WIDTH / boards.STEPS * 0.82, 1),
    }


def _counted(incident: Incident, now: datetime) -> tuple[BoardCount, str]:
    row = counting.current(incident, now)
    return row, boards.version(incident, row, now)


def _pictured(
    request: HttpRequest, incident: Incident, row: BoardCount, context: dict[str, Any]
) -> dict[str, str]:
    """Render the map and the timeline, which are the same for every reader."""
    drawn = context | _drawn(request, incident, row, context["now"])
    return {
        "marks": _part("picture", drawn, request),
        "timeline": _part("timeline", drawn, request),
    }


@officer_page(Verb.WATCH)
@require_safe
@gzip_page
def board(request: HttpRequest, reference: str) -> HttpResponse:
    """Show the live map and the list of those who need help first."""
    incident = framing.incident_of(request, reference)
    now = timezone.now()
    row = counting.current(incident, now)
    context = _frame(request, incident, now)
    context |= _numbers(request, incident, row, now) | _drawn(
        request, incident, row, now
    )
    context |= {
        "rows": case_facts.rows_of(context["order"][:LONGEST_LIST], now),
        "rows_total": len(context["order"]),
        "views": {name: case_views.VIEWS[name] for name in SHOWN},
        "cursor": boards.version(incident, row, now),
        "newest": boards.newest_call(incident),
        "tab": "board",
    }
    audit.record(
        "view_board", officer_of(request), incident.key, now, cases=len(context["rows"])
    )
    return render(request, "checkins/board.html", context)


@officer_page(Verb.WATCH)
@require_safe
@gzip_page
def live(request: HttpRequest, reference: str) -> HttpResponse:
    """Answer 304 when nothing changed since a cursor, else only what did.

    `order` is the whole list by case number; `cases` are the rows that changed. A
    reader who misses one asks with `full`.
    """
    incident = framing.incident_of(request, reference)
    now = timezone.now()
    since = request.GET.get("since", "")
    row, cursor = COUNTED.get(
        incident.pk,
        lambda: _counted(incident, now),
        lambda known: not boards.is_ahead(since, known[1]),
    )
    if since == cursor:
        return HttpResponseNotModified()
    context = _frame(request, incident, now)
    context |= _numbers(request, incident, row, now)
    seen = None if "full" in request.GET else boards.seen_until(since)
    shown = context["order"][:LONGEST_LIST]
    changed = _changed(shown, seen, now)
    parts = {"tiles": _part("tiles", context, request)}
    if not context["may_answer"]:
        parts["cases"] = _part("cases", context, request)
    if since.partition(".")[0] != str(row.version) or changed:
        parts |= PARTS.get(
            (incident.pk, boards.drawn(cursor), request.GET.get("view", "")),
            lambda: _pictured(request, incident, row, context),
        )
    return JsonResponse(
        {
            "cursor": cursor,
            "as_of": row.as_of.isoformat(),
            "help": context["totals"][Status.NEEDS_HELP.value],
            "newest": boards.newest_call(incident),
            "inbox": context["inbox_count"],
            "parts": parts,
            **_listed(request, context, shown, changed),
        }
    )


def _changed(shown: list[int], seen: datetime | None, now: datetime) -> set[int]:
    """Return which cases a reader has not seen as they are, or all of them."""
    fresh = Case.objects.filter(pk__in=shown)
    if seen is not None:
        since = seen - LATE
        due = Q(follow_up_at__gt=since, follow_up_at__lte=now)
        fresh = fresh.filter(Q(changed_at__gt=since) | due)
    return set(fresh.values_list("pk", flat=True))


def _listed(
    request: HttpRequest, context: dict[str, Any], shown: list[int], changed: set[int]
) -> dict[str, Any]:
    """Return the order of the list and the rows that changed: names, for who answers.

    Who only watches is shown how many need help.
    """
    if not context["may_answer"]:
        return {"order": None, "cases": {}}
    rows = case_facts.rows_of([e for e in shown if e in changed], context["now"])
    return {
        "order": shown,
        "cases": {
            each.case.pk: _part(
                "case",
                context | {"row": each, "case": each.case, "call": each.call},
                request,
            )
            for each in rows
        },
    }


def _part(name: str, context: dict[str, Any], request: HttpRequest) -> str:
    return render_to_string(f"checkins/_{name}.html", context, request)
