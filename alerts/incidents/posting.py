"""From audience rows to letters for the mail room."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from alerts.dispatch import addresses, outbox
from alerts.dispatch.models import Cause, Channel, Text
from alerts.incidents.models import Alert, Audience, AudienceMessage
from consular.people.models import Contact, Registration

CHANNEL_OF = {Contact.Kind.PHONE: Channel.SMS, Contact.Kind.EMAIL: Channel.EMAIL}
LINK_PATH = "c"
FURTHEST_RANK = 2_000_000_000


@dataclass
class Addressed:
    """The addresses of one registration, on the alert's channels."""

    language: str = ""
    reachable: list[tuple[str, str]] = field(default_factory=list)
    silenced: int = 0


class Post:
    """The texts and the cause of an alert, and the letters written with them."""

    def __init__(self, alert: Alert, now: datetime) -> None:
        self.alert, self.now = alert, now
        self.cause = Cause.objects.get(key=alert.cause_key)
        self.texts: dict[tuple[str, str], Text] = {
            (said["channel"], said["language"]): outbox.text(
                said["channel"], said["language"], said["body"], said["subject"]
            )
            for said in alert.texts
        }

    def text_for(self, channel: str, language: str) -> Text:
        """Return the text in a language, or in the fallback's."""
        found = self.texts.get((channel, language))
        return found or self.texts[channel, self.alert.fallback]

    def addresses_of(self, registration_ids: Iterable[int]) -> dict[int, Addressed]:
        """Find the parties' own addresses that an alert may be sent to."""
        found: dict[int, Addressed] = defaultdict(Addressed)
        registrations = Registration.objects.filter(pk__in=list(registration_ids))
        for pk, language in registrations.values_list("pk", "language"):
            found[pk].language = language
        contacts = list(
            Contact.objects.filter(
                registration_id__in=list(found), role=Contact.Role.OWN
            ).order_by("id")
        )
        silenced = addresses.silenced(
            (CHANNEL_OF[Contact.Kind(contact.kind)].value, contact.address_key)
            for contact in contacts
        )
        for contact in contacts:
            channel = CHANNEL_OF[Contact.Kind(contact.kind)].value
            party = found[contact.registration_id]
            if (channel, contact.address_key) in silenced:
                party.silenced += 1
            elif channel in self.alert.channels:
                party.reachable.append((channel, contact.address))
        return found

    def write(self, rows: list[Audience], addressed: dict[int, Addressed]) -> None:
        """Write the messages of audience rows; a shared address gets one for all."""
        letters, served = [], []
        for row in rows:
            party = addressed[row.registration_id]
            for channel, address in party.reachable:
                served.append(row)
                letters.append(
                    outbox.Letter(
                        channel=channel,
                        address=address,
                        text=self.text_for(channel, party.language),
                        code=row.code,
                        link_path=LINK_PATH,
                        rank=min(int(row.distance_m), FURTHEST_RANK),
                    )
                )
        messages = outbox.write(self.cause, letters, self.now)
        AudienceMessage.objects.bulk_create(
            (
                AudienceMessage(audience=row, message=message)
                for row, message in zip(served, messages, strict=True)
            ),
            ignore_conflicts=True,
        )

    def publish(self) -> None:
        """Write the public posts, where social media was chosen."""
        if Channel.SOCIAL not in self.alert.channels:
            return
        for (channel, _language), text in self.texts.items():
            if channel == Channel.SOCIAL:
                outbox.publish(self.cause, text, self.now)
