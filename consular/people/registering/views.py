"""Public pages: the start and the four pages. No cookie, no script needed.

The views are exempt from the CSRF check: they use no session, so there is nothing that
another site could borrow. The only authority is the token in the address, or none.
"""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from consular import languages, places
from consular.people.managing import confirming, errands, linking
from consular.people.models import Contact, Link, Registration
from consular.people.protecting import guarding
from consular.people.registering import enrolling, entries, membership, wizard
from consular.people.registering.entries import Entry, PersonEntry
from consular.people.registering.public import lost, show, too_many
from consular.people.registering.wizard import PAGES, Wizard


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Say what this is, and lead to the form."""
    return show(request, "home", {})


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Walk through the four pages; the last one registers."""
    code, today = languages.chosen(request), timezone.localdate()
    if request.method != "POST":
        return form_page(request, Wizard(today=today, typed={"language": code}))
    with languages.speak(code):
        return _step(request, Wizard.opened(request.POST.get("state", ""), today))


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
        return form_page(request, at)
    if do == "stay":  # another language, with all that was typed
        return form_page(request, at)
    if do == "back":
        at.page = PAGES[max(PAGES.index(at.page) - 1, 0)]
        return form_page(request, at)
    wrong = at.first_wrong(at.page)
    if wrong:
        at.page = wrong
        return form_page(request, at, status=400)
    if at.page != "check":
        at.page = PAGES[PAGES.index(at.page) + 1]
        return form_page(request, at)
    return _finish(request, at)


def form_page(request: HttpRequest, at: Wizard, status: int = 200) -> HttpResponse:
    """Show a page; its errors stand only where something was sent."""
    shown = at.shown(at.page, with_errors=status == 400)
    context: dict[str, Any] = {
        "at": at,
        "state": at.sealed(),
        "forms": shown,
        "with_errors": status == 400,
        "number": PAGES.index(at.page) + 1,
        "persons": at.count("person"),
        "stays": at.count("stay"),
    }
    if at.page == "check":
        context["puzzle"] = guarding.puzzle(timezone.now())
    if at.page == "check" and not at.first_wrong("reach"):
        context |= _summary(at)
    return show(request, f"register_{at.page}", context, status)


def _summary(at: Wizard) -> dict[str, Any]:
    persons = at.forms_of("who")[1:]
    stays, (reach, emergency) = at.forms_of("where"), at.forms_of("reach")
    for form in (*persons, *stays, reach, emergency):
        form.full_clean()
    stays_said = [stay.entry() for stay in stays]
    kind = at.typed.get("kind", Registration.Kind.TRIP)
    names, language = at.names(), get_language() or "en"
    return {
        "who": [_guarded(form.entry(), names) for form in persons],
        "where": [
            (
                stay,
                places.said(stay.place, stay.country, language, stay.precision),
                [names[index] for index in stay.persons],
            )
            for stay in stays_said
        ],
        "reach": reach.cleaned_data,
        "emergency": emergency.entries(),
        "expires_on": entries.expires_on(kind, stays_said, at.today),
        "staying": _staying(at, [form.entry() for form in persons]),
    }


def _staying(at: Wizard, said: list[PersonEntry]) -> list[str]:
    """Name who stays although this change takes them out."""
    changed = at.token and linking.opened(at.token, Link.Purpose.MANAGE)
    if not changed:
        return []
    staying = membership.staying(changed, said, timezone.now())
    return [person.full_name for person in staying]


def _guarded(person: PersonEntry, names: list[str]) -> tuple[PersonEntry, str]:
    """Return a member, and who looks after them, by name."""
    if person.guardian is None:
        return person, person.guardian_name
    return person, names[person.guardian]


def _finish(request: HttpRequest, at: Wizard) -> HttpResponse:
    """Write the registration, or the change; a repeat of the same form counts once."""
    now = timezone.now()
    if at.token:
        registration = linking.opened(at.token, Link.Purpose.MANAGE)
        if registration is None:
            return lost(request)
        changed = enrolling.change(registration, at.entry(), now)
        if confirming.unproven(changed):
            errands.confirm_later(changed, now)
        return redirect("people:manage", at.token)
    known = Registration.objects.filter(form_key=at.key).first()
    if known and known.confirmed_at:
        return _registered(request, at, known, is_held=False)
    entry = at.entry()
    phones = [each for each in entry.contacts if each.kind == Contact.Kind.PHONE]
    verdict = guarding.judge(request, "register", now, by_phone=bool(phones))
    if not verdict.may_ask:
        return too_many(request)
    try:
        with transaction.atomic():
            known = known or _enrolled(entry, at.key, now)
            errands.confirm_later(known, now, may_text=verdict.may_text)
    except IntegrityError:  # the same form a second time, at the same moment
        known = Registration.objects.get(form_key=at.key)
    is_held = bool(phones) and not verdict.may_text
    return _registered(request, at, known, is_held=is_held)


def _enrolled(entry: Entry, key: str, now: datetime) -> Registration:
    (fresh,) = enrolling.enrol([entry], now, confirmed=False, form_key=key)
    return fresh


def _registered(
    request: HttpRequest, at: Wizard, row: Registration, *, is_held: bool
) -> HttpResponse:
    context = {
        "reference": row.reference,
        "confirm_token": linking.token(row, Link.Purpose.CONFIRM),
        "language": languages.chosen(request),
        "is_held": is_held,
        "state": at.sealed() if is_held else "",
        "agreed": [name for name in wizard.CONSENTS if name in at.typed],
        "puzzle": guarding.puzzle(timezone.now()) if is_held else "",
    }
    return show(request, "registered", context)
