"""Take a case, and close it with an outcome; both are logged, and the person told."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext

from alerts.checkins import checking
from alerts.checkins.models import Case, CheckIn, Status
from alerts.dispatch import outbox
from consular import languages
from consular.missions import audit
from consular.missions.models import Officer
from consular.people.models import Contact

CHANNELS = {Contact.Kind.PHONE.value: "sms", Contact.Kind.EMAIL.value: "email"}


@transaction.atomic
def take(case: Case, officer: Officer, now: datetime) -> bool:
    """Make an officer the owner of a case that has none; tell whether it worked."""
    row = Case.objects.filter(pk=case.pk, owner=None, closed_at=None)
    if not row.update(owner=officer, taken_at=now):
        return False
    audit.record("take_case", officer, f"case {case.pk}", now)
    _tell(case, now)
    return True


def _tell(case: Case, now: datetime) -> None:
    """Write to the person that an officer has the case, because now one has."""
    registration = case.person.registration
    own = registration.contacts.filter(role=Contact.Role.OWN).order_by("-kind", "pk")
    contact = own.first()
    if contact is None:
        return
    with languages.speak(registration.language):
        subject = gettext("An officer has your case")
        body = gettext(
            "{ministry}: an officer has your call for help and is working on it. "
            "If you are in danger now, call the local emergency number first."
        ).format(ministry=settings.MINISTRY_NAME)
    exercise = "EXERCISE. " if case.incident.mode == "exercise" else ""
    try:
        outbox.send_notice(
            f"case:{case.pk}:taken",
            purpose="case answer",
            channel=CHANNELS[contact.kind],
            address=contact.address,
            language=registration.language,
            subject=exercise + subject,
            body=exercise + body,
            now=now,
        )
    except outbox.CappedError:
        audit.record("not_told", None, f"case {case.pk}", now)


@transaction.atomic
def close(case: Case, officer: Officer, outcome: str, note: str, now: datetime) -> bool:
    """Close a case; its outcome answers the calls for help of the whole party."""
    if outcome not in Status.values or outcome == Status.NEEDS_HELP:
        return False
    row = Case.objects.filter(pk=case.pk, closed_at=None)
    if not row.update(closed_at=now, outcome=outcome, owner=case.owner or officer):
        return False
    case.refresh_from_db()
    case.note = note
    case.save(update_fields=["note"])
    calls = CheckIn.objects.filter(
        incident=case.incident,
        person__registration_id=case.person.registration_id,
        status=Status.NEEDS_HELP,
        closed_by=None,
        checkin=None,
        stated_at__lte=now,
    )
    persons = set(calls.values_list("person_id", flat=True))
    calls.update(closed_by=case)
    audit.record("close_case", officer, f"case {case.pk}", now, outcome=outcome)
    checking.refresh(case.incident, persons, now)
    return True
