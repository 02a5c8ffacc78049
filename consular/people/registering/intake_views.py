"""Take a registration in by phone: an officer reads out, hears, and types."""

import re
import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from consular.missions import audit
from consular.missions.access import Verb, officer_of, officer_page
from consular.people.models import CrisisForm
from consular.people.protecting import scoping
from consular.people.registering import crisis
from consular.people.registering.crisis_forms import CrisisEntry, IntakeForm

# A caller is never turned away; only the officers there see what is kept of them.
ELSEWHERE = (
    "Registered as {reference}. The stay is in a country of another mission, whose"
    " officers see it."
)
FORM_KEY = re.compile(r"[0-9a-f]{32}")


@officer_page(Verb.REGISTER)
@require_http_methods(["GET", "HEAD", "POST"])
def intake(request: HttpRequest) -> HttpResponse:
    """Ask what a crisis form asks, in words to be read out; who is named counts."""
    now = timezone.now()
    typed = request.POST if request.method == "POST" else {}
    countries = [
        code
        for form in CrisisForm.objects.filter(closed_at=None)
        for code in form.countries
    ]
    page, more = CrisisEntry(typed, countries, now.date()), IntakeForm(typed)
    key = request.POST.get("key", "")
    is_sent = request.method == "POST"
    if is_sent and all([page.is_valid(), more.is_valid()]) and FORM_KEY.fullmatch(key):
        entry = page.entry(more.cleaned_data["language"])
        row, _is_new = crisis.enter(None, entry, key, now)
        subject = f"registration {row.pk}"
        audit.record("enter_registration", officer_of(request), subject, now)
        seen = scoping.seen_by(officer_of(request), now)
        if seen.filter(pk=row.pk).exists():
            return redirect("people:page", row.reference)
        messages.success(request, ELSEWHERE.format(reference=row.reference))
        return redirect("people:intake")
    if not is_sent:
        page.hush()
        more.hush()
    context = {
        "section": "people",
        "page": page,
        "more": more,
        "forms": [*page.parts, more],
        "with_errors": is_sent,
        "key": key if FORM_KEY.fullmatch(key) else uuid.uuid4().hex,
    }
    return render(
        request, "people/intake.html", context, status=400 if is_sent else 200
    )
