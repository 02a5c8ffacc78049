"""The page of the duty rota, to which notices go."""

from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from consular.missions.access import Verb, officer_of, officer_page
from consular.missions.errors import StaffingError
from consular.missions.staff import contacting, rota
from consular.missions.staff.rota import Stretch
from consular.missions.staff.staff_forms import StretchForm
from consular.words import row_number


@officer_page(Verb.WATCH)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Show who is on duty, now and for a week, with the gaps; add and remove."""
    now, by = timezone.now(), officer_of(request)
    form = StretchForm(by, now, request.POST if "add" in request.POST else None)
    problem = ""
    if request.method == "POST":
        try:
            if "remove" in request.POST:
                pk = row_number(request.POST["remove"])
                rota.remove(get_object_or_404(rota.duties(by, now), pk=pk), by, now)
                messages.success(request, "Taken off the rota.")
                return redirect("missions:rota")
            if form.is_valid():
                rota.add(Stretch(**form.cleaned_data), by, now)
                messages.success(request, "Put on the rota; notices go there.")
                return redirect("missions:rota")
        except StaffingError as error:
            for name, words in error.errors.items():
                if form.is_bound:
                    form.add_error(name, words)
                problem = words
    duties = list(rota.duties(by, now))
    keeps = set(rota.may_keep(by, now).values_list("pk", flat=True))
    context = {
        "section": "rota",
        "now": now,
        "form": form,
        "problem": problem,
        "on_duty": [duty for duty in duties if duty.starts_at <= now],
        "later": [duty for duty in duties if duty.starts_at > now],
        "gaps": rota.gaps(by, now),
        "keeps": keeps,
        "ways": contacting.WAYS,
        "keeps_all": rota.keeps_all(by, now),
        "ministry_zone": ZoneInfo(settings.MINISTRY_TIME_ZONE),
    }
    return render(request, "missions/rota.html", context)
