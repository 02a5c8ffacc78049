"""Staff pages of registrations: find one, look at one; both are logged."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from consular.missions import audit
from consular.missions.access import Verb, officer_of, officer_page
from consular.people import addresses
from consular.people.models import Contact, Registration

A_PAGE = 50


def _found(words: str) -> list[Registration]:
    """Find registrations by reference, phone or e-mail: exactly, by blind index."""
    listed = Registration.objects.prefetch_related("persons").order_by("-pk")
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
    return list(matched[:A_PAGE])


@officer_page(Verb.REGISTER)
@require_http_methods(["GET", "HEAD", "POST"])
def registrations(request: HttpRequest) -> HttpResponse:
    """Search registrations; without a search, show the newest ones.

    A search is posted, so that no number or address stands in a log of addresses.
    """
    now = timezone.now()
    words = request.POST.get("q", "").replace("\x00", "").strip()[:254]
    if words:
        rows = _found(words)
        audit.record(
            "search", officer_of(request), "registrations", now, found=len(rows)
        )
    else:
        newest = Registration.objects.prefetch_related("persons").order_by("-pk")
        rows = list(newest[:A_PAGE])
        audit.record("list", officer_of(request), "registrations", now, shown=len(rows))
    context = {
        "section": "people",
        "words": words,
        "rows": rows,
        "total": Registration.objects.count(),
        "confirmed": Registration.objects.exclude(confirmed_at=None).count(),
        "now": now,
    }
    return render(request, "people/list.html", context)


@officer_page(Verb.REGISTER)
@require_safe
def registration(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one registration, its persons, contacts and stays with earlier versions."""
    row = get_object_or_404(Registration, reference=reference)
    now = timezone.now()
    audit.record(
        "view_registration", officer_of(request), f"registration {row.pk}", now
    )
    context = {
        "section": "people",
        "registration": row,
        "persons": row.persons.all(),
        "contacts": row.contacts.all(),
        "stays": row.stays.order_by("replaced_at", "arrives_on"),
        "now": now,
    }
    return render(request, "people/page.html", context)
