"""Write the letters of a ladder's step: to whom, by which way, in which words.

A further step says what was approved: the alert's own text message, by another channel
or once more. Only the emergency contact gets a text of its own, which is one of the
texts in `templates/messages`.
"""

from collections.abc import Iterator
from typing import Protocol

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.http import int_to_base36

from alerts.dispatch import addresses, outbox, routing
from alerts.dispatch.models import Channel, Text
from alerts.dispatch.outbox import Letter
from alerts.incidents.audiences.posting import LINK_PATH
from alerts.incidents.drafts import wording
from alerts.incidents.models import Alert, Audience, AudiencePerson
from consular import languages
from consular.people.models import Contact

# The consent under which somebody else may be told that a person is sought.
CONSENT = "emergency"
KIND_OF = {
    Channel.SMS.value: Contact.Kind.PHONE.value,
    Channel.WHATSAPP.value: Contact.Kind.PHONE.value,
    Channel.VOICE.value: Contact.Kind.PHONE.value,
    Channel.EMAIL.value: Contact.Kind.EMAIL.value,
}
Addressed = tuple[Audience, Letter]
# The purpose of a message to an emergency contact goes on with the party's number: who
# is named by two parties hears of both.
TO_CONTACT = "contact."


class Wanted(Protocol):
    """What a letter needs to know of its step."""

    @property
    def name(self) -> str:
        """The purpose of its messages."""
        ...

    @property
    def to_emergency_contact(self) -> bool:
        """Whether it goes to the emergency contact."""
        ...


def of(
    alert: Alert, channels: tuple[str, ...], rows: list[Audience], step: Wanted
) -> Iterator[Addressed]:
    """Yield the letters of a step for audience rows."""
    usable = [name for name in channels if routing.accounts(name, alert.mode)]
    role = Contact.Role.EMERGENCY if step.to_emergency_contact else Contact.Role.OWN
    contacts = list(
        Contact.objects.filter(
            registration__in=[row.registration_id for row in rows], role=role
        ).order_by("id")
    )
    silent = _silenced(contacts)
    names = _names(rows) if step.to_emergency_contact else {}
    for row in rows:
        agreed = CONSENT in row.registration.consents and row.pk in names
        if step.to_emergency_contact and not agreed:
            continue
        for contact in contacts:
            if contact.registration_id != row.registration_id:
                continue
            if step.to_emergency_contact and contact.may_tell == Contact.Told.NOTHING:
                continue
            for channel in usable:
                wanted = KIND_OF[channel] == contact.kind
                if wanted and (channel, contact.address_key) not in silent:
                    sought = names.get(row.pk, "")
                    yield row, _letter(alert, row, contact, channel, step, sought)


def _names(rows: list[Audience]) -> dict[int, str]:
    """Return by row who is sought: those of a party whom the alert is for."""
    found: dict[int, list[str]] = {}
    listed = AudiencePerson.objects.filter(audience__in=rows).select_related("person")
    for each in listed.order_by("audience", "person__position"):
        found.setdefault(each.audience_id, []).append(each.person.full_name)
    return {number: ", ".join(names) for number, names in found.items()}


def _silenced(contacts: list[Contact]) -> set[tuple[str, str]]:
    """Return the channels and keys of addresses whose owners want no more."""
    pairs = [
        (channel, contact.address_key)
        for contact in contacts
        for channel, kind in KIND_OF.items()
        if kind == contact.kind
    ]
    return addresses.opted_out(pairs)


def _letter(
    alert: Alert,
    row: Audience,
    contact: Contact,
    channel: str,
    step: Wanted,
    sought: str,
) -> Letter:
    language = row.registration.language
    if step.to_emergency_contact:
        text = _to_contact(alert, sought, channel, language)
        return Letter(
            channel=channel,
            address=contact.address,
            text=text,
            purpose=f"{TO_CONTACT}{int_to_base36(row.pk)}",
        )
    said = _said(alert, channel, language)
    text = outbox.text(channel, said["language"], said["body"], said["subject"])
    return Letter(
        channel=channel,
        address=contact.address,
        text=text,
        code=row.code,
        link_path=LINK_PATH,
        rank=min(int(row.distance_m), 2_000_000_000),
        purpose=step.name,
    )


def _said(alert: Alert, channel: str, language: str) -> dict[str, str]:
    """Return the approved words; what no channel has of its own is the SMS's."""
    found = {(each["channel"], each["language"]): each for each in alert.texts}
    for wanted in (channel, Channel.SMS.value, Channel.EMAIL.value):
        for spoken in (language, alert.fallback):
            if (wanted, spoken) in found:
                return dict(found[wanted, spoken])
    return dict(alert.texts[0])


def _to_contact(alert: Alert, names: str, channel: str, language: str) -> Text:
    code = language if language in languages.LANGUAGES else "en"
    body = render_to_string(
        f"messages/emergency_contact.{code}.txt",
        {
            "names": names,
            "place": alert.incident.place,
            "ministry": settings.MINISTRY_NAME,
            "phone": languages.number_in(code, settings.EMERGENCY_PHONE),
        },
    ).strip()
    words = wording.Words(
        channel=channel, language=code, body=body, subject=settings.MINISTRY_NAME
    )
    sent = wording.as_sent(words, alert.mode)
    subject = sent.subject if channel == Channel.EMAIL else ""
    return outbox.text(channel, code, sent.body, subject)
