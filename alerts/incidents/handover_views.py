"""The page on which one commander hands an incident over to the next."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from alerts.incidents import framing, handover
from alerts.incidents.errors import FieldsError, IncidentError
from consular import words
from consular.missions.access import Verb, officer_page
from consular.missions.models import Officer


@officer_page(Verb.WATCH)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, reference: str) -> HttpResponse:
    """List what changed since the last handover; name the next commander."""
    frame = framing.frame(request, reference)
    incident, officer = frame.incident, framing.officer_of(request)
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            to = _chosen(request.POST.get("officer", ""))
            note = request.POST.get("note", "")
            handover.hand_over(incident, to, note, officer, frame.now)
        except FieldsError as error:
            errors = error.errors
        except IncidentError as error:
            errors = {"officer": str(error)}
        else:
            messages.success(request, f"{to.full_name} commands now.")
            return redirect("incidents:page", reference)
    context = frame.context(request, "summary") | {
        "changes": handover.changes(incident),
        "candidates": handover.candidates(incident, frame.now),
        "errors": errors,
        "typed": request.POST,
    }
    return render(request, "incidents/handover.html", context)


def _chosen(number: str) -> Officer:
    rows = Officer.objects.filter(pk=words.row_number(number), is_active=True)
    if (found := rows.first()) is None:
        raise FieldsError({"officer": "Choose who commands next."})
    return found
