"""Note that a registration is right, because its owner has just said so."""

from datetime import datetime

from consular.people.models import Registration
from consular.people.registering.entries import KEPT_RESIDENT


def note(registration: Registration, now: datetime) -> None:
    """Count a party as fresh again; whatever it was asked is answered."""
    registration.questions.filter(answered_at=None).update(answered_at=now)
    Registration.objects.filter(pk=registration.pk).update(assured_at=now, silences=0)


def still_right(registration: Registration, now: datetime) -> None:
    """Take "still right" from its owner; a residence is kept for another year."""
    note(registration, now)
    if registration.kind == Registration.Kind.RESIDENCE:
        Registration.objects.filter(pk=registration.pk).update(
            expires_on=now.date() + KEPT_RESIDENT
        )
