"""The auditors' reader of the audit trail, and its export."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from alerts.checkins import audit_reading
from alerts.checkins.audit_reading import Question
from alerts.incidents.approving import breaking
from consular import modes, moments, words
from consular.missions import audit
from consular.missions.access import Verb, officer_of, officer_page
from consular.missions.models import AuditEntry
from consular.missions.sign_in import stepping

A_PAGE = 100
FIELDS = ("registration", "incident", "officer", "action", "since", "until")


def _read(request: HttpRequest) -> tuple[Question, dict[str, str], dict[str, str]]:
    """Read what is asked from the address; say what cannot be read."""
    typed = {name: request.GET.get(name, "").strip()[:40] for name in FIELDS}
    errors: dict[str, str] = {}
    asked: dict[str, datetime | None] = {}
    for name in ("since", "until"):
        try:
            asked[name] = _moment(typed[name])
        except ValueError:
            errors[name] = "Give day and time, as 2026-03-02T14:00."
    number = typed["officer"]
    question = Question(
        registration=typed["registration"].upper(),
        incident=typed["incident"].upper(),
        officer=words.row_number(number) or None,
        action=typed["action"],
        since=asked.get("since"),
        until=asked.get("until"),
    )
    return question, typed, errors


def _moment(text: str) -> datetime | None:
    """Read a moment in the ministry's time."""
    if not text:
        return None
    return moments.read(text, ZoneInfo(settings.MINISTRY_TIME_ZONE))


def _facts(question: Question) -> dict[str, object]:
    """Return what an entry keeps of a question: references, as they were asked."""
    asked = {name: getattr(question, name) for name in FIELDS}
    return {name: str(value) for name, value in asked.items() if value}


@officer_page(Verb.AUDIT)
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show the trail, narrowed as asked; that it was read is in it too."""
    officer, now = officer_of(request), timezone.now()
    question, typed, errors = _read(request)
    answer = audit_reading.ask(question, officer, now)
    found = Paginator(answer.entries, A_PAGE).get_page(request.GET.get("page"))
    listed = list(found)
    named = audit_reading.references(listed)
    audit.record("read_audit", officer, "audit", now, asked=_facts(question))
    kept = request.GET.copy()
    kept.pop("page", None)
    context: dict[str, Any] = {
        "section": "audit",
        "page_name": "trail",
        "now": now,
        "page": found,
        "entries": [
            (
                each,
                named.get(each.subject, each.subject),
                audit_reading.said(each.facts),
            )
            for each in listed
        ],
        "is_unknown": answer.is_unknown,
        "typed": typed,
        "errors": errors,
        "query": kept.urlencode(),
        "officers": audit_reading.officers(officer, now),
        "actions": sorted(
            AuditEntry.objects.order_by().values_list("action", flat=True).distinct()
        ),
        "unsealed": AuditEntry.objects.filter(
            sequence=None, at__lt=now - timedelta(seconds=5)
        ).count(),
        "waiting": breaking.unreviewed(officer, now).count(),
        "is_fresh": stepping.is_fresh(request, now),
        "ministry_zone": ZoneInfo(settings.MINISTRY_TIME_ZONE),
    }
    return render(request, "checkins/audit.html", context)


@officer_page(Verb.AUDIT)
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """Return what is shown as a file; its count and hash are in the trail."""
    officer, now = officer_of(request), timezone.now()
    if not stepping.is_fresh(request, now):
        query = request.GET.urlencode()
        return stepping.ask(f"{reverse('checkins:audit')}?{query}")
    question, _, errors = _read(request)
    if errors:
        return redirect(f"{reverse('checkins:audit')}?{request.GET.urlencode()}")
    answer = audit_reading.ask(question, officer, now)
    body, count, digest = audit_reading.as_csv(answer.entries)
    facts = {"entries": count, "sha256": digest, "asked": _facts(question)}
    audit.record("export_audit", officer, "audit", now, **facts)
    mark = "EXERCISE-" if modes.installation() == modes.Mode.EXERCISE else ""
    name = f"{mark}audit-{now:%Y%m%d-%H%M%S}.csv"
    return HttpResponse(
        body,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
