"""The crisis form for everyone, and the officers' page that opens one."""

import re
import uuid

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from consular import languages, modes, squares
from consular.missions.access import Verb, officer_of, officer_page
from consular.people.models import CrisisForm
from consular.people.protecting import guarding, scoping
from consular.people.registering import crisis
from consular.people.registering.crisis_forms import CrisisEntry, OpenForm
from consular.people.registering.entries import Entry
from consular.people.registering.public import show

FORM_KEY = re.compile(r"[0-9a-f]{32}")


ELSEWHERE = "Choose countries that your missions look after."


@csrf_exempt  # no session: there is nothing that another site could borrow
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest, code: str) -> HttpResponse:
    """Ask seven things at most on one page, and take them in."""
    form = CrisisForm.objects.filter(
        code=code.lower(), closed_at=None, mode=modes.installation()
    ).first()
    if form is None:
        return show(request, "lost", {}, status=404)
    now = timezone.now()
    language = languages.chosen(request)
    typed = request.POST.copy() if request.method == "POST" else None
    key = request.POST.get("key", "")
    with languages.speak(language):
        page = CrisisEntry(typed or {}, form.countries, now.date())
        if typed is None or typed.get("do") == "stay":
            page.hush()
        elif page.is_valid() and FORM_KEY.fullmatch(key):
            return _taken(request, form, page.entry(language), key)
    status = 400 if typed is not None and typed.get("do") != "stay" else 200
    if not FORM_KEY.fullmatch(key):
        key = uuid.uuid4().hex
    context = {
        "form": form,
        "page": page,
        "forms": page.parts,
        "key": key,
        "with_errors": status == 400,
    }
    return show(request, "crisis", context, status)


def _taken(
    request: HttpRequest, form: CrisisForm, entry: Entry, key: str
) -> HttpResponse:
    """Take an entry in; an officer looks at it if its network sends too many."""
    now = timezone.now()
    counts = guarding.judge(request, "crisis", now, by_phone=False).may_ask
    crisis.enter(
        form,
        entry,
        key,
        now,
        counts=counts,
        may_text=lambda: counts and guarding.may_text_in_a_crisis(now),
    )
    return show(request, "crisis_saved", {"form": form, "is_held": not counts})


def _address(form: CrisisForm) -> str:
    return settings.PUBLIC_URL + reverse("people:crisis", args=[form.code])


@officer_page(Verb.REGISTER)
@require_http_methods(["GET", "HEAD", "POST"])
def forms(request: HttpRequest) -> HttpResponse:
    """List the crisis forms, and open one."""
    now = timezone.now()
    asked = OpenForm(request.POST or None)
    if request.method == "POST" and asked.is_valid():
        data = asked.cleaned_data
        if not scoping.reaches_all(officer_of(request), data["countries"], now):
            asked.add_error("countries", ELSEWHERE)
    if request.method == "POST" and asked.is_valid():
        made = crisis.open_form(
            data["title"], data["countries"], officer_of(request), now
        )
        return redirect("people:poster", made.code)
    rows = scoping.forms_seen_by(officer_of(request), now)[:50]
    context = {
        "section": "people",
        "asked": asked,
        "rows": [(row, _address(row)) for row in rows],
        "now": timezone.now(),
    }
    return render(request, "people/crisis_forms.html", context)


def _seen(request: HttpRequest, code: str) -> CrisisForm:
    """Return a form for a country of the officer's missions; else it is not found."""
    forms_seen = scoping.forms_seen_by(officer_of(request), timezone.now())
    for form in forms_seen:
        if form.code == code:
            return form
    raise Http404


@officer_page(Verb.REGISTER)
@require_safe
def poster(request: HttpRequest, code: str) -> HttpResponse:
    """Show a form's address to print or to read out, with a picture of it."""
    form = _seen(request, code)
    context = {
        "section": "people",
        "form": form,
        "address": _address(form),
        "short": _address(form).split("://")[1].rstrip("/"),
        "squares": squares.of(_address(form)),
        "reply_to": _reply_number(),
    }
    return render(request, "people/crisis_poster.html", context)


def _reply_number() -> str:
    """Return the number to which people can text, if there is one."""
    for account in settings.ACCOUNTS.values():
        if account["channel"] == "sms" and account["mode"] == settings.MODE:
            return str(account["sender"])
    return ""


@officer_page(Verb.REGISTER)
@require_POST
def close(request: HttpRequest, code: str) -> HttpResponse:
    """Take no more entries by a form."""
    form = _seen(request, code)
    crisis.close_form(form, officer_of(request), timezone.now())
    return redirect("people:crisis_forms")
