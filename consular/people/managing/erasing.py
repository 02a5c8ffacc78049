"""Erase a party, at once and for good, wherever something is known of it."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from alerts.dispatch import forgetting
from consular.missions import audit
from consular.missions.models import Officer
from consular.people.models import Contact, Registration


@transaction.atomic
def erase(
    registration: Registration, now: datetime, by: Officer | None = None
) -> dict[str, int]:
    """Delete all that is known of a party; return the counts.

    Each later stage erases what it holds (`settings.ERASERS`); then the party's own
    rows go, and with the last party that used an address, the mail room forgets it.
    What stays is a line of the audit trail with counts.
    """
    _hold(registration)
    counts = {
        "persons": registration.persons.count(),
        "contacts": registration.contacts.count(),
        "stays": registration.stays.count(),
    }
    audit.record("erase", by, f"registration {registration.pk}", now, **counts)
    keys = own_keys(registration)
    for path in settings.ERASERS.values():
        import_string(path)([registration.pk], keys, now)
    prefix = f"notice:party:{registration.pk}:"
    registration.delete()
    forgetting.forget(prefix, keys, now)
    return counts


def _hold(registration: Registration) -> None:
    """Wait for whoever writes a party into an audience, before anything is deleted.

    They hold the same row first. Otherwise each may have what the other waits for.
    """
    row = Registration.objects.select_for_update().filter(pk=registration.pk)
    row.values_list("pk").first()


def own_keys(registration: Registration) -> set[str]:
    """Return the blind indexes of addresses that no other party has."""
    keys = set(registration.contacts.values_list("address_key", flat=True))
    shared = Contact.objects.filter(address_key__in=keys).exclude(
        registration=registration
    )
    return keys - set(shared.values_list("address_key", flat=True))
