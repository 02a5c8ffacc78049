"""What officers do to hazards: report one by hand, merge two, split one."""

from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from alerts.hazards.events import combining, entering
from alerts.hazards.events.forms import WORDS_OF, EntryForm
from alerts.hazards.models import Hazard, Report
from consular.missions.access import Verb, officer_of, officer_page


def _again(request: HttpRequest) -> Report | None:
    """Return the officers' report that is to be corrected, if one is named."""
    number = request.GET.get("again", "")
    if not (number.isascii() and number.isdigit() and len(number) < 18):
        return None
    own = Report.objects.filter(sender=entering.SENDER, source__url="")
    return get_object_or_404(own, pk=int(number))


def _first_values(again: Report | None) -> dict[str, Any]:
    zone = ZoneInfo(settings.MINISTRY_TIME_ZONE)
    moment = again.happened_at if again else timezone.now()
    values: dict[str, Any] = {
        "happened_at": moment.astimezone(zone).replace(tzinfo=None)
    }
    if again is not None:
        values |= {
            "title": again.headline,
            "place": again.place,
            "level": again.level,
            "kind": again.kind,
            "link": again.link,
            "confidence": WORDS_OF.get(again.certainty, "possible"),
            "description": again.description,
        }
    return values


@officer_page(Verb.WATCH)
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """Report an event by hand; it is a hazard at once, and may propose like others."""
    again = _again(request)
    form = EntryForm(request.POST or None, initial=_first_values(again), again=again)
    if request.method == "POST" and form.is_valid():
        try:
            hazard = entering.enter(form.entry(), officer_of(request), timezone.now())
        except entering.EntryError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "It is on record. Nothing was sent to anyone.")
            return redirect("hazards:page", hazard.pk)
    context = {"section": "hazards", "form": form, "again": again}
    return render(request, "hazards/enter.html", context)


@officer_page(Verb.DECLARE)
@require_POST
def merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that a hazard is the same event as another."""
    hazard = get_object_or_404(Hazard, pk=pk)
    number = request.POST.get("into", "")
    living = Hazard.objects.filter(merged_into=None)
    into = living.filter(pk=int(number[:18]) if number.isdecimal() else 0).first()
    if into is None:
        messages.error(request, "Choose the hazard that it is the same event as.")
        return redirect("hazards:page", pk)
    try:
        combining.merge(hazard, into, officer_of(request), timezone.now())
    except combining.CombiningError as error:
        messages.error(request, str(error))
        return redirect("hazards:page", pk)
    messages.success(request, "Merged. All that was said of both stands here.")
    return redirect("hazards:page", into.pk)


@officer_page(Verb.DECLARE)
@require_POST
def split(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that some statements of a hazard are another event."""
    hazard = get_object_or_404(Hazard, pk=pk)
    chosen = [int(n[:18]) for n in request.POST.getlist("report") if n.isdecimal()]
    try:
        other = combining.split(hazard, chosen, officer_of(request), timezone.now())
    except combining.CombiningError as error:
        messages.error(request, str(error))
        return redirect("hazards:page", pk)
    messages.success(request, "Split. What you chose is now this hazard.")
    return redirect("hazards:page", other.pk)
