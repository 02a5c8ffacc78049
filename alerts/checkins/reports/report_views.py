"""Pages of what leaves the board: situation reports and exports."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from alerts.checkins.board import boards, choosing, inside, pictures, titles
from alerts.checkins.models import Export, SituationReport
from alerts.checkins.reports import exporting, report_pdf, reporting
from alerts.incidents import framing
from alerts.incidents.models import Incident
from consular.missions import audit
from consular.missions.access import Verb, may, officer_of, officer_page
from consular.missions.sign_in import stepping

PLOT = (1000.0, 56.0, 18.0)


def _frame(incident: Incident, tab: str, **more: Any) -> dict[str, Any]:
    return {
        "incident": incident,
        "now": timezone.now(),
        "place_zone": ZoneInfo(incident.time_zone),
        "ministry_zone": ZoneInfo(settings.MINISTRY_TIME_ZONE),
        "tab": tab,
        **more,
    }


@officer_page(Verb.WATCH)
@require_safe
def reports(request: HttpRequest, reference: str) -> HttpResponse:
    """List the situation reports, and offer the button that makes one."""
    incident = framing.incident_of(request, reference)
    rows = incident.reports.select_related("made_by")[:100]
    context = _frame(incident, "reports", rows=rows)
    return render(request, "checkins/reports.html", context)


@officer_page(Verb.WATCH)
@require_POST
def make_report(request: HttpRequest, reference: str) -> HttpResponse:
    """Make a report of this moment: one press."""
    incident = framing.incident_of(request, reference)
    report = reporting.make(incident, officer_of(request), timezone.now())
    return redirect("checkins:report", incident.reference, report.number)


def _report(request: HttpRequest, reference: str, number: int) -> SituationReport:
    incident = framing.incident_of(request, reference)
    rows = SituationReport.objects.select_related("incident__hazard", "made_by")
    return get_object_or_404(rows, incident=incident, number=number)


@officer_page(Verb.WATCH)
@require_safe
def report(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """Show a report as it was made."""
    found = _report(request, reference, pk)
    before, moved = reporting.changes(found)
    totals = found.figures["totals"]
    row = reporting.as_counted(found)
    line = boards.timeline(found.incident, row, found.as_of)
    context = _frame(
        found.incident,
        "reports",
        report=found,
        picture=reporting.picture(found),
        view=reporting.view(found),
        before=before,
        people=[
            (text, totals[name], moved.get(name))
            for name, text in titles.TOTAL_TITLES.items()
            if name in totals  # an older report counted less
        ],
        reach=[
            (text, found.figures["reach"][name])
            for name, text in titles.REACH_TITLES.items()
        ],
        languages=reporting.languages_of(found),
        line=line,
        bars=pictures.bars(line, *PLOT),
        bar_width=round(PLOT[0] / boards.STEPS * 0.82, 1),
    )
    context["now"] = found.as_of
    return render(request, "checkins/report.html", context)


@officer_page(Verb.WATCH)
@require_safe
def pdf(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """Return a report to print."""
    found = _report(request, reference, pk)
    now, key = timezone.now(), found.incident.key
    audit.record("print_report", officer_of(request), key, now, report=found.number)
    stem = exporting.file_stem(found.incident)
    name = f"{stem}-report-{found.number}.pdf"
    return HttpResponse(
        report_pdf.write(found),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}"'},
    )


@officer_page(Verb.WATCH)
@require_safe
def exports(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask for an export of chosen people; see which were asked for, and by whom."""
    incident = framing.incident_of(request, reference)
    now, officer = timezone.now(), officer_of(request)
    chosen = choosing.of(request.GET)
    rows = list(incident.exports.select_related("asked_by", "allowed_by")[:50])
    context = _frame(
        incident,
        "reports",
        chosen=chosen,
        besides=[each for each in chosen.known.items() if each[0] != "status"],
        besides_words=titles.words(replace(chosen, status="")),
        statuses=titles.STATUS_NAMES,
        people=inside.count(incident, chosen),
        few=exporting.FEW,
        formats=Export.Format.choices,
        rows=[(row, row.is_open(now), _chosen_words(row)) for row in rows],
        may_export=may(officer, Verb.REGISTER, now, incident.territory),
    )
    return render(request, "checkins/exports.html", context)


def _chosen_words(row: Export) -> str:
    """Say which people are in a list, for who has to allow it."""
    return titles.words(choosing.of(row.chosen))


@officer_page(Verb.REGISTER)
@require_POST
def ask_export(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask for a list, with its purpose."""
    incident = framing.incident_of(request, reference, Verb.REGISTER)
    form = {name: str(value) for name, value in request.POST.items()}
    chosen = choosing.of(form)
    try:
        if any(form.get(name) and not value for name, value in vars(chosen).items()):
            raise exporting.ExportError("Choose who is to be in it.")
        row = exporting.ask(incident, form, chosen, officer_of(request), timezone.now())
        said = (
            "It can be fetched below."
            if row.allowed_at
            else "A second person has to allow it: with your other lists of this day "
            f"it holds more than {exporting.FEW} people."
        )
        messages.success(request, said)
    except exporting.ExportError as error:
        messages.error(request, str(error))
    return redirect("checkins:exports", incident.reference)


@officer_page(Verb.WATCH)
@require_POST
def allow_export(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """Say the second yes to a list."""
    incident = framing.incident_of(request, reference)
    row = get_object_or_404(Export, pk=pk, incident=incident)
    try:
        exporting.allow(row, officer_of(request), timezone.now())
        messages.success(request, "It is allowed for one hour.")
    except exporting.ExportError as error:
        messages.error(request, str(error))
    return redirect("checkins:exports", incident.reference)


@officer_page(Verb.REGISTER)
@require_safe
def fetch_export(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """Return the file to who asked for it."""
    incident = framing.incident_of(request, reference, Verb.REGISTER)
    row = get_object_or_404(Export, pk=pk, incident=incident)
    if not stepping.is_fresh(request, timezone.now()):
        return stepping.ask(reverse("checkins:exports", args=[incident.reference]))
    try:
        body = exporting.write(row, officer_of(request), timezone.now())
    except exporting.ExportError as error:
        messages.error(request, str(error))
        return redirect("checkins:exports", incident.reference)
    name = f"{exporting.file_stem(incident)}-people-{row.pk}.{row.format}"
    return HttpResponse(
        body,
        content_type=exporting.TYPES[row.format],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
