"""Staff pages of registrations: find one, look at one; both are logged."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from consular import modes
from consular.missions import audit
from consular.missions.access import Verb, officer_of, officer_page
from consular.people import keying
from consular.people.managing import errands
from consular.people.models import SILENCES_OF_STALE, Contact, Registration
from consular.people.protecting import scoping
from consular.people.registering import addresses

A_PAGE = 50


def _found(words: str, seen: QuerySet[Registration]) -> list[Registration]:
    """Find registrations by reference, phone, e-mail or name: by blind indexes."""
    listed = seen.prefetch_related("persons").order_by("-pk")
    by_reference = listed.filter(reference=words.upper().replace(" ", ""))
    if by_reference:
        return list(by_reference)
    keys = []
    for kind in Contact.Kind.values:
        try:
            address = addresses.normalise(kind, words)
        except addresses.AddressError:
            continue
        keys.append(addresses.address_key(kind, address))
    matched = listed.filter(contacts__address_key__in=keys).distinct()
    return list(matched[:A_PAGE]) or _named(words, seen)


def _named(words: str, seen: QuerySet[Registration]) -> list[Registration]:
    """Find registrations by a name in any spelling, the most alike first."""
    persons = keying.found(words, modes.installation(), seen)
    order = list(dict.fromkeys(person.registration_id for person in persons))[:A_PAGE]
    rows = seen.prefetch_related("persons").in_bulk(order)
    return [rows[each] for each in order]


def _freshness(seen: QuerySet[Registration]) -> dict[str, int]:
    """Count confirmed registrations, those that were asked twice in vain apart."""
    rows = seen.exclude(confirmed_at=None)
    confirmed = rows.count()
    stale = rows.filter(silences__gte=SILENCES_OF_STALE).count()
    return {"confirmed": confirmed, "stale": stale, "fresh": confirmed - stale}


@officer_page(Verb.REGISTER)
@require_http_methods(["GET", "HEAD", "POST"])
def registrations(request: HttpRequest) -> HttpResponse:
    """Search registrations; without a search, show the newest ones.

    A search is posted, so that no number or address stands in a log of addresses.
    """
    now = timezone.now()
    seen = scoping.seen_by(officer_of(request), now)
    words = request.POST.get("q", "").strip()[:254]
    if words:
        rows = _found(words, seen)
        audit.record(
            "search", officer_of(request), "registrations", now, found=len(rows)
        )
    else:
        newest = seen.prefetch_related("persons").order_by("-pk")
        rows = list(newest[:A_PAGE])
        audit.record("list", officer_of(request), "registrations", now, shown=len(rows))
    context = {
        "section": "people",
        "words": words,
        "rows": rows,
        "total": seen.count(),
        "waiting": errands.waiting().filter(registration__in=seen).count(),
        **_freshness(seen),
        "now": now,
    }
    return render(request, "people/list.html", context)


@officer_page(Verb.REGISTER)
@require_safe
def registration(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one registration, its persons, contacts and stays with earlier versions."""
    now = timezone.now()
    seen = scoping.seen_by(officer_of(request), now)
    row = get_object_or_404(seen, reference=reference)
    audit.record(
        "view_registration", officer_of(request), f"registration {row.pk}", now
    )
    context = {
        "section": "people",
        "registration": row,
        "persons": row.persons.select_related("guardian"),
        "contacts": row.contacts.all(),
        "stays": row.stays.order_by("replaced_at", "arrives_on").prefetch_related(
            "persons"
        ),
        "now": now,
    }
    return render(request, "people/page.html", context)
