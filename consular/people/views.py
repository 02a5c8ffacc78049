"""Public pages: register, confirm, manage. No cookie, no script needed.

The views are exempt from the CSRF check: they use no session, so there is nothing that
another site could borrow. The only authority is the token in the address, or none.
"""

import json
from datetime import date
from typing import Any

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from consular import languages
from consular.people import enrolling, erasing, recalling, wizard
from consular.people.confirming import ask_to_confirm
from consular.people.models import Link, Registration
from consular.people.public import show
from consular.people.wizard import PAGES, Wizard


def _lost(request: HttpRequest) -> HttpResponse:
    return show(request, "lost", {}, status=404)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Say what this is, and lead to the form."""
    return show(request, "home", {})


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Walk through the four pages; the last one registers."""
    code = languages.chosen(request)
    if request.method != "POST":
        return _form(request, Wizard(typed={"language": code}))
    with languages.speak(code):
        return _step(request, Wizard.opened(request.POST.get("state", "")))


def _step(request: HttpRequest, at: Wizard) -> HttpResponse:
    """Do what the pressed button says, and show the page that follows."""
    at.take(request.POST)
    do, _sep, rest = request.POST.get("do", "next").partition("-")
    if do in ("add", "remove"):
        noun, _sep, index = rest.partition("-")
        if noun in wizard.MOST and do == "add":
            at.add(noun)
        elif noun in wizard.MOST and index.isdecimal():
            at.remove(noun, int(index))
        return _form(request, at)
    if do == "stay":  # another language, with all that was typed
        return _form(request, at)
    if do == "back":
        at.page = PAGES[max(PAGES.index(at.page) - 1, 0)]
        return _form(request, at)
    wrong = at.first_wrong(at.page)
    if wrong:
        at.page = wrong
        return _form(request, at, status=400)
    if at.page != "check":
        at.page = PAGES[PAGES.index(at.page) + 1]
        return _form(request, at)
    return _finish(request, at)


def _form(request: HttpRequest, at: Wizard, status: int = 200) -> HttpResponse:
    """Show a page; its errors stand only where something was sent."""
    shown = at.shown(at.page, with_errors=status == 400)
    today = timezone.localdate()
    context: dict[str, Any] = {
        "at": at,
        "state": at.sealed(),
        "forms": shown,
        "with_errors": status == 400,
        "number": PAGES.index(at.page) + 1,
        "persons": at.count("person"),
        "stays": at.count("stay"),
    }
    if at.page == "check" and not at.first_wrong("reach"):
        context |= _summary(at, today)
    return show(request, f"register_{at.page}", context, status)


def _summary(at: Wizard, today: date) -> dict[str, Any]:
    persons = at.forms_of("who")[1:]
    stays, (reach,) = at.forms_of("where"), at.forms_of("reach")
    for form in (*persons, *stays, reach):
        form.full_clean()
    entries = [stay.entry() for stay in stays]
    kind = at.typed.get("kind", Registration.Kind.TRIP)
    return {
        "who": [form.entry(today) for form in persons],
        "where": entries,
        "reach": reach.cleaned_data,
        "expires_on": enrolling.expires_on(kind, entries, today),
    }


def _finish(request: HttpRequest, at: Wizard) -> HttpResponse:
    """Write the registration, or the change; a repeat of the same form counts once."""
    now = timezone.now()
    entry = at.entry(timezone.localdate())
    if at.token:
        registration = enrolling.opened(at.token, Link.Purpose.MANAGE)
        if registration is None:
            return _lost(request)
        changed = enrolling.change(registration, entry, now)
        if changed.contacts.filter(verified_at=None, role="own").exists():
            ask_to_confirm(changed, now)
        return redirect("people:manage", at.token)
    known = Registration.objects.filter(form_key=at.key).first()
    if known is None:
        try:
            (known,) = enrolling.enrol([entry], now, confirmed=False, form_key=at.key)
        except IntegrityError:  # the same form a second time, at the same moment
            known = Registration.objects.get(form_key=at.key)
    if known.confirmed_at is None:
        ask_to_confirm(known, now)
    context = {"reference": known.reference, "language": languages.chosen(request)}
    return show(request, "registered", context)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for one press, which confirms; opening the link changes nothing."""
    registration = enrolling.opened(token, Link.Purpose.CONFIRM)
    if registration is None:
        return _lost(request)
    if request.method == "POST":
        enrolling.confirm(registration, timezone.now())
        return redirect(enrolling.link(registration, Link.Purpose.MANAGE))
    context = {"token": token, "registration": registration}
    return show(request, "confirm", context | _language(request, registration))


def _language(request: HttpRequest, registration: Registration) -> dict[str, str]:
    return {"language": languages.chosen(request, registration.language)}


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def manage(request: HttpRequest, token: str) -> HttpResponse:
    """Show a registration to its owner, and do what they ask."""
    registration = enrolling.opened(token, Link.Purpose.MANAGE)
    if registration is None:
        return _lost(request)
    now = timezone.now()
    language = _language(request, registration)
    do = request.POST.get("do", "") if request.method == "POST" else ""
    if do == "delete" and request.POST.get("sure"):
        reference = registration.reference
        counts = erasing.erase(registration, now)
        context = {"reference": reference, "counts": counts, "now": now}
        return show(request, "deleted", context | language)
    if do == "download":
        return _download(registration)
    if do == "change":
        entry = recalling.entry_of(registration)
        with languages.speak(language["language"]):
            return _form(request, wizard.of_entry(entry, token))
    if do == "left":
        enrolling.leave(registration, timezone.localdate(), now)
    context = {
        "token": token,
        "registration": registration,
        "persons": registration.persons.all(),
        "stays": registration.stays.current(),
        "unsure": do == "delete",
        "left": do == "left",
    }
    return show(request, "manage", context | language)


def _download(registration: Registration) -> HttpResponse:
    """Give the owner all that we hold of them."""
    entry = recalling.entry_of(registration)
    held = {
        "reference": registration.reference,
        "kind": entry.kind,
        "language": entry.language,
        "created_at": registration.created_at,
        "confirmed_at": registration.confirmed_at,
        "deleted_on": registration.expires_on,
        "consents": entry.consents,
        "persons": [vars(person) for person in entry.persons],
        "contacts": [vars(contact) for contact in entry.contacts],
        "stays": [vars(stay) for stay in entry.stays],
    }
    text = json.dumps(held, ensure_ascii=False, indent=2, default=str)
    response = HttpResponse(text, content_type="application/json")
    name = f"registration-{registration.reference}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
