"""Write to the person of a case: a notice to one own address, in their language."""

from datetime import datetime

from django.utils.translation import gettext

from alerts.checkins.models import Case, CaseEvent
from alerts.dispatch import addresses, outbox
from alerts.dispatch.models import Message, State
from consular import languages, modes
from consular.people.models import Contact

PURPOSE = "case answer"
CHANNELS = {Contact.Kind.PHONE.value: "sms", Contact.Kind.EMAIL.value: "email"}
# What an officer reads of a message, and whether it will not come.
ARRIVED = {
    State.QUEUED.value: ("waits to leave", False),
    State.CLAIMED.value: ("is leaving", False),
    State.ACCEPTED.value: ("sent", False),
    State.DELIVERED.value: ("arrived", False),
    State.UNCLEAR.value: ("may not have arrived", True),
    State.SET_ASIDE.value: ("may not have arrived", True),
    State.UNDELIVERED.value: ("did not arrive", True),
    State.REJECTED.value: ("did not arrive", True),
    State.EXPIRED.value: ("did not arrive", True),
    State.STOPPED.value: ("did not arrive", True),
}
READY = ("call", "where", "stay", "how")


def ready(name: str, language: str) -> str:
    """Return a ready sentence in one of the eight languages, or an empty text."""
    with languages.speak(language):
        return {
            "call": gettext(
                "We tried to call you. On which number and when can we reach you?"
            ),
            "where": gettext(
                "Please tell us exactly where you are: street, hotel, floor, or what "
                "you see."
            ),
            "stay": gettext(
                "Stay where you are if it is safe there. We are working on your case."
            ),
            "how": gettext("How are you now? Please answer this message."),
        }.get(name, "")


def subject(case: Case) -> str:
    """Return what an e-mail from a case is called."""
    with languages.speak(case.person.registration.language):
        if case.was_asked_for:
            return gettext("About your call for help")
        return gettext("Are you safe?")


def contact_of(case: Case) -> Contact | None:
    """Return the address that a case's answers go to: a phone before an e-mail.

    Where its owner has sent STOP, or it is gone, nothing would arrive.
    """
    own = case.person.registration.contacts.filter(role=Contact.Role.OWN)
    places = {(CHANNELS[each.kind], each.address_key): each for each in own}
    dead = addresses.opted_out(places) | addresses.silenced(places)
    live = [contact for place, contact in places.items() if place not in dead]
    return min(live, key=_rank, default=None)


def _rank(contact: Contact) -> tuple[bool, int]:
    return contact.kind != Contact.Kind.PHONE, contact.pk


def arrived(events: list[CaseEvent]) -> dict[int, tuple[str, bool]]:
    """Say by event how far the message that it tells of came, and if it failed."""
    keys = {_key(event): event.pk for event in events}
    rows = Message.objects.filter(cause__key__in=keys)
    return {
        keys[key]: ARRIVED[state]
        for key, state in rows.values_list("cause__key", "state")
    }


def _key(event: CaseEvent) -> str:
    is_told = event.kind in (CaseEvent.Kind.TAKEN, CaseEvent.Kind.HANDED_OVER)
    name = "taken" if is_told else f"message:{event.pk}"
    return f"notice:case:{event.case_id}:{name}"


def was_written(case: Case, name: str) -> bool:
    """Tell whether a notice of a case was written."""
    return Message.objects.filter(cause__key=f"notice:case:{case.pk}:{name}").exists()


def write(case: Case, name: str, title: str, body: str, now: datetime) -> bool:
    """Send one notice of a case; tell whether there was a way to."""
    contact = contact_of(case)
    if contact is None:
        return False
    language = case.person.registration.language
    exercise = modes.mark(case.incident.mode, language)
    try:
        outbox.send_notice(
            f"case:{case.pk}:{name}",
            purpose=PURPOSE,
            channel=CHANNELS[contact.kind],
            address=contact.address,
            language=language,
            subject=exercise + title,
            body=exercise + body,
            now=now,
        )
    except outbox.CappedError:
        return False
    return True
