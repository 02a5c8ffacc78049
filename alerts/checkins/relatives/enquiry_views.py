"""The public page to ask about someone, and the officers' list of who asks."""

import re
import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from alerts.checkins.models import Enquiry, EnquiryMatch
from alerts.checkins.relatives import enquiring
from alerts.checkins.relatives.enquiry_forms import EnquiryForm
from consular import languages, modes
from consular.missions import audit
from consular.missions.access import Verb, officer_of, officer_page
from consular.missions.models import Officer
from consular.people.protecting import scoping

FORM_KEY = re.compile(r"[0-9a-f]{32}")
A_PAGE = 30


def _show(
    request: HttpRequest, name: str, context: dict[str, object], status: int
) -> HttpResponse:
    code = languages.chosen(request)
    context |= {"page_language": code, "page_direction": languages.direction(code)}
    with languages.speak(code):
        response = render(request, f"checkins/{name}.html", context, status=status)
    response.headers["Content-Language"] = code
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@csrf_exempt  # no session: there is nothing that another site could borrow
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Take a question about someone; answer with its number and nothing else."""
    now, code = timezone.now(), languages.chosen(request)
    stays = request.POST.get("do") == "stay"  # only the language was changed
    typed = request.POST if request.method == "POST" else None
    key = request.POST.get("key", "")
    key = key if FORM_KEY.fullmatch(key) else uuid.uuid4().hex
    with languages.speak(code):
        form = EnquiryForm(typed, today=now.date())
        if typed is not None and not stays and form.is_valid():
            try:
                enquiry = enquiring.ask(form.cleaned_data, code, key, now)
            except enquiring.TooManyError:
                return _show(request, "ask_later", {}, 429)
            return _show(request, "ask_saved", {"number": enquiry.number}, 200)
        if stays:
            form.errors.clear()
    wrong = typed is not None and not stays
    context: dict[str, object] = {
        "form": form,
        "forms": [form],
        "key": key,
        "with_errors": wrong,
    }
    return _show(request, "ask", context, 400 if wrong else 200)


def _matches(officer: Officer) -> QuerySet[EnquiryMatch]:
    """Keep those of whom the officer may know that they are registered."""
    seen = scoping.seen_by(officer, timezone.now())
    return EnquiryMatch.objects.filter(person__registration__in=seen)


@officer_page(Verb.REGISTER)
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """List who asks about whom: what waits for a decision first."""
    now = timezone.now()
    rows = Enquiry.objects.filter(mode=modes.installation())
    if request.GET.get("show") == "closed":
        rows = rows.exclude(closed_at=None).order_by("-closed_at")
    else:
        rows = rows.filter(closed_at=None)
    matches = _matches(officer_of(request)).select_related("person__registration")
    rows = rows.prefetch_related(Prefetch("matches", queryset=matches))
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    audit.record(
        "view_enquiries", officer_of(request), "enquiries", now, enquiries=len(page)
    )
    context = {
        "page": page,
        "section": "enquiries",
        "show": request.GET.get("show", ""),
    }
    return render(request, "checkins/enquiries.html", context)


@officer_page(Verb.REGISTER)
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Say whether a person is meant."""
    rows = _matches(officer_of(request)).select_related("enquiry")
    match = get_object_or_404(rows, pk=pk)
    is_meant = request.POST.get("do") == "confirm"
    if enquiring.decide(match, is_meant, officer_of(request), timezone.now()):
        messages.success(request, "Noted. Nothing is told unless this person agrees.")
    else:
        messages.error(request, "It was decided already.")
    return redirect("checkins:enquiries")


@officer_page(Verb.REGISTER)
@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """End an enquiry."""
    enquiry = get_object_or_404(Enquiry, pk=pk)
    if enquiring.close(enquiry, officer_of(request), timezone.now()):
        messages.success(request, "The enquiry is closed.")
    else:
        messages.error(request, "It was closed already.")
    return redirect("checkins:enquiries")
