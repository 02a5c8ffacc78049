"""The list of incidents, declaring one, and an incident's summary."""

from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from alerts.hazards.models import Hazard
from alerts.incidents import declaring, forms, framing, logbook, pictures, promising
from alerts.incidents.approving import providers
from alerts.incidents.errors import FieldsError, IncidentError
from alerts.incidents.models import Alert, Incident
from alerts.incidents.zones import previewing
from consular import modes, words
from consular.missions.access import Verb, may, officer_page

ON_A_PAGE = 50
LOG_LINES = 100


@officer_page(Verb.WATCH)
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """List incidents: open ones first, then the newest."""
    now = timezone.now()
    incidents = (
        Incident.objects.seen_by(framing.officer_of(request), now)
        .select_related("commander", "hazard")
        .annotate(
            going=Count(
                "alerts",
                filter=Q(alerts__state__in=[Alert.State.HELD, Alert.State.RELEASED]),
                distinct=True,
            ),
            waiting=Count("drafts", filter=Q(drafts__state="submitted"), distinct=True),
        )
        .order_by(F("closed_at").desc(nulls_first=True), "-opened_at")
    )
    page = Paginator(incidents, ON_A_PAGE).get_page(request.GET.get("page"))
    promised = promising.promises(page.object_list, now)
    context = {
        "section": "incidents",
        "page": page,
        "late": {key for key, promise in promised.items() if promise.is_late},
        "now": now,
        "ministry_zone": ZoneInfo(settings.MINISTRY_TIME_ZONE),
        "may_declare": may(framing.officer_of(request), Verb.DECLARE, now),
    }
    return render(request, "incidents/list.html", context)


@officer_page(Verb.DECLARE)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Declare an incident, from a hazard or from nothing."""
    now = timezone.now()
    named = request.POST.get("hazard") or request.GET.get("hazard") or ""
    hazard = None
    if number := words.row_number(named):
        hazard = get_object_or_404(Hazard, pk=number)
    if request.method == "POST":
        form = forms.DeclareForm(request.POST)
        incident = _declared(request, form, hazard)
        if incident is not None:
            return redirect("incidents:zone", incident.reference)
    else:
        form = forms.DeclareForm(initial=forms.first_values(hazard, now))
    context = {
        "section": "incidents",
        "form": form,
        "hazard": hazard,
        "already": hazard and Incident.objects.filter(hazard=hazard).first(),
        "missing": providers.missing(modes.installation()),
        "now": now,
        "ministry_zone": ZoneInfo(settings.MINISTRY_TIME_ZONE),
    }
    return render(request, "incidents/new.html", context)


def _declared(
    request: HttpRequest, form: forms.DeclareForm, hazard: Hazard | None
) -> Incident | None:
    if not form.is_valid():
        return None
    typed = form.cleaned_data
    declaration = declaring.Declaration(
        by=framing.officer_of(request),
        title=typed["title"],
        place=typed["place"],
        kind=typed["kind"],
        mode=typed.get("mode") or modes.installation(),
        happened_at=typed["happened_at"],
        hazard=hazard,
        lead_mission=typed["lead_mission"],
    )
    try:
        return declaring.declare(declaration, timezone.now())
    except FieldsError as error:
        for name, words in error.errors.items():
            form.add_error(name if name in form.fields else None, words)
    return None


@officer_page(Verb.WATCH)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, reference: str) -> HttpResponse:
    """Show an incident: its zone, its people, its alerts, its log; add to the log."""
    frame = framing.frame(request, reference)
    incident, typed, error = frame.incident, "", ""
    if request.method == "POST":
        typed = request.POST.get("body", "")
        try:
            logbook.remark(incident, framing.officer_of(request), typed, frame.now)
        except IncidentError as refused:
            error = str(refused)
        else:
            messages.success(request, "Added to the log.")
            return redirect("incidents:page", reference)
    context = frame.context(request, "summary") | {
        "picture": pictures.of_incident(incident, 440, 480),
        "zones": incident.zones.all(),
        "counts": previewing.count(incident, frame.now),
        "alerts": incident.alerts.select_related("approved_by", "submitted_by"),
        "log": incident.log.select_related("officer")[:LOG_LINES],
        "typed": typed,
        "log_error": error,
    }
    return render(request, "incidents/page.html", context)
