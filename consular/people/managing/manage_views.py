"""The page behind a party's own link: see, change, extend, leave, download, delete.

Exempt from the CSRF check: the token in the address is the only authority there is.
"""

import json
from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from consular import languages, places
from consular.people.managing import assuring, erasing, linking, moving, recalling
from consular.people.models import Link, Registration
from consular.people.registering import membership, refilling, views
from consular.people.registering.forms import FIRST_DAY, LAST_DAY
from consular.people.registering.public import lost, show

JUST_NOW = timedelta(minutes=2)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def manage(request: HttpRequest, token: str) -> HttpResponse:
    """Show a registration to its owner, and do what they ask."""
    registration = linking.opened(token, Link.Purpose.MANAGE)
    if registration is None:
        return lost(request)
    now = timezone.now()
    language = languages.chosen(request, registration.language)
    do = request.POST.get("do", "") if request.method == "POST" else ""
    if do == "delete" and request.POST.get("sure"):
        return _deleted(request, registration, language, now)
    if do == "download":
        return _download(registration)
    if do == "change":
        entry, today = recalling.entry_of(registration), timezone.localdate()
        with languages.speak(language):
            return views.form_page(request, refilling.of_entry(entry, token, today))
    if do == "replace":
        linking.replace(registration, now)
        return redirect(linking.link(registration, Link.Purpose.MANAGE))
    said = _done(request, registration, do, now)
    registration.refresh_from_db()
    return _shown(request, registration, token, language, do, said)


def _done(
    request: HttpRequest, registration: Registration, do: str, now: datetime
) -> bool:
    """Do what needs no page of its own; tell whether it was done."""
    if do == "left":
        moving.leave(registration, timezone.localdate(), now)
    elif do == "right":
        assuring.still_right(registration, now)
    elif do == "extend":
        return moving.extend(registration, _day(request.POST.get("until", "")), now)
    else:
        return False
    return True


def _day(typed: str) -> date:
    """Read a day; what is none is too early for anything."""
    try:
        day = date.fromisoformat(typed[:10])
    except ValueError:
        return FIRST_DAY
    return day if day <= LAST_DAY else FIRST_DAY


def _shown(
    request: HttpRequest,
    registration: Registration,
    token: str,
    language: str,
    do: str,
    is_done: bool,
) -> HttpResponse:
    context: dict[str, Any] = {
        "token": token,
        "registration": registration,
        "persons": registration.persons.all(),
        "staying": [
            person.initials
            for person in membership.set_apart(registration, timezone.now())
        ],
        "stays": [
            (stay, places.said(stay.place, stay.country, language, stay.precision))
            for stay in registration.stays.current().prefetch_related("persons")
        ],
        "can_extend": registration.stays.current().exclude(departs_on=None).exists(),
        "unsure": do == "delete",
        "just_confirmed": not do and _is_fresh(registration.confirmed_at),
        "left": do == "left",
        "right": do == "right",
        "extended": do == "extend" and is_done,
        "too_early": do == "extend" and not is_done,
        "language": language,
    }
    return show(request, "manage", context)


def _is_fresh(confirmed_at: datetime | None) -> bool:
    """Tell whether somebody comes from the page on which they confirmed."""
    return confirmed_at is not None and timezone.now() - confirmed_at < JUST_NOW


def _deleted(
    request: HttpRequest, registration: Registration, language: str, now: datetime
) -> HttpResponse:
    """Delete everything, and answer with the receipt."""
    reference = registration.reference
    counts = erasing.erase(registration, now)
    context = {"reference": reference, "counts": counts, "now": now}
    return show(request, "deleted", context | {"language": language})


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
        "said_right_at": registration.assured_at,
        "consents": entry.consents,
        "persons": [
            {name: value for name, value in vars(person).items() if name != "row_id"}
            for person in entry.persons
        ],
        "contacts": [vars(contact) for contact in entry.contacts],
        "stays": [vars(stay) for stay in entry.stays],
    }
    text = json.dumps(held, ensure_ascii=False, indent=2, default=str)
    response = HttpResponse(text, content_type="application/json")
    name = f"registration-{registration.reference}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
